#include "tests/fuzz/targets.h"

#include <vector>

#include "tests/fuzz/containers.h"
#include "tests/fuzz/exercise.h"

namespace poolblame::fuzz {

Target FindTarget(std::string_view name) {
  if (name == "pool_page") return ExercisePage;
  if (name == "tag_file") return ExerciseTagFile;
  if (name == "reports") return ExerciseReports;
  if (name == "symbols") return ExerciseSymbols;
  if (name == "analyze") return [](ByteView bytes) { ExerciseImage(bytes, {}); };
  const Container* container = FindContainer(name);
  if (container == nullptr) return {};
  return [container](ByteView input) {
    std::vector<std::uint8_t> bytes(input.begin(), input.end());
    ApplyStamps(*container, bytes.data(), bytes.size());
    ExerciseImage({bytes.data(), bytes.size()}, container->options);
  };
}

}  // namespace poolblame::fuzz

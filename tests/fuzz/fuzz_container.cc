// One libFuzzer target a container: built once for each row of containers.cc, with its name in POOLBLAME_CONTAINER.
#include <vector>

#include "tests/fuzz/containers.h"
#include "tests/fuzz/exercise.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const poolblame::fuzz::Container& kContainer = *poolblame::fuzz::FindContainer(POOLBLAME_CONTAINER);
  std::vector<std::uint8_t> bytes(data, data + size);
  poolblame::fuzz::ApplyStamps(kContainer, bytes.data(), bytes.size());
  poolblame::fuzz::ExerciseImage({bytes.data(), bytes.size()}, kContainer.options);
  return 0;
}

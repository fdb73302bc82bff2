// The whole analysis of a file of any kind, nothing stamped: what `poolblame analyze FILE` does.
#include "tests/fuzz/exercise.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  poolblame::fuzz::ExerciseImage({data, size}, {});
  return 0;
}

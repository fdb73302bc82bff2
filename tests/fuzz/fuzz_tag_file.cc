// A user's pooltag.txt.
#include "tests/fuzz/exercise.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  poolblame::fuzz::ExerciseTagFile({data, size});
  return 0;
}

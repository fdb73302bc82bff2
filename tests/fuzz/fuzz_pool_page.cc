// Page classifier, block walk and reconstruction on one page.
#include "tests/fuzz/exercise.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  poolblame::fuzz::ExercisePage({data, size});
  return 0;
}

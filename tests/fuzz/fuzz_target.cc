// The libFuzzer door, built once for each target with its name in POOLBLAME_TARGET.
#include "tests/fuzz/targets.h"

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  static const poolblame::fuzz::Target kTarget = poolblame::fuzz::FindTarget(POOLBLAME_TARGET);
  kTarget({data, size});
  return 0;
}

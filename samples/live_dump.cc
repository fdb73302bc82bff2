#include "samples/live_dump.h"

#include <utility>
#include <vector>

namespace poolblame::samples {

void LiveWhileCopied(Machine& machine) {
  if (machine.recipe().live == 0) return;
  Random random(MixSeed(machine.recipe().seed, 0x71FE));
  KernelMemory& memory = machine.memory();
  std::vector<std::pair<std::uint64_t, Bytes>> copied;
  for (const auto& pool : machine.pools())
    for (const std::uint64_t page : pool->pages())
      if (random.Chance(50) && memory.Mapped(page)) copied.emplace_back(page, memory.Read(page, kPage));
  machine.Live(machine.recipe().live);
  for (const auto& [page, bytes] : copied)
    if (memory.Mapped(page)) memory.Write(page, bytes);
}

}  // namespace poolblame::samples

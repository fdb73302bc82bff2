#include "samples/special_pool.h"

#include <algorithm>

namespace poolblame::samples {
namespace {

constexpr std::uint32_t kLargest = 0xF00;  // leaves filler on every machine
constexpr std::uint16_t kPagedFlag = 0x8000;
constexpr std::uint32_t kFreedSignature = 0x98764321;
constexpr std::uint64_t kPagesOfABlock = 2;  // its own and the guard page

/// Where special pool lies, typical for its Windows.
std::uint64_t RegionOf(const WindowsProfile& profile) {
  if (!profile.x64) return profile.build < 6000 ? 0xFA000000 : 0x9B000000;
  return profile.build < 9200 ? 0xFFFFF98000100000 : 0xFFFFCF8000100000;
}

std::uint16_t DrawModel(Random& random) {
  std::uint16_t model = 0;
  do {
    model = static_cast<std::uint16_t>(random.Below(Tags().size()));
  } while (Tags()[model].session);  // session pool has a special pool of its own
  return model;
}

std::uint32_t TagValue(const Machine& machine, std::uint16_t model) {
  const bool is_protected = IsObject(Tags()[model]) && machine.profile().protected_tags;
  return TagOf(Tags()[model].tag) | (is_protected ? 0x80000000U : 0U);
}

void WriteBlock(Machine& machine, const SpecialBlock& block) {
  KernelMemory& memory = machine.memory();
  const TagSpec& spec = Tags()[block.model];
  memory.Write(block.page, Bytes(kPage, block.fill));
  Bytes header(block.header_size, 0);
  Put16(header, 0, block.request | (spec.paged ? kPagedFlag : 0U));
  Put8(header, 2, block.fill);
  Put32(header, 4, TagValue(machine, block.model));
  memory.Write(block.header(), header);
  const std::size_t written = std::max<std::size_t>(std::size_t{block.request} * spec.fill_percent / 100, 1);
  memory.Write(block.data(), OwnerContent(machine.world(), spec, block.seed, block.data(), written, true));
}

/// POOL_HEADER, then signature, time, size, paged, address, stack pointer and bytes, thread, stack.
Bytes FreeRecord(const Machine& machine, const SpecialBlock& block) {
  const bool x64 = machine.profile().x64;
  const std::uint64_t thread = machine.world().pool_base + 0x3D20;
  const std::uint64_t driver = machine.layout().driver_bases[Tags()[block.model].driver];
  Bytes out(x64 ? 0x40 : 0x28, 0);
  Put32(out, 4, TagValue(machine, block.model));
  const std::size_t at = block.header_size;
  Put32(out, at, kFreedSignature);
  Put32(out, at + 4, 0x0001B207);
  Put32(out, at + 8, block.request);
  Put32(out, at + 12, Tags()[block.model].paged ? 1 : 0);
  const std::uint64_t stack[] = {machine.layout().nt_base + 0x51A2, driver + 0x11C4, machine.layout().nt_base + 0x2F10};
  const std::uint64_t stack_pointer = machine.world().pool_base + 0x9F80;
  const std::size_t pointer = machine.profile().pointer_size();
  const auto put = [&](std::size_t offset, std::uint64_t value) {
    if (x64)
      Put64(out, offset, value);
    else
      Put32(out, offset, value);
  };
  put(at + 16, block.data());
  put(at + 16 + pointer, stack_pointer);
  Put32(out, at + 16 + 2 * pointer, std::size(stack) * pointer);
  put(x64 ? 0x38 : 0x24, thread);
  for (const std::uint64_t address : stack) {
    out.resize(out.size() + pointer);
    put(out.size() - pointer, address);
  }
  return out;
}

}  // namespace

std::vector<SpecialBlock> PlaceSpecialPool(Machine& machine) {
  std::vector<SpecialBlock> blocks;
  Random random(MixSeed(machine.recipe().seed, 0x5BEC1A1));
  for (std::uint32_t i = 0; i < machine.recipe().special; ++i) {
    SpecialBlock block;
    block.page = RegionOf(machine.profile()) + (i * kPagesOfABlock + 1) * kPage;
    block.at_start = machine.recipe().special_at_start;
    block.model = DrawModel(random);
    const TagSpec& spec = Tags()[block.model];
    block.request = std::min(kLargest, static_cast<std::uint32_t>(random.Between(spec.min_bytes, spec.max_bytes)));
    block.seed = random.Next32();
    block.fill = static_cast<std::uint8_t>(1 + random.Below(255));
    block.header_size = machine.profile().header_size();
    if (!machine.memory().MapNew(block.page)) break;
    WriteBlock(machine, block);
    blocks.push_back(block);
  }
  return blocks;
}

void FreeSpecialBlock(Machine& machine, const SpecialBlock& block) {
  constexpr std::uint32_t kLastWithRecord = 3790;
  if (machine.profile().build <= kLastWithRecord) machine.memory().Write(block.page, FreeRecord(machine, block));
  machine.memory().Unmap(block.page);
}

}  // namespace poolblame::samples

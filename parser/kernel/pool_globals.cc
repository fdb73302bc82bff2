#include "parser/kernel/pool_globals.h"

#include <algorithm>
#include <array>

#include "parser/base/little_endian.h"
#include "parser/format/pool_descriptor.h"

namespace poolblame {
namespace {

constexpr std::uint64_t kMaxPoolBytes = std::uint64_t{1} << 47;  // the kernel half of an x64 address space
constexpr std::uint32_t kMaxPagedPools = 16;                     // 1 + the processors' groups; Windows stops at 16

VirtAddr FieldAddress(const AddressSpace& space, const Le64& field) {
  const std::uint64_t value = field;
  return VirtAddr{PointerSize(space.machine()) == 4 ? value & 0xFFFFFFFF : value};
}

/// The variable whose address is in `field`.
std::optional<VirtAddr> Variable(const AddressSpace& space, const Le64& field) {
  const VirtAddr address = FieldAddress(space, field);
  if (address < space.kernel_base()) return std::nullopt;
  return space.ReadPointer(address);
}

void AddRegion(const AddressSpace& space, const Le64& begin_field, const Le64& end_field, PoolKind kind,
               std::vector<PoolRegion>& regions) {
  const auto begin = Variable(space, begin_field);
  const auto end = Variable(space, end_field);
  if (!begin || !end || *begin < space.kernel_base() || begin->page_offset() != 0 || *end <= *begin) return;
  if (*end - *begin > kMaxPoolBytes) return;
  regions.push_back({*begin, *end, kind});
}

struct ListEntry {
  VirtAddr flink{};
  VirtAddr blink{};
};

ListEntry EntryAt(ByteView heads, std::uint64_t index, bool is_32bit) {
  const std::uint64_t at = index * (is_32bit ? 8 : 16);
  if (is_32bit)
    return {VirtAddr{heads.TryRead<Le32>(at).value_or(Le32{})}, VirtAddr{heads.TryRead<Le32>(at + 4).value_or(Le32{})}};
  return {VirtAddr{heads.TryRead<Le64>(at).value_or(Le64{})}, VirtAddr{heads.TryRead<Le64>(at + 8).value_or(Le64{})}};
}

/// A head that is right, wrong, or (its neighbour is not in the image) neither.
enum class HeadLook { kGood, kBad, kUnknown };

HeadLook LookOf(const AddressSpace& space, VirtAddr address, ListEntry entry) {
  if (entry.flink == address && entry.blink == address) return HeadLook::kGood;
  if (entry.flink < space.kernel_base() || entry.blink < space.kernel_base()) return HeadLook::kBad;
  const auto back = space.ReadPointer(entry.flink + PointerSize(space.machine()));
  if (!back) return HeadLook::kUnknown;
  return *back == address ? HeadLook::kGood : HeadLook::kBad;
}

/// Damaged lists are what we look for, so some heads may be wrong; random memory has hardly one right.
bool LooksLikeListHeads(const AddressSpace& space, VirtAddr first, std::uint32_t count) {
  std::array<std::uint8_t, kListHeadsSize> bytes;
  if (space.Read(first, bytes) != Presence::kPresent) return false;
  const bool is_32bit = PointerSize(space.machine()) == 4;
  std::uint32_t good = 0;
  std::uint32_t bad = 0;
  for (std::uint32_t i = 0; i < count; ++i) {
    const VirtAddr address = first + std::uint64_t{i} * (kListHeadsSize / count);
    const HeadLook look = LookOf(space, address, EntryAt({bytes.data(), bytes.size()}, i, is_32bit));
    good += look == HeadLook::kGood ? 1 : 0;
    bad += look == HeadLook::kBad ? 1 : 0;
  }
  return good >= count / 4 && bad <= count / 8;
}

void AddHeads(const AddressSpace& space, VirtAddr descriptor, std::optional<std::uint32_t> build, PoolKind kind,
              std::vector<PoolListHeads>& found) {
  if (descriptor < space.kernel_base()) return;
  const bool is_64bit = PointerSize(space.machine()) == 8;
  const std::uint32_t count = kListHeadsSize / (is_64bit ? 16 : 8);
  for (const PoolDescriptorLayout& layout : kPoolDescriptorLayouts) {
    if (layout.is_64bit != is_64bit || (build && (*build < layout.first_build || *build > layout.last_build))) continue;
    const VirtAddr first = descriptor + layout.list_heads;
    const bool known = std::ranges::any_of(found, [&](const PoolListHeads& heads) { return heads.first == first; });
    if (known || !LooksLikeListHeads(space, first, count)) continue;
    found.push_back({first, count, kind});
    return;
  }
}

}  // namespace

std::vector<PoolRegion> ReadPoolRegions(const AddressSpace& space, const DebuggerBlock& block) {
  std::vector<PoolRegion> regions;
  AddRegion(space, block.MmNonPagedPoolStart, block.MmNonPagedPoolEnd, PoolKind::kNonPaged, regions);
  AddRegion(space, block.MmPagedPoolStart, block.MmPagedPoolEnd, PoolKind::kPaged, regions);
  return regions;
}

std::vector<PoolListHeads> ReadPoolListHeads(const AddressSpace& space, const DebuggerBlock& block,
                                             std::optional<std::uint32_t> build) {
  std::vector<PoolListHeads> found;
  // The field names the descriptor itself; on some builds a pointer to it, which the look of its lists decides.
  const VirtAddr nonpaged = FieldAddress(space, block.NonPagedPoolDescriptor);
  AddHeads(space, nonpaged, build, PoolKind::kNonPaged, found);
  if (found.empty()) {
    if (const auto pointer = Variable(space, block.NonPagedPoolDescriptor))
      AddHeads(space, *pointer, build, PoolKind::kNonPaged, found);
  }
  const std::uint64_t pointer_size = PointerSize(space.machine());
  const VirtAddr array = FieldAddress(space, block.ExpPagedPoolDescriptor);
  for (std::uint64_t i = 0; array >= space.kernel_base() && i <= kMaxPagedPools; ++i) {
    const auto descriptor = space.ReadPointer(array + i * pointer_size);
    if (!descriptor || descriptor->value == 0) break;
    AddHeads(space, *descriptor, build, PoolKind::kPaged, found);
  }
  return found;
}

}  // namespace poolblame

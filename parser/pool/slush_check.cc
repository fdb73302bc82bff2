#include "parser/pool/slush_check.h"

#include <algorithm>
#include <utility>

namespace poolblame {
namespace {

constexpr std::size_t kMostFound = 64;  // more is another rule than this one

struct Slush {
  VirtAddr address{};
  ByteView bytes;  // live as long as the image: slush lies in one page
  std::uint8_t pattern = 0;
};

/// A pattern of zero says nothing: fresh memory is zero, too.
bool SlushOf(const AddressSpace& space, const BigAllocation& big, Slush& out) {
  if (big.slush == 0 || big.slush >= kPageSize || big.pattern == 0) return false;
  const std::uint64_t rounded = (big.bytes + kPageSize - 1) / kPageSize * kPageSize;
  const PageBytes page = space.Page(big.address + (rounded - kPageSize));
  if (page.presence != Presence::kPresent || page.joined != nullptr) return false;
  out.address = big.address + (rounded - big.slush);
  out.bytes = ByteView(page.bytes.data() + (kPageSize - big.slush), big.slush);
  out.pattern = big.pattern;
  return true;
}

bool IsKept(const Slush& slush) {
  return std::all_of(slush.bytes.begin(), slush.bytes.end(), [&](std::uint8_t byte) { return byte == slush.pattern; });
}

PoolPage PageOf(const AddressSpace& space, const Slush& slush, const PoolHeaderLayout& layout) {
  PoolPage page;
  page.address = slush.address.page();
  page.bytes = space.Page(*page.address);
  page.pfn = page.bytes.pfn;
  page.layout = &layout;
  page.backend = PoolBackend::kBig;
  page.leading_bytes = static_cast<std::uint32_t>(slush.address.page_offset());
  page.structure.emplace(HeapStructureKind::kSlush, slush.address, slush.bytes);
  page.structure->ExpectFill(slush.pattern, "Pattern");
  return page;
}

}  // namespace

std::vector<PoolPage> DamagedSlush(const AddressSpace& space, const std::vector<BigAllocation>& live,
                                   const PoolHeaderLayout& layout) {
  constexpr std::size_t kFewest = 6, kKeptForEachBroken = 6;
  std::size_t kept = 0;
  std::vector<Slush> broken;
  for (const BigAllocation& big : live) {
    Slush slush;
    if (!SlushOf(space, big, slush)) continue;
    if (IsKept(slush))
      ++kept;
    else if (broken.size() <= kMostFound)
      broken.push_back(slush);
  }
  std::vector<PoolPage> found;
  if (kept < kFewest || kept < broken.size() * kKeptForEachBroken || broken.size() > kMostFound) return found;
  for (const Slush& slush : broken) found.push_back(PageOf(space, slush, layout));
  return found;
}

}  // namespace poolblame

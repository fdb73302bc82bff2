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

}  // namespace

std::vector<HeapStructure> CheckSlush(const AddressSpace& space, const std::vector<BigAllocation>& live) {
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
  std::vector<HeapStructure> found;
  if (kept < kFewest || kept < broken.size() * kKeptForEachBroken || broken.size() > kMostFound) return found;
  for (const Slush& slush : broken) {
    HeapStructure structure(HeapStructureKind::kSlush, slush.address, slush.bytes);
    structure.ExpectFill(slush.pattern, "Pattern");
    found.push_back(std::move(structure));
  }
  return found;
}

}  // namespace poolblame

#include "parser/image/mapped_pages.h"

#include <algorithm>

#include "parser/image/page_table_walk.h"

namespace poolblame {
namespace {

constexpr std::size_t kMostPieces = std::size_t{1} << 20;  // 16 MiB of them

void AddPiece(std::vector<PfnRange>& pieces, Pfn first, std::uint64_t count) {
  if (!pieces.empty() && pieces.back().end == first)
    pieces.back().end += count;
  else
    pieces.push_back({first, first + count});
}

}  // namespace

std::vector<PfnRange> PagesOfKernelSpace(const AddressSpace& space) {
  std::vector<PfnRange> pieces;
  if (space.paging() == nullptr) return pieces;
  PageTableWalk(space.image().pages(), *space.paging(), space.root())
      .Run([&](VirtAddr, Pfn first, std::uint64_t count) {
        AddPiece(pieces, first, count);
        return pieces.size() < kMostPieces;
      });
  if (pieces.size() >= kMostPieces) return {{0, ~Pfn{0}}};
  std::sort(pieces.begin(), pieces.end(), [](const PfnRange& a, const PfnRange& b) { return a.first < b.first; });
  std::vector<PfnRange> united;
  for (const PfnRange& piece : pieces) {
    if (united.empty() || united.back().end < piece.first)
      united.push_back(piece);
    else
      united.back().end = std::max(united.back().end, piece.end);
  }
  return united;
}

}  // namespace poolblame

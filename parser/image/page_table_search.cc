#include "parser/image/page_table_search.h"

#include <algorithm>
#include <array>

#include "parser/base/little_endian.h"
#include "parser/format/page_table.h"
#include "parser/image/page_table_walk.h"

namespace poolblame {
namespace {

constexpr Pfn kSearchPages = (std::uint64_t{1} << 30) / kPageSize;

struct Candidate {
  PageTableRoot root;
  std::uint32_t kernel_entries = 0;  // valid ones beside the self-map
};

template <typename Wire>
std::uint64_t Entry(ByteView table, std::uint64_t index) {
  return table.TryRead<Wire>(index * sizeof(Wire)).value_or(Wire{});
}

constexpr bool IsTablePointer(std::uint64_t entry) {
  return (entry & (kEntryValid | kEntryWrite | kEntryLarge)) == (kEntryValid | kEntryWrite);
}

/// Counts the valid entries of [first, last); nothing when one of them names a page that a machine with this image
/// cannot have. Pages above the image are possible (memory holes), pages far above it are not.
template <typename Wire>
std::optional<std::uint32_t> CountValid(ByteView table, std::uint64_t first, std::uint64_t last, Pfn limit,
                                        std::uint64_t frame_mask) {
  std::uint32_t valid = 0;
  for (std::uint64_t i = first; i < last; ++i) {
    const std::uint64_t entry = Entry<Wire>(table, i);
    if ((entry & kEntryValid) == 0) continue;
    if ((entry & frame_mask) / kPageSize > limit) return std::nullopt;
    ++valid;
  }
  return valid;
}

/// x64: exactly one entry of the kernel half names the table itself (0x1ED until Windows 10 1511, random after it).
/// ARM64 maps its tables so, too, and the bits of an entry that leads to a table are the same.
std::optional<Candidate> AsFourLevels(ByteView table, Pfn pfn, Pfn limit, Machine machine) {
  const std::uint64_t frame_mask = PagingOf(machine, false)->frame_mask;
  std::uint32_t self = 0;
  for (std::uint64_t i = 256; i < 512; ++i) {
    const std::uint64_t entry = Entry<Le64>(table, i);
    if (IsTablePointer(entry) && (entry & frame_mask) / kPageSize == pfn) ++self;
  }
  if (self != 1) return std::nullopt;
  const auto user = CountValid<Le64>(table, 0, 256, limit, frame_mask);
  const auto kernel = CountValid<Le64>(table, 256, 512, limit, frame_mask);
  if (!user || !kernel || *kernel < 2) return std::nullopt;
  return Candidate{{machine, false, ToPhysAddr(pfn)}, *kernel - 1};
}

/// x86 without PAE: the directory maps itself at 0xC0000000, entry 0x300.
std::optional<Candidate> AsX86(ByteView table, Pfn pfn, Pfn limit) {
  constexpr std::uint64_t kSelf = 0x300;
  const std::uint64_t self = Entry<Le32>(table, kSelf);
  if (!IsTablePointer(self) || (self & kPagingX86.frame_mask) / kPageSize != pfn) return std::nullopt;
  std::uint32_t kernel = 0;
  for (std::uint64_t i = 0x200; i < 0x400; ++i) {
    const std::uint64_t entry = Entry<Le32>(table, i);
    if ((entry & kEntryValid) == 0 || i == kSelf) continue;
    if ((entry & kEntryLarge) == 0 && (entry & kPagingX86.frame_mask) / kPageSize > limit) return std::nullopt;
    ++kernel;
  }
  if (kernel == 0) return std::nullopt;
  return Candidate{{Machine::kX86, false, ToPhysAddr(pfn)}, kernel};
}

/// PAE: the fourth directory maps all four at 0xC0600000, its entries 0 to 3. They say what the processor's own top
/// table says, so the directory is taken for it and the 32 bytes that CR3 points to need not be found.
std::optional<Candidate> AsPae(const PageMap& pages, ByteView table, Pfn pfn, Pfn limit) {
  std::array<Pfn, 4> directories{};
  for (std::uint64_t i = 0; i < 4; ++i) {
    const std::uint64_t entry = Entry<Le64>(table, i);
    directories[i] = (entry & kPagingPae.frame_mask) / kPageSize;
    if (!IsTablePointer(entry) || directories[i] > limit) return std::nullopt;
    if (std::find(directories.begin(), directories.begin() + i, directories[i]) != directories.begin() + i)
      return std::nullopt;
  }
  if (directories[3] != pfn) return std::nullopt;
  const auto upper = CountValid<Le64>(table, 4, 512, ~Pfn{0}, kPagingPae.frame_mask);
  const auto lower = CountValid<Le64>(pages.Page(directories[2]), 0, 512, ~Pfn{0}, kPagingPae.frame_mask);
  const std::uint32_t entries = upper.value_or(0) + lower.value_or(0);
  if (entries == 0) return std::nullopt;
  return Candidate{{Machine::kX86, true, ToPhysAddr(pfn)}, entries};
}

/// Keeps the candidate with more kernel entries; of two alike the first.
void Keep(std::optional<Candidate>& best, const std::optional<Candidate>& found) {
  if (found && (!best || found->kernel_entries > best->kernel_entries)) best = found;
}

/// How many kernel mappings lead to pages of the image, counted up to a bound that tells tables from chance.
std::uint32_t MappedPages(const PageMap& pages, const PageTableRoot& root) {
  constexpr std::uint32_t kEnough = 4096;
  std::uint32_t seen = 0, mapped = 0;
  PageTableWalk(pages, *PagingOf(root.machine, root.pae), root.base).Run([&](VirtAddr, Pfn first, std::uint64_t) {
    if (!pages.Page(first).empty()) ++mapped;
    return ++seen < kEnough;
  });
  return mapped;
}

}  // namespace

std::optional<PageTableRoot> FindPageTables(const PageMap& pages, Machine machine) {
  if (pages.empty()) return std::nullopt;
  const bool x86 = machine == Machine::kUnknown || machine == Machine::kX86;
  const bool four_levels = machine != Machine::kX86;
  const Machine of_four_levels = machine == Machine::kArm64 ? machine : Machine::kX64;
  // Acquisition tools leave holes out, so tables may name pages above the file's end: twice its size is the limit.
  const Pfn limit = pages.highest_pfn() * 2 + 1;
  std::array<std::optional<Candidate>, 3> best;  // one a kind of table: a page may look like two of them
  pages.ForEachStoredRun(0, pages.stored_count(), [&](const PageRun& run) {
    for (Pfn pfn = run.first; pfn < std::min(kSearchPages, run.first + run.count); ++pfn) {
      const ByteView table = pages.Page(pfn);
      if (four_levels) Keep(best[0], AsFourLevels(table, pfn, limit, of_four_levels));
      if (x86) Keep(best[1], AsX86(table, pfn, limit));
      if (x86) Keep(best[2], AsPae(pages, table, pfn, limit));
    }
  });
  std::optional<PageTableRoot> root;
  std::uint32_t most = 0;
  for (const std::optional<Candidate>& candidate : best) {
    const std::uint32_t mapped = candidate ? MappedPages(pages, candidate->root) : 0;
    if (mapped <= most) continue;
    most = mapped;
    root = candidate->root;
  }
  return root;
}

}  // namespace poolblame

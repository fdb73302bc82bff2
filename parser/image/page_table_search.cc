#include "parser/image/page_table_search.h"

#include <algorithm>
#include <array>
#include <vector>

#include "parser/base/little_endian.h"
#include "parser/format/page_table.h"
#include "parser/format/start_block.h"
#include "parser/image/page_table_walk.h"
#include "parser/image/system_process.h"

namespace poolblame {
namespace {

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

/// True when an entry of a 512-entry table leads to another table, with the marks of x64 or those of ARM64. Where the
/// machine is told its own word is enough. Source of ARM64's: MemProcFS (no user access, not of non-secure memory).
bool IsSelfEntry(std::uint64_t entry, Machine machine) {
  constexpr std::uint64_t kOfNeither = 0x70;  // on ARM64: kernel only, secure; on x64: accessed, dirty
  const bool is_arm64_table = (entry & (kEntryValid | kArm64TableOrPage)) == (kEntryValid | kArm64TableOrPage);
  if (machine == Machine::kArm64) return is_arm64_table;
  if (IsTablePointer(entry)) return true;
  return machine == Machine::kUnknown && is_arm64_table && (entry & kArm64Accessed) != 0 && (entry & kOfNeither) == 0;
}

/// x64 and ARM64: exactly one entry of the kernel half names the table itself (0x1ED until Windows 10 1511, random
/// after it).
std::optional<Candidate> AsSelfMapped(ByteView table, Pfn pfn, Pfn limit, Machine machine) {
  constexpr std::uint64_t kFrameMask = kPagingX64.frame_mask;  // the same in all that look so
  std::uint32_t self = 0;
  for (std::uint64_t i = 256; i < 512; ++i) {
    const std::uint64_t entry = Entry<Le64>(table, i);
    if ((entry & kFrameMask) / kPageSize == pfn && IsSelfEntry(entry, machine)) ++self;
  }
  if (self != 1) return std::nullopt;
  const auto user = CountValid<Le64>(table, 0, 256, limit, kFrameMask);
  const auto kernel = CountValid<Le64>(table, 256, 512, limit, kFrameMask);
  if (!user || !kernel || *kernel < 2) return std::nullopt;
  return Candidate{{{machine}, ToPhysAddr(pfn)}, *kernel - 1};
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
  return Candidate{{{Machine::kX86}, ToPhysAddr(pfn)}, kernel};
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
  return Candidate{{{Machine::kX86, PageTableForm::kPae}, ToPhysAddr(pfn)}, entries};
}

constexpr std::uint32_t kPlenty = 4096;  // mappings: more than the tables of a shadow of the kernel have

/// How many kernel mappings lead to pages of the image, counted up to a bound that tells tables from chance.
std::uint32_t MappedPages(const PageMap& pages, const PageTableRoot& root) {
  std::uint32_t seen = 0, mapped = 0;
  const PagingMode& mode = *PagingOf(root.reading.machine, root.reading.form);
  PageTableWalk(pages, mode, root.base).Run([&](VirtAddr, Pfn first, std::uint64_t) {
    if (!pages.Page(first).empty()) ++mapped;
    return ++seen < kPlenty;
  });
  return mapped;
}

/// Roots of several kinds, or from several sources: the one that maps most wins, of two alike the first.
class Contest {
 public:
  explicit Contest(const PageMap& pages) : pages_(pages) {}

  void Enter(const PageTableRoot& root) {
    const std::uint32_t mapped = MappedPages(pages_, root);
    if (mapped <= most_) return;
    most_ = mapped;
    winner_ = root;
  }
  [[nodiscard]] const std::optional<PageTableRoot>& winner() const { return winner_; }
  [[nodiscard]] bool is_clear() const { return most_ >= kPlenty; }

 private:
  const PageMap& pages_;
  std::optional<PageTableRoot> winner_;
  std::uint32_t most_ = 0;
};

/// A root of the likeliest of `readings`, of which there is one at least.
PageTableRoot ReadAs(const std::vector<PageTableReading>& readings, PhysAddr base, RootSource source) {
  return {readings.front(), base, source, readings.back().machine == readings.front().machine};
}

class RootSearch {
 public:
  RootSearch(const PageMap& pages, Machine machine) : pages_(pages), machine_(machine) {}

  /// A page that somebody named as the top table. With PAE that is the processor's own top table, of four entries.
  void TryNamed(PhysAddr base, RootSource source) {
    const Pfn pfn = ToPfn(PhysAddr{base.value & kPagingX64.frame_mask});
    Try(pfn, source);
    const PhysAddr pdpt{base.value & kPagingPae.root_mask};
    const auto last = pages_.Page(ToPfn(pdpt)).TryRead<Le64>(pdpt.page_offset() + 3 * sizeof(Le64));
    if (last && (*last & kEntryValid) != 0) Try((*last & kPagingPae.frame_mask) / kPageSize, source);
  }

  void TryFirstPages() {
    constexpr std::uint64_t kSearchPages = (std::uint64_t{1} << 30) / kPageSize;
    pages_.ForEachStoredRun(0, std::min(pages_.stored_count(), kSearchPages), [&](const PageRun& run) {
      for (Pfn pfn = run.first; pfn < run.first + run.count; ++pfn) Try(pfn, RootSource::kSelfMap);
    });
  }

  /// The best of those tried so far.
  [[nodiscard]] Contest Best() const {
    Contest contest(pages_);
    for (const std::optional<Candidate>& candidate : best_)
      if (candidate) contest.Enter(Read(candidate->root));
    return contest;
  }

 private:
  void Try(Pfn pfn, RootSource source) {
    const ByteView table = pages_.Page(pfn);
    if (table.empty()) return;
    if (machine_ != Machine::kX86) Keep(best_[0], AsSelfMapped(table, pfn, limit_, machine_), source);
    if (machine_ != Machine::kUnknown && machine_ != Machine::kX86) return;
    Keep(best_[1], AsX86(table, pfn, limit_), source);
    Keep(best_[2], AsPae(pages_, table, pfn, limit_), source);
  }

  /// Keeps the candidate with more kernel entries; of two alike the first.
  static void Keep(std::optional<Candidate>& best, std::optional<Candidate> found, RootSource source) {
    if (!found || (best && found->kernel_entries <= best->kernel_entries)) return;
    found->root.source = source;
    best = found;
  }

  [[nodiscard]] PageTableRoot Read(const PageTableRoot& root) const {
    if (root.reading.machine == Machine::kX86) return root;
    return ReadAs(ReadingsOf(pages_, root.base, machine_), root.base, root.source);
  }

  const PageMap& pages_;
  Machine machine_;
  // Acquisition tools leave holes out, so tables may name pages above the file's end: twice its size is the limit.
  Pfn limit_ = pages_.highest_pfn() * 2 + 1;
  std::array<std::optional<Candidate>, 3> best_;  // one a kind of table: a page may look like two of them
};

PageTableRoot RootOf(const PageMap& pages, const SystemProcess& process) {
  const bool is_wide = process.readings.front().machine != Machine::kX86;
  return ReadAs(is_wide ? LikeliestOf(pages, process.table_base, process.readings) : process.readings,
                process.table_base, RootSource::kSystemProcess);
}

/// What the low stub says CR3 is, wherever its page looks like one.
std::vector<PhysAddr> StartBlockBases(const PageMap& pages) {
  std::vector<PhysAddr> bases;
  for (Pfn pfn = kStartBlockFirstPage; pfn <= kStartBlockLastPage; ++pfn) {
    const ByteView page = pages.Page(pfn);
    const auto fits = [&](const StartBlockWord& word) {
      const auto there = page.TryRead<Le64>(word.offset);
      return there && (*there & word.mask) == word.value;
    };
    if (!std::all_of(std::begin(kStartBlockWords), std::end(kStartBlockWords), fits)) continue;
    if (const std::uint64_t base = *page.TryRead<Le64>(kStartBlockTableBaseAt); base != 0)
      bases.push_back(PhysAddr{base});
  }
  return bases;
}

}  // namespace

std::optional<PageTableRoot> FindPageTables(const PageMap& pages, Machine machine,
                                            std::span<const PhysAddr> processors) {
  if (pages.empty()) return std::nullopt;
  RootSearch search(pages, machine);
  for (const PhysAddr base : processors) search.TryNamed(base, RootSource::kProcessor);
  for (const PhysAddr base : StartBlockBases(pages)) search.TryNamed(base, RootSource::kStartBlock);
  if (const Contest named = search.Best(); named.is_clear()) return named.winner();
  search.TryFirstPages();
  Contest contest = search.Best();
  if (contest.is_clear()) return contest.winner();
  for (const SystemProcess& process : FindSystemProcess(pages, machine)) contest.Enter(RootOf(pages, process));
  return contest.winner();
}

}  // namespace poolblame

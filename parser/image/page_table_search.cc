#include "parser/image/page_table_search.h"

#include <algorithm>
#include <array>
#include <vector>

#include "parser/base/little_endian.h"
#include "parser/format/page_table.h"

namespace poolblame {
namespace {

constexpr Pfn kSearchPages = (std::uint64_t{1} << 30) / kPageSize;
constexpr Pfn kPdptSearchPages = (std::uint64_t{1} << 28) / kPageSize;
constexpr std::size_t kMaxCandidates = 256;  // processes seen at once: rarely over 200; more proves nothing

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
std::optional<Candidate> AsX64(ByteView table, Pfn pfn, Pfn limit) {
  std::uint32_t self = 0;
  for (std::uint64_t i = 256; i < 512; ++i) {
    const std::uint64_t entry = Entry<Le64>(table, i);
    if (IsTablePointer(entry) && (entry & kPagingX64.frame_mask) / kPageSize == pfn) ++self;
  }
  if (self != 1) return std::nullopt;
  const auto user = CountValid<Le64>(table, 0, 256, limit, kPagingX64.frame_mask);
  const auto kernel = CountValid<Le64>(table, 256, 512, limit, kPagingX64.frame_mask);
  if (!user || !kernel || *kernel < 2) return std::nullopt;
  return Candidate{{Machine::kX64, false, ToPhysAddr(pfn)}, *kernel - 1};
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

using PaeDirectories = std::array<Pfn, 4>;

/// PAE: the fourth directory maps all four at 0xC0600000, its entries 0 to 3.
std::optional<PaeDirectories> AsFourthDirectory(ByteView table, Pfn pfn, Pfn limit) {
  PaeDirectories directories{};
  for (std::uint64_t i = 0; i < 4; ++i) {
    const std::uint64_t entry = Entry<Le64>(table, i);
    directories[i] = (entry & kPagingPae.frame_mask) / kPageSize;
    if (!IsTablePointer(entry) || directories[i] > limit) return std::nullopt;
    for (std::uint64_t j = 0; j < i; ++j)
      if (directories[j] == directories[i]) return std::nullopt;
  }
  if (directories[3] != pfn) return std::nullopt;
  return directories;
}

/// The place in `page` of a PDPT (32-byte aligned) that names these directories.
std::optional<std::uint64_t> FindPdpt(ByteView page, const PaeDirectories& directories) {
  for (std::uint64_t at = 0; at < page.size(); at += 32) {
    bool same = true;
    for (std::uint64_t i = 0; i < 4 && same; ++i) {
      const std::uint64_t entry = page.TryRead<Le64>(at + i * 8).value_or(Le64{});
      same = (entry & kEntryValid) != 0 && (entry & kPagingPae.frame_mask) / kPageSize == directories[i];
    }
    if (same) return at;
  }
  return std::nullopt;
}

/// The PDPT lies somewhere else, often one page below the first directory; then it is looked for from the start.
std::optional<PhysAddr> PdptFor(const PageMap& pages, const PaeDirectories& directories) {
  const auto look = [&](Pfn pfn) -> std::optional<PhysAddr> {
    const auto at = FindPdpt(pages.Page(pfn), directories);
    if (!at) return std::nullopt;
    return ToPhysAddr(pfn) + *at;
  };
  if (directories[0] > 0)
    if (const auto found = look(directories[0] - 1)) return found;
  for (Pfn pfn = 0; pfn < std::min(kPdptSearchPages, pages.highest_pfn() + 1); ++pfn)
    if (const auto found = look(pfn)) return found;
  return std::nullopt;
}

std::optional<Candidate> AsPae(const PageMap& pages, ByteView table, Pfn pfn, Pfn limit) {
  const auto directories = AsFourthDirectory(table, pfn, limit);
  if (!directories) return std::nullopt;
  const auto kernel = CountValid<Le64>(table, 4, 512, ~Pfn{0}, kPagingPae.frame_mask);
  const auto lower = CountValid<Le64>(pages.Page((*directories)[2]), 0, 512, ~Pfn{0}, kPagingPae.frame_mask);
  const std::uint32_t entries = kernel.value_or(0) + lower.value_or(0);
  if (entries == 0) return std::nullopt;
  const auto pdpt = PdptFor(pages, *directories);
  if (!pdpt) return std::nullopt;
  return Candidate{{Machine::kX86, true, *pdpt}, entries};
}

}  // namespace

std::optional<PageTableRoot> FindPageTables(const PageMap& pages, Machine machine) {
  if (pages.empty()) return std::nullopt;
  const bool x86 = machine == Machine::kUnknown || machine == Machine::kX86;
  const bool x64 = machine == Machine::kUnknown || machine == Machine::kX64;
  // Acquisition tools leave holes out, so tables may name pages above the file's end: twice its size is the limit.
  const Pfn limit = pages.highest_pfn() * 2 + 1;
  std::optional<Candidate> best;
  std::size_t candidates = 0;
  int pae_searches = 4;  // a PDPT search reads up to 256 MiB; four failures are enough
  for (Pfn pfn = 0; pfn < std::min(kSearchPages, pages.highest_pfn() + 1) && candidates < kMaxCandidates; ++pfn) {
    const ByteView table = pages.Page(pfn);
    std::optional<Candidate> found;
    if (x64) found = AsX64(table, pfn, limit);
    if (!found && x86) found = AsX86(table, pfn, limit);
    if (!found && x86 && pae_searches > 0 && AsFourthDirectory(table, pfn, limit)) {
      found = AsPae(pages, table, pfn, limit);
      --pae_searches;
    }
    if (!found) continue;
    ++candidates;
    if (!best || found->kernel_entries > best->kernel_entries) best = found;
  }
  if (!best) return std::nullopt;
  return best->root;
}

}  // namespace poolblame

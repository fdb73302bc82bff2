// Full dumps (type 1): the runs of the header lie one after the other behind it, in the order of the list.
#include <algorithm>
#include <numeric>

#include "parser/image/crash_dump.h"
#include "parser/image/physical_ranges.h"
#include "parser/image/secondary_data.h"

namespace poolblame {
namespace {

/// How many slots of the run list are real. NumberOfRuns decides when it fits; otherwise NumberOfPages is used up.
std::size_t CountRuns(const CrashDumpHeader& header, ImageFacts& facts) {
  const std::size_t slots = header.run_slots.size();
  if (header.run_count && *header.run_count > 0 && *header.run_count <= slots) return *header.run_count;
  std::size_t used = 0;
  std::uint64_t pages = 0;
  while (used < slots && header.run_slots[used].count > 0 && (!header.page_total || pages < *header.page_total))
    pages += std::min(header.run_slots[used++].count, kMaxPfn);
  facts.notes.push_back("NumberOfRuns of the header is " +
                        (header.run_count ? std::to_string(*header.run_count) : std::string("not written")) +
                        ", the list holds " + std::to_string(used) + " plausible runs");
  return used;
}

/// Gives each run its file offset and cuts what no machine can have.
std::vector<PageRun> PlaceRuns(const CrashDumpHeader& header, ImageFacts& facts) {
  std::vector<PageRun> runs(header.run_slots.begin(),
                            header.run_slots.begin() + static_cast<std::ptrdiff_t>(CountRuns(header, facts)));
  std::uint64_t offset = header.size;
  for (PageRun& run : runs) {
    const PageRun as_told = run;
    if (CutAtLargestAddress(run))
      facts.notes.push_back("a run of " + std::to_string(as_told.count) + " pages at page frame " +
                            HexText(as_told.first) + " goes past the largest physical address and is cut");
    run.offset = FileOffset{offset};
    offset += run.count * kPageSize;  // at most 86 * 2^52: cannot wrap
  }
  return runs;
}

}  // namespace

Result<ImageParts> OpenFullDump(ByteView bytes, CrashDumpHeader header) {
  ImageParts parts{std::move(header.facts), {}, {}};
  ImageFacts& facts = parts.facts;
  facts.container = header.is_64bit ? "pagedu64-full" : "pagedump-full";
  const std::vector<PageRun> runs = PlaceRuns(header, facts);
  if (runs.empty())
    return Fail(ErrorKind::kCorrupt, "physical memory run list of the crash dump header (number of runs)",
                header.is_64bit ? 0x88 : 0x64, header.run_slots.size(), header.run_count.value_or(0));
  facts.pages_promised = std::accumulate(runs.begin(), runs.end(), std::uint64_t{0},
                                         [](std::uint64_t sum, const PageRun& run) { return sum + run.count; });
  const std::uint64_t in_file = PagesInFile(bytes, runs);
  parts.pages = PageMap::FromRuns(bytes, runs);
  if (in_file < facts.pages_promised)
    NoteTruncation(facts, "the page runs promise " + std::to_string(facts.pages_promised) + " pages, the file holds " +
                              std::to_string(in_file));
  if (in_file == facts.pages_promised) ReadSecondaryData(bytes, header.size + in_file * kPageSize, facts);
  NoteOverlaps(in_file, parts.pages, facts);
  if (header.page_total && *header.page_total != facts.pages_promised)
    facts.notes.push_back("NumberOfPages of the header is " + std::to_string(*header.page_total) +
                          ", the runs add up to " + std::to_string(facts.pages_promised));
  SettleTableBase(header, parts.pages, facts);
  return parts;
}

}  // namespace poolblame

#include "parser/image/physical_ranges.h"

#include <algorithm>

#include "parser/image/page_table_search.h"

namespace poolblame {
namespace {

/// The whole pages inside a range; acquisition tools write ranges as the firmware has them, to the byte.
PageRun WholePagesOf(const PhysicalRange& range) {
  const std::uint64_t skip = (kPageSize - range.start.page_offset()) % kPageSize;
  if (range.length < skip) return {};
  return {ToPfn(range.start + skip), (range.length - skip) / kPageSize, range.offset + skip};
}

/// What the file lacks of ranges that it promises.
struct Shortage {
  std::size_t ranges = 0;
  std::uint64_t torn_bytes = 0;  // in ranges that are there: before their first whole page and behind their last
};

Shortage ShortageOf(ByteView bytes, const std::vector<PhysicalRange>& ranges) {
  Shortage shortage;
  for (const PhysicalRange& range : ranges) {
    if (!bytes.Contains(range.offset.value, range.length))
      ++shortage.ranges;
    else
      shortage.torn_bytes += range.length - WholePagesOf(range).count * kPageSize;
  }
  return shortage;
}

}  // namespace

void MapRanges(ByteView bytes, const std::vector<PhysicalRange>& ranges, ImageParts& parts) {
  ImageFacts& facts = parts.facts;
  std::vector<PageRun> runs;
  runs.reserve(ranges.size());
  std::size_t beyond = 0;
  for (const PhysicalRange& range : ranges) {
    runs.push_back(WholePagesOf(range));
    beyond += CutAtLargestAddress(runs.back()) ? 1 : 0;
    facts.pages_promised += runs.back().count;  // at most 2^20 ranges of 2^40 pages
  }
  const std::uint64_t in_file = PagesInFile(bytes, runs);
  parts.pages = PageMap::FromRuns(bytes, std::move(runs));
  const Shortage shortage = ShortageOf(bytes, ranges);
  if (shortage.ranges > 0)
    NoteTruncation(facts, "the file ends before " + std::to_string(shortage.ranges) + " of its " +
                              std::to_string(ranges.size()) + " memory ranges do: they promise " +
                              std::to_string(facts.pages_promised) + " pages, the file holds " +
                              std::to_string(in_file));
  if (beyond > 0)
    facts.notes.push_back(std::to_string(beyond) + " memory ranges go past the largest physical address and are cut");
  if (shortage.torn_bytes > 0)
    facts.notes.push_back(std::to_string(shortage.torn_bytes) +
                          " bytes at the ends of memory ranges make no whole page and are left out");
  NoteOverlaps(in_file, parts.pages, facts);
}

bool CutAtLargestAddress(PageRun& run) {
  if (run.first < kMaxPfn && run.count <= kMaxPfn - run.first) return false;
  run.first = std::min(run.first, kMaxPfn);
  run.count = kMaxPfn - run.first;
  return true;
}

std::uint64_t PagesInFile(ByteView bytes, const std::vector<PageRun>& runs) {
  std::uint64_t pages = 0;
  for (const PageRun& run : runs)
    if (run.offset.value < bytes.size()) pages += std::min(run.count, (bytes.size() - run.offset.value) / kPageSize);
  return pages;
}

void NoteOverlaps(std::uint64_t in_file, const PageMap& pages, ImageFacts& facts) {
  if (pages.page_count() < in_file)
    facts.notes.push_back("page runs overlap: " + std::to_string(in_file) + " pages are stored for " +
                          std::to_string(pages.page_count()) + " places; the first of each is used");
}

std::string RangeObjection(const LimeRangeHeader& header, std::uint32_t magic, std::uint32_t version) {
  if (header.Magic != magic) return "is no range header";
  if (header.Version != version)
    return "has version " + std::to_string(header.Version) + ", " + std::to_string(version) + " is known";
  if (header.End < header.Start || header.End - header.Start == ~std::uint64_t{0})
    return "goes from " + HexText(header.Start) + " to " + HexText(header.End);
  return {};
}

ImageParts BareParts(const char* container, const OpenOptions& options) {
  ImageParts parts;
  parts.facts.container = container;
  parts.facts.machine = options.machine.value_or(Machine::kUnknown);
  parts.facts.build = options.build;
  parts.facts.is_build_given = options.build.has_value();
  return parts;
}

void LookForPageTables(ImageParts& parts) {
  ImageFacts& facts = parts.facts;
  const std::optional<PageTableRoot> root = FindPageTables(parts.pages, facts.machine, parts.processors);
  if (!root) {
    facts.notes.push_back(
        std::string("no page tables were found that map themselves or that the System process names: finds have "
                    "physical addresses only") +
        (facts.machine == Machine::kUnknown ? ", and the machine is not known" : ""));
    return;
  }
  if (!root->is_machine_sure)
    facts.notes.push_back(
        "x64 and ARM64 have page tables that look alike, and nothing in memory tells which these are: taken as x64 "
        "(--machine says otherwise)");
  facts.machine = root->reading.machine;
  facts.form = root->reading.form;
  facts.directory_table_base = root->base;
  facts.root_source = root->source;
}

}  // namespace poolblame

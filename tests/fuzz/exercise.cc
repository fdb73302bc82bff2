#include "tests/fuzz/exercise.h"

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <vector>

#include "heuristics/block_search.h"
#include "heuristics/fragmentation.h"
#include "heuristics/report.h"
#include "heuristics/usage_growth.h"
#include "heuristics/usage_limits.h"
#include "parser/format/pool_header.h"
#include "parser/image/address_space.h"
#include "parser/kernel/system.h"
#include "parser/pool/pool_census.h"
#include "pooltag/tag_conflict.h"
#include "pooltag/tag_database.h"
#include "pooltag/tag_search.h"

namespace poolblame::fuzz {
namespace {

void Require(bool holds, const char* promise) {
  if (holds) return;
  std::fprintf(stderr, "broken promise: %s\n", promise);
  std::abort();
}

void CheckPage(const PoolPage& page) {
  const bool classic = page.backend == PoolBackend::kClassic;
  std::uint64_t next = page.leading_bytes;
  for (const PoolBlock& block : page.blocks) {
    // Slots of the segment heap leave holes, and its last block may go on on the next page.
    Require(classic ? block.offset == next : block.offset >= next, "blocks tile their page");
    Require(block.size > 0, "a block has a size");
    Require(block.offset < kPageSize, "a block begins on its page");
    next = block.offset + block.size;
  }
  Require(page.blocks.empty() || !classic || next == kPageSize, "the last block ends with its page");
  Require(std::isfinite(page.cost) && !std::isnan(page.margin), "costs are numbers");
}

void CheckIncident(const Incident& incident) {
  double suspects = 0, kinds = 0, last = 1;
  for (const Suspect& suspect : incident.suspects) {
    Require(suspect.probability >= 0 && suspect.probability <= last + 1e-9, "suspects are sorted");
    last = suspect.probability;
    suspects += suspect.probability;
  }
  for (const auto& [kind, probability] : incident.kind_probabilities) kinds += probability;
  Require(std::abs(suspects - 1) < 1e-6, "the suspects' probabilities add up to 1");
  Require(std::abs(kinds - 1) < 1e-6, "the kinds' probabilities add up to 1");
  Require(incident.damage.start <= incident.damage.end, "damage ends after it starts");
}

void CheckReport(const PoolCensus& census, const Report& report) {
  for (const PoolPage& page : census.findings) CheckPage(page);
  for (const Incident& incident : report.incidents) CheckIncident(incident);
  Require((report.verdict == Verdict::kCorrupt) == !report.incidents.empty(), "corrupt means an incident");
}

const TagDatabase& Tags() {
  static const TagDatabase kTags = TagDatabase::BuiltIn();
  return kTags;
}

/// What `usage` and `find` do with an image.
void CheckUsage(const AddressSpace& space, const System& system, const PoolCensus& census) {
  Fragmentation fragmentation;
  UsageSample sample{"fuzz", CountUsage(space, system, census, Tags(), &fragmentation), space.image().facts().origin,
                     system.kernel_image_base};
  for (const UsageRow& row : sample.usage.rows)
    Require(!row.by_tracker || row.tracked.has_value(), "what the table is the source of, it has");
  for (const PoolFill& fill : FillOfPools(sample.usage, system)) Require(fill.limit > 0, "a limit is a number");
  const Growth growth = RankGrowth({sample, sample});
  Require(growth.rows.empty(), "nothing grows in no time");
  std::uint64_t found = 0;
  FindBlocks(space, system, census, Tags(), {}, [&](const FoundBlock& block) {
    ++found;
    Require(block.block.address >= block.block.begin, "data begins behind the header");
  });
  std::uint64_t counted = 0;
  for (const UsageRow& row : sample.usage.rows) counted += row.blocks + row.listed;
  Require(found >= counted, "what is counted is found");
}

}  // namespace

void ExerciseImage(ByteView bytes, const OpenOptions& options) {
  const Result<Image> image = Image::FromBytes(bytes, "fuzz", options);
  if (!image) return;
  const AddressSpace space(*image);
  const System system = ReadSystem(space);
  ScanOptions scan;
  scan.threads = 1;
  const PoolCensus census = ScanPool(space, system, scan);
  CheckReport(census, Judge(space, system, census, Tags()));
  CheckUsage(space, system, census);
}

void ExerciseReader(ByteView bytes, const OpenOptions& options) {
  const Result<Image> image = Image::FromBytes(bytes, "fuzz", options);
  if (!image) return;
  Require(image->pages().page_count() * kPageSize <= image->bytes().size(), "pages in the image lie in the file");
  (void)ReadSystem(AddressSpace(*image));
}

void ExercisePage(ByteView bytes) {
  const auto layouts = PoolHeaderLayouts();
  if (bytes.size() < 1 + kPageSize || layouts.empty()) return;
  const PoolHeaderLayout& layout = layouts[bytes[0] % layouts.size()];
  OpenOptions options;
  options.base = VirtAddr{layout.is_64bit ? 0xFFFFFA8000000000 : 0x88000000};
  options.machine = layout.is_64bit ? Machine::kX64 : Machine::kX86;
  options.build = layout.first_build;
  const Result<ByteView> page = bytes.Slice(1, kPageSize, "page");
  (void)ClassifyPage(*page, layout);
  ExerciseImage(*page, options);
}

void ExerciseTagFile(ByteView bytes) {
  TagDatabase tags;
  tags.AddFile(bytes, "fuzz", "");
  const std::size_t looked_up = std::min<std::size_t>(bytes.size() / 4, 64);
  for (std::size_t i = 0; i < looked_up; ++i) {
    const std::string text(reinterpret_cast<const char*>(bytes.data()) + 4 * i, 4);
    const std::vector<TagEntry> found = tags.Find(PoolTag::FromText(text));
    for (const TagEntry& entry : found)
      Require(entry.source == "pooltag.txt" && entry.file == "fuzz", "an empty database finds only what the file said");
    if (const auto conflict = FindConflict(found)) Require(conflict->drivers.size() > 1, "it takes two to differ");
    (void)tags.ReversedOf(PoolTag::FromText(text));
  }
  const std::size_t rows = tags.Rows().size();
  Require(SearchTagRows(tags, {}).size() == rows, "a search for anything finds everything");
  const std::string name(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 16));
  Require(SearchTagRows(tags, {TagPattern::FromText(name.substr(0, 5), true), name, ""}).size() <= rows,
          "a search finds no more than there is");
}

}  // namespace poolblame::fuzz

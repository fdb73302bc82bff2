#include "heuristics/usage.h"

#include <map>
#include <set>
#include <utility>

#include "heuristics/code_owner.h"
#include "heuristics/fragmentation.h"
#include "heuristics/owner.h"

namespace poolblame {
namespace {

/// Tags as people read them: in memory order.
std::uint32_t InReadingOrder(PoolTag tag) {
  const std::uint32_t v = tag.value;
  return v << 24 | (v & 0xFF00) << 8 | (v >> 8 & 0xFF00) | v >> 24;
}

class Counter {
 public:
  Counter(const AddressSpace& space, Usage& usage) : space_(space), usage_(usage) {}

  void Add(const PlacedBlock& block) {
    const UsageType type = UsageTypeOf(block.kind);
    UsageTotal& total = usage_.totals[static_cast<std::size_t>(type)];
    if (block.state == BlockState::kFree) {
      ++total.free_blocks;
      total.free_bytes += block.bytes;
    } else if (block.state == BlockState::kLookaside) {
      ++total.listed_blocks;
      total.listed_bytes += block.bytes;
      if (block.tag_known) ++RowOf(block.tag, type).listed;
    } else if (IsInUse(block)) {
      AddInUse(block, type, total);
    } else {
      ++total.stateless_blocks;
    }
  }
  void AddTracked(const TrackerTable& table) {
    for (const TrackedTag& tag : table.tags) {
      RowOf(tag.tag, UsageType::kNonPaged).tracked = tag.nonpaged;
      RowOf(tag.tag, UsageType::kPaged).tracked = tag.paged;
    }
  }
  void Finish(const AddressSpace& space, const TagDatabase& tags, const System& system) {
    std::set<PoolTag> wanted;
    for (const auto& [key, row] : rows_)
      if (!IsEmpty(row)) wanted.insert(row.tag.name());
    const std::map<PoolTag, Owner> by_code = OwnersByCode(space, system, tags, wanted);
    for (auto& [key, row] : rows_) {
      if (IsEmpty(row)) continue;
      row.owner = BetterOwner(OwnerOf(row.tag, tags, system), by_code, row.tag);
      usage_.rows.push_back(std::move(row));
    }
  }

 private:
  static bool IsEmpty(const UsageRow& row) {
    return row.blocks + row.listed == 0 && (!row.tracked || row.tracked->allocs + row.tracked->frees == 0);
  }
  void AddInUse(const PlacedBlock& block, UsageType type, UsageTotal& total) {
    ++total.blocks;
    total.bytes += block.bytes;
    if (!block.tag_known) {
      ++total.nameless_blocks;
      total.nameless_bytes += block.bytes;
      return;
    }
    UsageRow& row = RowOf(block.tag, type);
    ++row.blocks;
    row.block_bytes += block.bytes;
    AddExecutable(block, type, row);
    if (block.state == BlockState::kBig) row.rounding += (kPageSize - block.bytes % kPageSize) % kPageSize;
  }
  /// By the page it begins on.
  void AddExecutable(const PlacedBlock& block, UsageType type, UsageRow& row) {
    if (block.physical || space_.paging() == nullptr) return;
    const bool new_page = block.begin.page() != page_;
    if (new_page) {
      page_ = block.begin.page();
      executable_ = !space_.Translate(page_).no_execute;
    }
    ExecutablePool& pool = usage_.executable;
    pool.known = pool.known || !executable_;
    if (type != UsageType::kNonPaged || !executable_) return;
    ++pool.blocks;
    pool.bytes += block.bytes;
    pool.pages += new_page ? 1 : 0;
    row.executable_bytes += block.bytes;
  }
  UsageRow& RowOf(PoolTag tag, UsageType type) {
    UsageRow& row = rows_[{InReadingOrder(tag), type}];
    row.tag = tag;
    row.type = type;
    return row;
  }

  const AddressSpace& space_;
  Usage& usage_;
  VirtAddr page_{};
  bool executable_ = false;
  std::map<UsageKey, UsageRow> rows_;
};

std::string Counted(std::uint64_t number, const std::string& noun) {
  return std::to_string(number) + " " + noun + (number == 1 ? "" : "s");
}

TrackerComparison Compare(std::vector<UsageRow>& rows) {
  TrackerComparison comparison;
  for (UsageRow& row : rows) {
    if (row.type != UsageType::kNonPaged && row.type != UsageType::kPaged) continue;
    if (!row.tracked) row.tracked = TrackerCount{};  // the table has no such tag: nothing was counted
    if (row.blocks == 0 && row.tracked->outstanding == 0) continue;
    ++comparison.rows;
    comparison.same_count += row.SameCount() ? 1 : 0;
    comparison.same_bytes += row.SameBytes() ? 1 : 0;
    comparison.more_tracked += row.tracked->outstanding > static_cast<std::int64_t>(row.blocks) ? 1 : 0;
    comparison.more_found += row.tracked->outstanding < static_cast<std::int64_t>(row.blocks) ? 1 : 0;
  }
  return comparison;
}

/// The kernel cannot have fewer blocks outstanding than there are. A tag or two may be off, by blocks on lists that
/// nothing tells of; where most are, the table is not this pool's: one processor's of several, or old.
void ChooseSource(TrackerReading&& reading, Usage& usage) {
  usage.why_not_tracker = std::move(reading.why_not);
  if (!reading.table) return;
  usage.tracker = std::move(reading.table);
  usage.comparison = Compare(usage.rows);
  if (usage.comparison.more_found * 2 > usage.comparison.rows) {
    usage.why_not_tracker = "the tracker table has fewer blocks outstanding than were found, for most tags";
    return;
  }
  usage.source = UsageSource::kTracker;
  for (UsageRow& row : usage.rows) row.by_tracker = row.tracked.has_value();
}

void TellGaps(const PoolCensus& census, Usage& usage) {
  const auto tell = [&](std::uint64_t number, const std::string& noun, const std::string& what) {
    if (number > 0) usage.notes.push_back(Counted(number, noun) + what);
  };
  tell(usage.coverage.pages_left_out, "pool page", " beyond what is kept in memory: not counted");
  tell(census.special_pool_pages, "page", " of special pool: not counted");
  tell(census.pages_unreadable, "page", " that the image promises and does not have");
  std::uint64_t stateless = 0;
  for (const UsageTotal& total : usage.totals) stateless += total.stateless_blocks;
  tell(stateless, "block", " of which the image does not say whether somebody holds them: not counted");
  if (census.big_pages.empty())
    usage.notes.emplace_back("no table of big allocations was found: what is larger than a page is not counted");
}

}  // namespace

const char* UsageTypeName(UsageType type) {
  switch (type) {
    case UsageType::kNonPaged:
      return "nonpaged";
    case UsageType::kPaged:
      return "paged";
    case UsageType::kSession:
      return "session";
    case UsageType::kUnknown:
      break;
  }
  return "unknown";
}

UsageType UsageTypeOf(PoolKind kind) {
  switch (kind) {
    case PoolKind::kNonPaged:
    case PoolKind::kNonPagedNx:
      return UsageType::kNonPaged;
    case PoolKind::kPaged:
      return UsageType::kPaged;
    case PoolKind::kSession:
      return UsageType::kSession;
    case PoolKind::kUnknown:
      break;
  }
  return UsageType::kUnknown;
}

bool IsInUse(const PlacedBlock& block) {
  return block.state == BlockState::kAllocated || block.state == BlockState::kBig;
}

Usage CountUsage(const AddressSpace& space, const System& system, const PoolCensus& census, const TagDatabase& tags,
                 Fragmentation* fragmentation) {
  Usage usage;
  Counter counter(space, usage);
  usage.coverage = ForEachPoolBlock(space, system, census, [&](const PlacedBlock& block) {
    counter.Add(block);
    if (fragmentation != nullptr) fragmentation->Add(block);
  });
  if (fragmentation != nullptr) fragmentation->Finish();
  TrackerReading tracker = ReadTrackerTable(space, system);
  if (tracker.table) counter.AddTracked(*tracker.table);
  counter.Finish(space, tags, system);
  ChooseSource(std::move(tracker), usage);
  TellGaps(census, usage);
  return usage;
}

}  // namespace poolblame

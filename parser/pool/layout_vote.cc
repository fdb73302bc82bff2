#include "parser/pool/layout_vote.h"

#include <algorithm>

#include "parser/pool/page_evidence.h"
#include "parser/pool/page_walk.h"

namespace poolblame {
namespace {

bool FitsMachine(const PoolHeaderLayout& layout, Machine machine) {
  switch (machine) {
    case Machine::kX86:
      return !layout.is_64bit;
    case Machine::kX64:
    case Machine::kArm64:
      return layout.is_64bit;
    default:
      return true;
  }
}

// Busy types that another encoding uses for something else. 6 and 7 under Vista's reading mean "busy, CacheAligned",
// which is rare, and 6 is all that paged pool of XP has: such a block does not vote.
bool Votes(const PoolHeaderLayout& layout, std::uint32_t type) {
  return layout.in_use != InUseEncoding::kBit2 || (type & 6) != 6;
}

// One type that cannot be outweighs the blocks that any reading would call allocated.
constexpr double kVotesOfImpossibleType = 8;

// Two rows that read the same bytes the same way.
bool SameReading(const PoolHeaderLayout& a, const PoolHeaderLayout& b) {
  return a.is_64bit == b.is_64bit && a.in_use == b.in_use;
}

}  // namespace

std::vector<const PoolHeaderLayout*> CandidateLayouts(Machine machine, std::optional<std::uint32_t> build) {
  std::vector<const PoolHeaderLayout*> candidates;
  for (const PoolHeaderLayout& layout : PoolHeaderLayouts()) {
    if (!FitsMachine(layout, machine)) continue;
    if (!build || (layout.first_build <= *build && *build <= layout.last_build)) candidates.push_back(&layout);
  }
  // A build no row knows (a checked build, a beta, a lie): ask the pages about all of them.
  if (candidates.empty() && build) return CandidateLayouts(machine, std::nullopt);
  return candidates;
}

LayoutVote::LayoutVote(std::vector<const PoolHeaderLayout*> candidates) {
  entries_.reserve(candidates.size());
  for (const PoolHeaderLayout* layout : candidates) entries_.push_back({HeaderReader(*layout), 0, 0, 0, 0});
}

double LayoutVote::Weigh(Entry& entry, const std::uint8_t* page) {
  const PageWalk walk = WalkPage(page, entry.reader);
  if (walk.closes && walk.blocks >= 2) {
    std::uint32_t voters = 0, impossible = 0;
    ForEachBlock(page, entry.reader, [&](std::uint32_t, const QuickHeader& header) {
      if (header.state == BlockState::kUnknown) ++impossible;
      if (header.state != BlockState::kAllocated || !Votes(entry.reader.layout(), header.type)) return;
      ++voters;
      ++((header.tag & PoolTag::kProtectedBit) != 0 ? entry.protected_tags : entry.plain_tags);
    });
    // The sizes agree all over the page, so a type that this reading does not know speaks against the reading.
    return voters - kVotesOfImpossibleType * impossible;
  }
  const PageEvidence evidence = WeighPage(page, entry.reader);
  return evidence.points() >= kPointsForPool && evidence.links_of_allocated > 0 ? evidence.links_of_allocated : 0;
}

bool LayoutVote::Add(const std::uint8_t* page) {
  bool any = false;
  for (Entry& entry : entries_) {
    const double votes = Weigh(entry, page);
    if (votes == 0) continue;
    entry.votes += votes;
    if (votes < 0) continue;
    ++entry.pages;
    any = true;
  }
  if (any || entries_.empty()) return any;
  for (const Entry& entry : entries_) {
    if (WeighPage(page, entry.reader).detached_headers < 2) continue;
    ++segment_pages_;
    break;
  }
  return any;
}

LayoutVote::Result LayoutVote::Winner() const {
  const Entry* best = nullptr;
  for (const Entry& entry : entries_)
    // Where the pages do not tell, the later row: there are more machines of it.
    if (entry.votes > 0 && (best == nullptr || entry.votes >= best->votes)) best = &entry;
  if (best == nullptr) return {};
  double second = 0;
  for (const Entry& entry : entries_)
    if (!SameReading(entry.reader.layout(), best->reader.layout())) second = std::max(second, entry.votes);
  const double margin = best->votes - second;
  // Among rows that read alike the last that fits what the tags say: protected bits ended with Windows 8.
  const std::uint32_t newest_build = best->protected_tags > 0 ? 7601 : ~0U;
  for (const Entry& entry : entries_) {
    const PoolHeaderLayout& layout = entry.reader.layout();
    if (SameReading(layout, best->reader.layout()) && layout.first_build >= 6000 && layout.first_build <= newest_build)
      if (layout.first_build > best->reader.layout().first_build) best = &entry;
  }
  return {&best->reader.layout(), margin, best->pages};
}

}  // namespace poolblame

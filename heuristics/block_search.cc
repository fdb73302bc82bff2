#include "heuristics/block_search.h"

#include <algorithm>
#include <map>
#include <set>
#include <vector>

#include "heuristics/code_owner.h"
#include "heuristics/owner.h"
#include "pooltag/name_match.h"

namespace poolblame {
namespace {

bool Holds(const PlacedBlock& block, VirtAddr address) {
  return address >= block.begin && address - block.begin < block.bytes;
}

bool Fits(const PlacedBlock& block, const BlockQuery& query) {
  if (query.address) return Holds(block, *query.address);
  if (!block.tag_known || (block.state == BlockState::kFree && !query.with_free)) return false;
  return !query.tag || query.tag->Matches(block.tag);
}

/// Owners of tags, by the code of the drivers before the table; each asked for once.
class OwnerNames {
 public:
  OwnerNames(const AddressSpace& space, const System& system, const TagDatabase& tags, const std::set<PoolTag>& wanted)
      : system_(system), tags_(tags), by_code_(OwnersByCode(space, system, tags, wanted)) {}
  const Owner& Of(const PlacedBlock& block) {
    const auto [known, is_new] = owners_.try_emplace(block.tag_known ? block.tag : PoolTag{});
    if (is_new && block.tag_known) known->second = BetterOwner(OwnerOf(block.tag, tags_, system_), by_code_, block.tag);
    return known->second;
  }

 private:
  const System& system_;
  const TagDatabase& tags_;
  std::map<PoolTag, Owner> by_code_, owners_;
};

/// An address is in few blocks: theirs are all the tags that need a search of the drivers' code.
BlockCoverage BlocksHolding(const AddressSpace& space, const System& system, const PoolCensus& census,
                            const BlockQuery& query, std::vector<PlacedBlock>& out) {
  return ForEachPoolBlock(space, system, census, [&](const PlacedBlock& block) {
    if (Fits(block, query)) out.push_back(block);
  });
}

std::set<PoolTag> TagsOf(const std::vector<PlacedBlock>& blocks) {
  std::set<PoolTag> tags;
  for (const PlacedBlock& block : blocks)
    if (block.tag_known) tags.insert(block.tag);
  return tags;
}

}  // namespace

BlockCoverage FindBlocks(const AddressSpace& space, const System& system, const PoolCensus& census,
                         const TagDatabase& tags, const BlockQuery& query,
                         const std::function<void(const FoundBlock&)>& visit) {
  const auto show = [&](OwnerNames& owners, const PlacedBlock& block) {
    const Owner& owner = owners.Of(block);
    if (query.driver.empty() || IsDriver(owner.driver, query.driver)) visit({block, owner});
  };
  if (query.address) {
    std::vector<PlacedBlock> holding;
    const BlockCoverage coverage = BlocksHolding(space, system, census, query, holding);
    OwnerNames owners(space, system, tags, TagsOf(holding));
    for (const PlacedBlock& block : holding) show(owners, block);
    return coverage;
  }
  std::set<PoolTag> wanted;
  for (const auto& [tag, statistics] : census.tags)
    if (!query.tag || query.tag->Matches(tag)) wanted.insert(tag);
  OwnerNames owners(space, system, tags, wanted);
  return ForEachPoolBlock(space, system, census, [&](const PlacedBlock& block) {
    if (Fits(block, query)) show(owners, block);
  });
}

}  // namespace poolblame

#include "heuristics/block_search.h"

#include <algorithm>
#include <map>
#include <set>

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

}  // namespace

BlockCoverage FindBlocks(const AddressSpace& space, const System& system, const PoolCensus& census,
                         const TagDatabase& tags, const BlockQuery& query,
                         const std::function<void(const FoundBlock&)>& visit) {
  std::set<PoolTag> wanted;
  for (const auto& [tag, statistics] : census.tags)
    if (!query.tag || query.tag->Matches(tag)) wanted.insert(tag);
  const std::map<PoolTag, Owner> by_code = OwnersByCode(space, system, tags, wanted);
  std::map<PoolTag, Owner> owners;
  const auto owner_of = [&](const PlacedBlock& block) {
    if (!block.tag_known) return Owner{};
    const auto [known, is_new] = owners.try_emplace(block.tag);
    if (is_new) known->second = BetterOwner(OwnerOf(block.tag, tags, system), by_code, block.tag);
    return known->second;
  };
  return ForEachPoolBlock(space, system, census, [&](const PlacedBlock& block) {
    if (!Fits(block, query)) return;
    const Owner owner = owner_of(block);
    if (query.driver.empty() || IsDriver(owner.driver, query.driver)) visit({block, owner});
  });
}

}  // namespace poolblame

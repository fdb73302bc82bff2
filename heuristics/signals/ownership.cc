// D: whose tag it is. Third-party and unknown tags are guilty somewhat more often, system tags somewhat less, generic
// tags own nothing. Capped as a group: a name is not evidence.
#include "heuristics/owner.h"
#include "heuristics/signals/signals.h"

namespace poolblame {

void VoteOwnership(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (h.role != SuspectRole::kBlock || !h.block) return;
  const SceneBlock& block = scene.blocks[*h.block];
  const auto own = block.tag();
  if (!own) return;
  const PoolTag tag = own->name();
  // Behind a damaged header a tag that no healthy block has is what was written there.
  if (block.block != nullptr && block.block->header_damaged() && scene.census->Tag(tag) == nullptr) return;
  if (TagDatabase::IsGeneric(tag)) {
    votes.push_back({Weight::kGenericTag, 1, std::nullopt, "the tag is a generic one and owns nothing"});
    return;
  }
  if (scene.tags->Find(tag).empty()) {
    votes.push_back(
        {Weight::kUnknownTag, 1, std::nullopt, "the tag is in no table: it is nobody's well-known allocation"});
    return;
  }
  // Several drivers may share the tag, and a user's table names no vendors: then there is nothing to say.
  const Owner owner = OwnerOf(tag, *scene.tags, *scene.system);
  if (owner.vendor == "Microsoft")
    votes.push_back({Weight::kSystemTag, 1, std::nullopt, "the tag belongs to Windows itself"});
  else if (!owner.vendor.empty())
    votes.push_back({Weight::kThirdPartyTag, 1, std::nullopt, "the tag belongs to " + owner.vendor});
}

}  // namespace poolblame

// Who allocated the block, where Driver Verifier tracks it. Says nothing of who overran it, so it weighs nothing; but
// to a person it is the first place to look.
#include <string>

#include "heuristics/content.h"
#include "heuristics/signals/signals.h"
#include "heuristics/special_scene.h"
#include "parser/image/container.h"
#include "parser/pool/verifier_entry.h"

namespace poolblame {

void VoteVerifierRecord(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (!h.block || scene.physical) return;
  const SceneBlock& block = scene.blocks[*h.block];
  const std::uint32_t pointer = scene.pointer_size();
  const auto tag = block.tag();
  if (block.block == nullptr || !tag || (block.block->expected.PoolType & kPoolTypeVerifier) == 0) return;
  if (block.end < block.payload() + pointer) return;
  const VirtAddr entry{WordAt(Bytes(scene.bytes).subspan(block.end - pointer), pointer)};
  const VirtAddr data{scene.AddressOf(block.payload())};
  const auto record =
      ReadVerifierEntry(*scene.space, scene.layout().is_64bit, entry, data, block.end - block.payload(), *tag);
  if (!record) return;
  const std::string code = CodeText(*scene.system, record->caller);
  votes.push_back({Weight::kAllocationIsRecorded, 1, record->caller.value,
                   "Driver Verifier's record of this block: " + std::to_string(record->bytes) +
                       " bytes allocated by the code at " + (code.empty() ? HexText(record->caller.value) : code)});
}

}  // namespace poolblame

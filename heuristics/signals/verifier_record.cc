// Who allocated the block, where Driver Verifier tracks it, and who called the pool for it by Verifier's log. Says
// nothing of who overran it, so it weighs nothing; but to a person it is the first place to look.
#include <algorithm>
#include <string>

#include "heuristics/content.h"
#include "heuristics/signals/signals.h"
#include "heuristics/special_scene.h"
#include "parser/image/container.h"
#include "parser/pool/verifier_entry.h"

namespace poolblame {
namespace {

std::string CodeOrAddress(const Scene& scene, VirtAddr code) {
  const std::string text = CodeText(*scene.system, code);
  return text.empty() ? HexText(code.value) : text;
}

void VoteAllocationRecord(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
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
  votes.push_back({Weight::kAllocationIsRecorded, 1, record->caller.value,
                   "Driver Verifier's record of this block: " + std::to_string(record->bytes) +
                       " bytes allocated by the code at " + CodeOrAddress(scene, record->caller)});
}

/// The log's calls about this block. It is a ring and does not say which call freed, so all are shown, a few at most.
void VoteLoggedCalls(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  constexpr std::size_t kMostShown = 3;
  if (scene.traces == nullptr) return;
  const auto calls = scene.traces->Of(VirtAddr{scene.AddressOf(scene.blocks[*h.block].payload())});
  for (const PoolTrace& call : calls.last(std::min(calls.size(), kMostShown)))
    votes.push_back({Weight::kAllocationIsRecorded, 1, call.caller.value,
                     "Driver Verifier's log of pool calls: this address with " + std::to_string(call.bytes) +
                         " bytes, allocated or freed on thread " + HexText(call.thread.value) + " by the code at " +
                         CodeOrAddress(scene, call.caller)});
}

}  // namespace

void VoteVerifierRecord(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (!h.block || scene.physical) return;
  VoteAllocationRecord(scene, h, votes);
  VoteLoggedCalls(scene, h, votes);
}

}  // namespace poolblame

// Who allocated the block, where Driver Verifier tracks it, and who called the pool for it by Verifier's log. That says
// nothing of who overran it, so it weighs nothing; but to a person it is the first place to look. What weighs is the
// pointer to the record: it lies in the block's last bytes, where a linear write out of the block passes.
// Looks the same: an underrun of the block above that is long enough, a stray write on the block's end.
#include <algorithm>
#include <string>

#include "heuristics/signals/signals.h"
#include "heuristics/special_scene.h"
#include "heuristics/tracked_block.h"
#include "parser/image/container.h"

namespace poolblame {
namespace {

std::string CodeOrAddress(const Scene& scene, VirtAddr code) {
  const std::string text = CodeText(*scene.system, code);
  return text.empty() ? HexText(code.value) : text;
}

void VoteAllocationRecord(const Scene& scene, std::size_t block, const std::string& which, std::vector<Vote>& votes) {
  const auto record = RecordOf(scene, block);
  if (!record) return;
  votes.push_back({Weight::kAllocationIsRecorded, 1, record->caller.value,
                   "Driver Verifier's record of " + which + ": " + std::to_string(record->bytes) +
                       " bytes allocated by the code at " + CodeOrAddress(scene, record->caller)});
}

/// The log's calls about this block. It is a ring and does not say which call freed, so all are shown, a few at most.
void VoteLoggedCalls(const Scene& scene, std::size_t block, const std::string& which, std::vector<Vote>& votes) {
  constexpr std::size_t kMostShown = 3;
  if (scene.traces == nullptr) return;
  const auto calls = scene.traces->Of(VirtAddr{scene.AddressOf(scene.blocks[block].payload())});
  for (const PoolTrace& call : calls.last(std::min(calls.size(), kMostShown)))
    votes.push_back({Weight::kAllocationIsRecorded, 1, call.caller.value,
                     "Driver Verifier's log of pool calls: " + which + " with " + std::to_string(call.bytes) +
                         " bytes, allocated or freed on thread " + HexText(call.thread.value) + " by the code at " +
                         CodeOrAddress(scene, call.caller)});
}

/// Damage of the pointer itself is judged as damage: here it is only said how that is known.
void TellLostPointer(const Scene& scene, std::size_t block, std::vector<Vote>& votes) {
  const auto end = TrackedEndOf(scene, block);
  if (end && !end->intact)
    votes.push_back({Weight::kAllocationIsRecorded, 1, end->record.value,
                     "this block's last bytes must lead to Driver Verifier's record of it, which lies at " +
                         HexText(end->record.value)});
}

void VoteTrackedEnd(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (scene.spots.front().kind == SpotKind::kStructure) return TellLostPointer(scene, *h.block, votes);
  if (h.kind != FaultKind::kOverrun || !scene.shows_damage()) return;
  const auto end = TrackedEndOf(scene, *h.block);
  if (!end) return;
  votes.push_back({end->intact ? Weight::kTrackedEndIntact : Weight::kTrackedEndOverwritten, 1, end->pointer.value,
                   end->intact ? "Driver Verifier's pointer in this block's last bytes is intact: a write over its end "
                                 "would have passed it"
                               : "Driver Verifier's pointer in this block's last bytes is overwritten, too"});
}

}  // namespace

void VoteVerifierRecord(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (!h.block || scene.physical) return;
  VoteTrackedEnd(scene, h, votes);
  VoteAllocationRecord(scene, *h.block, "this block", votes);
  VoteLoggedCalls(scene, *h.block, "this address", votes);
  const std::size_t victim = scene.victim();
  if (victim == *h.block || scene.blocks[victim].block == nullptr) return;
  VoteAllocationRecord(scene, victim, "the victim", votes);
  VoteLoggedCalls(scene, victim, "the victim", votes);
}

}  // namespace poolblame

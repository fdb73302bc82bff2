// What the bug check itself proves: the instruction of the access, the place it hit, the free that went before, and the
// kernel's own comparison of the filler.
// Looks the same: a stray pointer that meets a guard page by chance; kernel code that works on a caller's bad pointer.
#include <string>

#include "heuristics/signals/special_signals.h"
#include "parser/base/ascii.h"
#include "parser/image/container.h"

namespace poolblame {
namespace {

void VoteCode(const SpecialScene& scene, std::vector<Vote>& votes) {
  const VirtAddr instruction = scene.access->instruction;
  if (instruction.value == 0) return;
  const std::string did = scene.access->write ? " wrote to " : " read from ";
  const std::string text = CodeText(*scene.system, instruction);
  const std::string where = text.empty() ? HexText(instruction.value) + " (in no loaded module)" : text;
  votes.push_back(
      {scene.code_is_a_driver() ? Weight::kFaultingDriver : Weight::kFaultingOtherCode, 1, instruction.value,
       "the code at " + where + did + HexText(scene.access->address.value) + ", and the page tables stopped it there"});
}

/// How far from its block the access was.
void VotePlace(const SpecialScene& scene, std::vector<Vote>& votes) {
  if (!scene.page) return;
  const SpecialPoolBlock& block = scene.page->block;
  const std::uint64_t at = scene.access->address.value;
  const std::uint64_t edge = scene.AddressOf(scene.beyond_start ? block.data.begin : block.data.end);
  const std::uint64_t distance = scene.beyond_start ? edge - at : at - edge;
  // An access of up to 8 bytes that runs over the edge shows as the first byte of the guard page, or the last ones.
  const std::uint64_t in_guard = scene.beyond_start ? edge - at : at - VirtAddr{at}.page().value + 1;
  const std::string where =
      distance == 0 ? "the first byte behind the end"
                    : CountOfBytes(distance) + (scene.beyond_start ? " before the start" : " behind the end");
  // A write of byte after byte would have changed what lies between.
  const bool skipped = scene.access->write && distance > 0 && scene.wrong_bytes == 0;
  votes.push_back({Weight::kAtTheGuardPage, in_guard <= 8 && !skipped ? 1.0 : 0.4, at,
                   where + " of this block of " + CountOfBytes(block.data.size()) + ", alone on its page"});
}

/// The first driver on the stack of the thread that freed the block, innermost first.
std::string FreedBy(const SpecialScene& scene) {
  for (const VirtAddr address : scene.freed->on_stack) {
    const Module* module = scene.system->ModuleAt(address);
    const bool kernel = module != nullptr && scene.system->kernel_image_base == module->base;
    if (module != nullptr && !kernel) return "; the stack of that free holds " + CodeText(*scene.system, address);
  }
  return "";
}

std::optional<FaultKind> KindOfHint(BugCheckHint hint) {
  switch (hint) {
    case BugCheckHint::kOverrunLikely:
      return FaultKind::kOverrun;
    case BugCheckHint::kUnderrun:
      return FaultKind::kUnderrun;
    case BugCheckHint::kUseAfterFree:
      return FaultKind::kUseAfterFree;
    case BugCheckHint::kDoubleFree:
      return FaultKind::kDoubleFree;
    case BugCheckHint::kBadFree:
      return FaultKind::kBadFree;
    case BugCheckHint::kHardware:
      return FaultKind::kBitFlip;
    case BugCheckHint::kFreeList:
    case BugCheckHint::kNone:
      break;
  }
  return std::nullopt;
}

}  // namespace

void VoteSpecialAccess(const SpecialScene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (scene.event != SpecialEvent::kAccess || h.role != SuspectRole::kBlock) return;
  VoteCode(scene, votes);
  VotePlace(scene, votes);
}

void VoteSpecialFree(const SpecialScene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (scene.freed == nullptr) return;
  if (h.kind != FaultKind::kUseAfterFree && h.kind != FaultKind::kDoubleFree) return;
  votes.push_back({Weight::kRecordOfTheFree, 1, scene.freed->address.value,
                   "the record that the free left says so: " + std::to_string(scene.freed->requested) +
                       " bytes, freed by the thread at " + HexText(scene.freed->thread.value) + FreedBy(scene)});
}

void VoteSpecialCrash(const SpecialScene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (!scene.named_by_crash) return;
  // Of an access nobody knows more of than the bug check says, its word is the hypothesis itself.
  const bool nothing_else = scene.event == SpecialEvent::kAccess && !scene.page && scene.freed == nullptr;
  if (nothing_else || KindOfHint(scene.system->bugcheck->hint) != h.kind) return;
  votes.push_back({Weight::kSpecialCrashSaysSo, 1, scene.begin,
                   "the bug check (" + scene.system->bugcheck->name + ") says so of this page"});
}

}  // namespace poolblame

#include "heuristics/advice.h"

namespace poolblame {
namespace {

/// What special pool makes of the next fault of this kind.
const char* WhatSpecialPoolCatches(FaultKind kind) {
  switch (kind) {
    case FaultKind::kUnderrun:
      // A block lies at its page's end unless gflags is told to verify the start (WDK, "Detecting Overruns and
      // Underruns").
      return ", Verify Start: the next underrun faults at the instruction that does it";
    case FaultKind::kUseAfterFree:
      return ": the next use after the free faults at the instruction that does it";
    case FaultKind::kDoubleFree:
    case FaultKind::kBadFree:
      return ": the next wrong free is caught where it happens";
    default:
      return ": the next overrun faults at the instruction that does it";
  }
}

/// Special pool by tag: gflags takes the four characters.
std::string SpecialPoolByTag(const BlockReference& block, FaultKind kind) {
  return "gflags /k and special pool for tag '" + block.tag.text() + "'" + WhatSpecialPoolCatches(kind);
}

void AddForBlock(std::vector<std::string>& out, const Incident& incident) {
  const Suspect& first = incident.suspects.front();
  const bool may_name = incident.confidence != Confidence::kInsufficient && !first.owner.driver.empty();
  if (may_name) out.push_back("verifier /flags 0x1 /driver " + first.owner.driver);
  if (first.block && first.block->tag.plausible()) out.push_back(SpecialPoolByTag(*first.block, first.kind));
}

}  // namespace

std::vector<std::string> AdviceFor(const Incident& incident, const Scene& scene) {
  std::vector<std::string> out;
  if (incident.suspects.empty()) return out;
  const Suspect& first = incident.suspects.front();
  if (incident.kind == FaultKind::kBitFlip) {
    out.push_back(
        "test the memory (mdsched or memtest86+); compare with other dumps of this machine, and of other machines");
    return out;
  }
  if (first.role == SuspectRole::kBlock) AddForBlock(out, incident);
  if (scene.page_before_missing)
    out.push_back(
        "capture a kernel or complete dump: the page before, where an overrun would have to start, is not in this "
        "image");
  if (incident.confidence != Confidence::kStrong)
    out.push_back("collect another dump of this failure: a suspect that stands below the damage again is the culprit");
  if (first.role != SuspectRole::kBlock)
    out.push_back("verifier /flags 0x9 /all: special pool and pool tracking for every driver, on a test machine");
  return out;
}

}  // namespace poolblame

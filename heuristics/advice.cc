#include "heuristics/advice.h"

namespace poolblame {
namespace {

constexpr const char* kTestTheMemory =
    "test the memory (mdsched or memtest86+); compare with other dumps of this machine, and of other machines";

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

/// The overrun stayed inside the page, where nothing faults.
std::string HowToTrapTheOverrun(const SpecialScene& scene) {
  if (scene.page->block.mode == SpecialPoolMode::kVerifyStart)
    return "gflags, Verify End: the next overrun faults at the instruction that does it";
  const std::string unit = std::to_string(scene.page->block.header.size());
  return "in a test build, round this request up to a multiple of " + unit +
         ": then no byte is left behind the block, and the next overrun faults at the instruction that does it";
}

}  // namespace

std::vector<std::string> AdviceFor(const Incident& incident, const Scene& scene) {
  std::vector<std::string> out;
  if (incident.suspects.empty()) return out;
  const Suspect& first = incident.suspects.front();
  if (incident.kind == FaultKind::kBitFlip) return {kTestTheMemory};
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

std::vector<std::string> AdviceForSpecial(const Incident& incident, const SpecialScene& scene) {
  if (incident.kind == FaultKind::kBitFlip) return {kTestTheMemory};
  std::vector<std::string> out;
  if (scene.access) {
    const std::string code = CodeText(*scene.system, scene.access->instruction);
    if (!code.empty()) out.push_back("read the code at " + code + ": it made the access");
    if (scene.access->after_free)
      out.push_back("verifier /flags 0x9 for the driver: pool tracking records who allocated and freed the block");
    return out;
  }
  const Suspect& first = incident.suspects.front();
  const bool may_name = incident.confidence != Confidence::kInsufficient && !first.owner.driver.empty();
  if (may_name && first.role == SuspectRole::kBlock)
    out.push_back("verifier /flags 0x9 /driver " + first.owner.driver + ": pool tracking records where it allocates");
  if (scene.event == SpecialEvent::kFiller)
    out.push_back("gflags, Verify Start: the next underrun faults at the instruction that does it");
  if (scene.event == SpecialEvent::kSlop) out.push_back(HowToTrapTheOverrun(scene));
  return out;
}

}  // namespace poolblame

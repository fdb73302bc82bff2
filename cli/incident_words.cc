#include "cli/incident_words.h"

#include <fmt/format.h>

#include <array>

#include "cli/analysis.h"
#include "cli/escape.h"
#include "cli/text_writer.h"

namespace poolblame::cli {
namespace {

struct KindWords {
  FaultKind kind;
  const char* with_block;  // continues with the block's tag
  const char* alone;       // as a noun phrase
};

constexpr std::array<KindWords, kFaultKindCount> kKindWords = {{
    {FaultKind::kOverrun, "overrun by", "an overrun"},
    {FaultKind::kUnderrun, "underrun by", "an underrun"},
    {FaultKind::kUseAfterFree, "use after free by", "a use after free"},
    {FaultKind::kDoubleFree, "double free of", "a double free"},
    {FaultKind::kBadFree, "bad free of", "a bad free"},
    {FaultKind::kFreeList, "free list broken at", "a broken free list"},
    {FaultKind::kBitFlip, "bit flip in", "a bit flip"},
    {FaultKind::kWildWrite, "wild write by", "a wild write"},
    {FaultKind::kNonlinearOverrun, "nonlinear overrun by", "a nonlinear overrun"},
    {FaultKind::kPageStomp, "page overwritten by", "an overwritten page"},
    {FaultKind::kUninitialised, "uninitialised memory used by", "uninitialised memory"},
    {FaultKind::kUnknown, "corruption by", "unknown"},
}};

const KindWords& WordsOf(FaultKind kind) {
  for (const KindWords& words : kKindWords)
    if (words.kind == kind) return words;
  return kKindWords.back();
}

std::string PlaceText(std::uint64_t address, bool physical) {
  return (physical ? "physical " : "") + AddressText(address);
}

std::string DamagePlace(const Incident& incident) { return PlaceText(incident.damage.start, !incident.page); }

double ProbabilityOfKind(const Incident& incident) {
  return incident.kind_probabilities.empty() ? 0 : incident.kind_probabilities.front().second;
}

std::string SourceWords(const std::string& source) {
  if (source == "module-scan") return "its code holds this tag";
  if (source == "tag-database") return "by the tag table";
  if (source == "pooltag.txt") return "by your file of tags";
  if (source == "verifier") return "its code allocated it, says Driver Verifier's record";
  if (source == "none") return "its code made the access";
  return Escaped(source);
}

std::string WithDriver(const Incident& incident, const Suspect& suspect) {
  const Owner owner = NameableOwner(incident, suspect);
  return owner.driver.empty() ? "" : " (" + Escaped(owner.driver) + ")";
}

/// The tag, or what else is known of a block whose tag is not.
std::string BlockName(const BlockReference& block) {
  if (block.structure != HeapStructureKind::kNone) return StructureWords(block.structure);
  if (block.tag.value != 0) return TagText(block.tag);
  return block.state == BlockState::kBig ? "a big allocation" : "a block of unknown tag";
}

std::string HardwareHeadline(const Incident& incident) {
  const std::string where = incident.victim ? " in " + BlockName(*incident.victim) : "";
  return fmt::format("bit flip at {}{}: hardware rather than a driver, {}, {}", DamagePlace(incident), where,
                     ConfidenceName(incident.confidence), Percent(ProbabilityOfKind(incident)));
}

std::string UnnamedHeadline(const Incident& incident) {
  const bool insufficient = incident.confidence == Confidence::kInsufficient;
  std::string text = fmt::format("corruption at {}: {}, no culprit named", DamagePlace(incident),
                                 insufficient ? "insufficient" : "no block to blame");
  if (incident.kind == FaultKind::kUnknown) return text + "; cause unknown";
  return text + fmt::format("; likely {} ({})", WordsOf(incident.kind).alone, Percent(ProbabilityOfKind(incident)));
}

}  // namespace

std::string StructureWords(HeapStructureKind kind) {
  switch (kind) {
    case HeapStructureKind::kPageSegment:
      return "the header of a page segment";
    case HeapStructureKind::kVsSubsegment:
      return "the header of a VS subsegment";
    case HeapStructureKind::kLfhSubsegment:
      return "the header of an LFH subsegment";
    case HeapStructureKind::kSlush:
      return "the slush behind a big allocation";
    case HeapStructureKind::kVerifierPointer:
      return "Driver Verifier's pointer at the block's end";
    case HeapStructureKind::kNone:
      break;
  }
  return "";
}

std::string TagText(PoolTag tag) {
  if (tag.plausible()) return "'" + Escaped(tag.text()) + "'";
  return tag.value == 0 ? "no tag" : "tag 0x" + tag.hex();
}

bool NamesCulprit(const Incident& incident) {
  if (incident.suspects.empty() || incident.kind == FaultKind::kBitFlip) return false;
  const Suspect& first = incident.suspects.front();
  return first.role == SuspectRole::kBlock && first.block && incident.confidence != Confidence::kInsufficient;
}

std::string Headline(const Incident& incident) {
  if (incident.kind == FaultKind::kBitFlip) return HardwareHeadline(incident);
  if (!NamesCulprit(incident)) return UnnamedHeadline(incident);
  const Suspect& first = incident.suspects.front();
  return fmt::format("{} {}{} at {}: {}, {}", WordsOf(first.kind).with_block, BlockName(*first.block),
                     WithDriver(incident, first), PlaceText(first.block->header, first.block->physical),
                     ConfidenceName(incident.confidence), Percent(first.probability));
}

std::string BlockText(const BlockReference& block) {
  const std::string size = block.size == 0 ? "size unknown" : Counted(block.size, "byte");
  const bool is_block = block.structure == HeapStructureKind::kNone;
  return fmt::format("{} at {}, {}{}, page offset 0x{:03x}", BlockName(block), PlaceText(block.header, block.physical),
                     size, is_block ? std::string(", ") + BlockStateName(block.state) : "", block.offset_in_page);
}

std::string SuspectText(const Incident& incident, const Suspect& suspect) {
  if (suspect.role == SuspectRole::kHardware) return "hardware (a bit flip)";
  if (suspect.role == SuspectRole::kUnknown || !suspect.block) {
    return suspect.kind == FaultKind::kUnknown ? "cause unknown"
                                               : std::string(WordsOf(suspect.kind).alone) + ", block unknown";
  }
  return fmt::format("{} {}{} at {}", WordsOf(suspect.kind).with_block, BlockName(*suspect.block),
                     WithDriver(incident, suspect), PlaceText(suspect.block->header, suspect.block->physical));
}

std::string OwnerText(const Incident& incident, const Suspect& suspect) {
  const Owner owner = NameableOwner(incident, suspect);
  if (owner.driver.empty()) return "";
  std::string text = Escaped(owner.driver);
  if (!owner.vendor.empty()) text += ", " + Escaped(owner.vendor);
  return text + " (" + SourceWords(owner.source) + ")";
}

}  // namespace poolblame::cli

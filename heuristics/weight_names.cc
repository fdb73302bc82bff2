#include "heuristics/weight_names.h"

#include <array>
#include <cstddef>

namespace poolblame {
namespace {

using W = Weight;

struct NamedWeight {
  Weight id;
  const char* name;
};

constexpr auto kNames = std::to_array<NamedWeight>({
    {W::kPriorOverrunHeader, "prior-overrun-header"},
    {W::kPriorOverrunSecondLeft, "prior-overrun-second-left"},
    {W::kPriorUnderrunHeader, "prior-underrun-header"},
    {W::kPriorBitFlipHeader, "prior-bit-flip-header"},
    {W::kPriorWildHeader, "prior-wild-header"},
    {W::kPriorPageStompHeader, "prior-page-stomp-header"},
    {W::kPriorUnknownHeader, "prior-unknown-header"},
    {W::kPriorUafLink, "prior-uaf-link"},
    {W::kPriorFreeListLink, "prior-free-list-link"},
    {W::kPriorDoubleFreeLink, "prior-double-free-link"},
    {W::kPriorOverrunLink, "prior-overrun-link"},
    {W::kPriorNonlinearLink, "prior-nonlinear-link"},
    {W::kPriorBitFlipLink, "prior-bit-flip-link"},
    {W::kPriorWildLink, "prior-wild-link"},
    {W::kPriorUnknownLink, "prior-unknown-link"},
    {W::kPriorUnderrunLink, "prior-underrun-link"},
    {W::kPriorPageStompLink, "prior-page-stomp-link"},
    {W::kPriorNonlinearPayload, "prior-nonlinear-payload"},
    {W::kPriorOverrunPayload, "prior-overrun-payload"},
    {W::kPriorOverrunCrossing, "prior-overrun-crossing"},
    {W::kPriorWildPayload, "prior-wild-payload"},
    {W::kPriorUnknownPayload, "prior-unknown-payload"},
    {W::kPriorDoubleFreeNamed, "prior-double-free-named"},
    {W::kPriorBadFreeNamed, "prior-bad-free-named"},
    {W::kPriorOverrunNamed, "prior-overrun-named"},
    {W::kPriorUnknownNamed, "prior-unknown-named"},
    {W::kPriorUafNamed, "prior-uaf-named"},
    {W::kPriorUninitialised, "prior-uninitialised"},
    {W::kPriorAlignedHeader, "prior-aligned-header"},
    {W::kDamagePrefix, "damage-prefix"},
    {W::kDamagePrefixWeak, "damage-prefix-weak"},
    {W::kDamageNotPrefix, "damage-not-prefix"},
    {W::kDamageSuffix, "damage-suffix"},
    {W::kDamageHeaderEnd, "damage-header-end"},
    {W::kDamageNotSuffix, "damage-not-suffix"},
    {W::kDamageRunLong, "damage-run-long"},
    {W::kCrossPage, "cross-page"},
    {W::kMiddleField, "middle-field"},
    {W::kNotOneStore, "not-one-store"},
    {W::kTagStore, "tag-store"},
    {W::kRunStartOverrun, "run-start-overrun"},
    {W::kRunStartUnderrun, "run-start-underrun"},
    {W::kRunStopOverrun, "run-stop-overrun"},
    {W::kRunStopUnderrun, "run-stop-underrun"},
    {W::kRunFitsOverrun, "run-fits-overrun"},
    {W::kRunFitsUnderrun, "run-fits-underrun"},
    {W::kRunFitsAligned, "run-fits-aligned"},
    {W::kContinuesPattern, "continues-pattern"},
    {W::kContinuesZero, "continues-zero"},
    {W::kContinuesText, "continues-text"},
    {W::kContinuesStride, "continues-stride"},
    {W::kStrideInSiblings, "stride-in-siblings"},
    {W::kOffByOneNul, "off-by-one-nul"},
    {W::kPointerIntoOwner, "pointer-into-owner"},
    {W::kSiblingBytes, "sibling-bytes"},
    {W::kUnderrunPattern, "underrun-pattern"},
    {W::kUnderrunZero, "underrun-zero"},
    {W::kCrossingRun, "crossing-run"},
    {W::kSmallChange, "small-change"},
    {W::kFilledToTheEnd, "filled-to-the-end"},
    {W::kTailUntouched, "tail-untouched"},
    {W::kCountOverCapacity, "count-over-capacity"},
    {W::kTailWrittenUnlikeSiblings, "tail-written-unlike-siblings"},
    {W::kSmallestOfItsTag, "smallest-of-its-tag"},
    {W::kThirdPartyTag, "third-party-tag"},
    {W::kUnknownTag, "unknown-tag"},
    {W::kGenericTag, "generic-tag"},
    {W::kSystemTag, "system-tag"},
    {W::kSuspectIsFree, "suspect-is-free"},
    {W::kHoldsNothing, "holds-nothing"},
    {W::kFreeHeaderIntact, "free-header-intact"},
    {W::kFreeHeaderDamaged, "free-header-damaged"},
    {W::kSelfLink, "self-link"},
    {W::kSelfLinkInUse, "self-link-in-use"},
    {W::kListRing, "list-ring"},
    {W::kListRingOthers, "list-ring-others"},
    {W::kTypeBitFromInUse, "type-bit-from-in-use"},
    {W::kDataInLink, "data-in-link"},
    {W::kPointerInLink, "pointer-in-link"},
    {W::kFreedStateIntact, "freed-state-intact"},
    {W::kSingleBit, "single-bit"},
    {W::kSameBitColumn, "same-bit-column"},
    {W::kManyBits, "many-bits"},
    {W::kSingleBitUnexplained, "single-bit-unexplained"},
    {W::kCrashNamesDoubleFree, "crash-names-double-free"},
    {W::kCrashNamesOverrun, "crash-names-overrun"},
    {W::kCrashNamesUnderrun, "crash-names-underrun"},
    {W::kCrashNamesFreeList, "crash-names-free-list"},
    {W::kCrashNamesBadFree, "crash-names-bad-free"},
    {W::kCrashNamesHardware, "crash-names-hardware"},
    {W::kNothingDamaged, "nothing-damaged"},
    {W::kForeignAlignment, "foreign-alignment"},
    {W::kPriorSlopOwner, "prior-slop-owner"},
    {W::kPriorFillerOwner, "prior-filler-owner"},
    {W::kPriorSpecialHeaderOwner, "prior-special-header-owner"},
    {W::kPriorSpecialWild, "prior-special-wild"},
    {W::kPriorSpecialFlip, "prior-special-flip"},
    {W::kPriorSpecialUnknown, "prior-special-unknown"},
    {W::kPriorTrappedOwner, "prior-trapped-owner"},
    {W::kPriorTrappedWild, "prior-trapped-wild"},
    {W::kPriorSpecialDoubleFree, "prior-special-double-free"},
    {W::kPriorSpecialBadFree, "prior-special-bad-free"},
    {W::kSlopFromTheEnd, "slop-from-the-end"},
    {W::kSlopAwayFromTheEnd, "slop-away-from-the-end"},
    {W::kFillerUpToData, "filler-up-to-data"},
    {W::kFillerAwayFromData, "filler-away-from-data"},
    {W::kAtTheGuardPage, "at-the-guard-page"},
    {W::kDataGoesOnInFiller, "data-goes-on-in-filler"},
    {W::kAloneOnItsPage, "alone-on-its-page"},
    {W::kRecordOfTheFree, "record-of-the-free"},
    {W::kOneBitOfFiller, "one-bit-of-filler"},
    {W::kOneBitOfFillerWritten, "one-bit-of-filler-written"},
    {W::kManyBitsOfFiller, "many-bits-of-filler"},
    {W::kFaultingDriver, "faulting-driver"},
    {W::kFaultingOtherCode, "faulting-other-code"},
    {W::kSpecialCrashSaysSo, "special-crash-says-so"},
    {W::kAllocationIsRecorded, "allocation-is-recorded"},
    {W::kTrackedEndOverwritten, "tracked-end-overwritten"},
    {W::kTrackedEndIntact, "tracked-end-intact"},
});

static_assert(kNames.size() == static_cast<std::size_t>(W::kCount), "one name for each weight");

constexpr bool NamesStandInEnumOrder() {
  for (std::size_t i = 0; i < kNames.size(); ++i)
    if (kNames[i].id != static_cast<W>(i)) return false;
  return true;
}
static_assert(NamesStandInEnumOrder());

}  // namespace

const char* WeightName(Weight id) { return kNames[static_cast<std::size_t>(id)].name; }

const char* SignalGroupName(SignalGroup group) {
  switch (group) {
    case SignalGroup::kPrior:
      return "prior";
    case SignalGroup::kExtent:
      return "extent";
    case SignalGroup::kStart:
      return "start";
    case SignalGroup::kStop:
      return "stop";
    case SignalGroup::kRun:
      return "run";
    case SignalGroup::kContent:
      return "content";
    case SignalGroup::kSize:
      return "size";
    case SignalGroup::kOwnership:
      return "ownership";
    case SignalGroup::kAllocator:
      return "allocator";
    case SignalGroup::kHardware:
      return "hardware";
    case SignalGroup::kCrash:
      break;
  }
  return "crash";
}

}  // namespace poolblame

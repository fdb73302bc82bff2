// The one table of weights. A signal says what it saw; what that is worth stands here, with what earned it, and nowhere
// else. Fitting (tests/evaluation/fit.py) changes this table only.
#pragma once

#include <cstdint>
#include <span>
#include <string_view>

namespace poolblame {

/// Signals of one group speak of the same fact; inside a group only the best and the worst vote count.
enum class SignalGroup {
  kPrior,
  kExtent,
  kStart,
  kStop,
  kRun,
  kContent,
  kSize,
  kOwnership,
  kAllocator,
  kHardware,
  kCrash
};

/// One row of the table. Names are "signal/variant"; the part before the slash is the signal's file.
enum class Weight {
  // Priors: how often such a fault happens, given this kind of damage and nothing else.
  kPriorOverrunHeader,
  kPriorOverrunSecondLeft,
  kPriorUnderrunHeader,
  kPriorBitFlipHeader,
  kPriorWildHeader,
  kPriorPageStompHeader,
  kPriorUnknownHeader,
  kPriorUafLink,
  kPriorFreeListLink,
  kPriorDoubleFreeLink,
  kPriorOverrunLink,
  kPriorNonlinearLink,
  kPriorBitFlipLink,
  kPriorWildLink,
  kPriorUnknownLink,
  kPriorUnderrunLink,
  kPriorPageStompLink,
  kPriorNonlinearPayload,
  kPriorOverrunPayload,
  kPriorOverrunCrossing,
  kPriorWildPayload,
  kPriorUnknownPayload,
  kPriorDoubleFreeNamed,
  kPriorBadFreeNamed,
  kPriorOverrunNamed,
  kPriorUnknownNamed,
  kPriorUafNamed,
  kPriorUninitialised,
  kPriorAlignedHeader,
  // A: where the damage starts and stops.
  kDamagePrefix,
  kDamagePrefixWeak,
  kDamageNotPrefix,
  kDamageSuffix,
  kDamageHeaderEnd,
  kDamageNotSuffix,
  kDamageRunLong,
  kCrossPage,
  kMiddleField,
  kNotOneStore,
  kTagStore,
  kRunStartOverrun,
  kRunStartUnderrun,
  kRunStopOverrun,
  kRunStopUnderrun,
  kRunFitsOverrun,
  kRunFitsUnderrun,
  kRunFitsAligned,
  // B: what was written.
  kContinuesPattern,
  kContinuesZero,
  kContinuesText,
  kContinuesStride,
  kStrideInSiblings,
  kOffByOneNul,
  kPointerIntoOwner,
  kSiblingBytes,
  kUnderrunPattern,
  kUnderrunZero,
  kCrossingRun,
  kSmallChange,
  // C: sizes.
  kFilledToTheEnd,
  kTailUntouched,
  kCountOverCapacity,
  kTailWrittenUnlikeSiblings,
  kSmallestOfItsTag,
  // D: ownership.
  kThirdPartyTag,
  kUnknownTag,
  kGenericTag,
  kSystemTag,
  // E: allocator state.
  kSuspectIsFree,
  kHoldsNothing,
  kFreeHeaderIntact,
  kFreeHeaderDamaged,
  kSelfLink,
  kSelfLinkInUse,
  kListRing,
  kListRingOthers,
  kTypeBitFromInUse,
  kDataInLink,
  kPointerInLink,
  kFreedStateIntact,
  // F: hardware.
  kSingleBit,
  kSameBitColumn,
  kManyBits,
  kSingleBitUnexplained,
  // G: crash context.
  kCrashNamesDoubleFree,
  kCrashNamesOverrun,
  kCrashNamesUnderrun,
  kCrashNamesFreeList,
  kCrashNamesBadFree,
  kCrashNamesHardware,
  kNothingDamaged,
  kForeignAlignment,
  // H: special pool, priors first.
  kPriorSlopOwner,
  kPriorFillerOwner,
  kPriorSpecialHeaderOwner,
  kPriorSpecialWild,
  kPriorSpecialFlip,
  kPriorSpecialUnknown,
  kPriorTrappedOwner,
  kPriorTrappedWild,
  kPriorSpecialDoubleFree,
  kPriorSpecialBadFree,
  kSlopFromTheEnd,
  kSlopAwayFromTheEnd,
  kFillerUpToData,
  kFillerAwayFromData,
  kAtTheGuardPage,
  kDataGoesOnInFiller,
  kAloneOnItsPage,
  kRecordOfTheFree,
  kOneBitOfFiller,
  kOneBitOfFillerWritten,
  kManyBitsOfFiller,
  kFaultingDriver,
  kFaultingOtherCode,
  kSpecialCrashSaysSo,
  // I: of any pool.
  kAllocationIsRecorded,
  kTrackedEndOverwritten,
  kTrackedEndIntact,
  kCount,
};

struct WeightRow {
  Weight id;
  SignalGroup group;
  double log_odds;          // natural log, for a vote of strength 1
  std::string_view earned;  // why this number: the evidence behind it
  /// Images of the fitting seeds in which this row told hypotheses apart; 0 = set by hand, as `earned` argues.
  std::uint32_t images = 0;
};

/// The row of `id`. Cost: one array access.
const WeightRow& WeightOf(Weight id);
/// All rows in enum order.
std::span<const WeightRow> AllWeights();

/// Largest sum, up or down, that the ownership group may add: log 4 (a tag's fame is not evidence).
inline constexpr double kOwnershipCap = 1.386;

}  // namespace poolblame

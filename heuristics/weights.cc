#include "heuristics/weights.h"

#include <array>
#include <cstddef>

namespace poolblame {
namespace {

using G = SignalGroup;
using W = Weight;

// Natural-log odds. The starting values were the likelihood ratios argued for each signal in the public literature on
// heap corruption (Exterminator's priors, the bug-check documentation's "usually the preceding block"); the numbers
// here are those values as tests/evaluation/fit.py moved them, in several rounds, on 12,000 images of the fitting
// seeds. Rows too rare there kept their starting value.
constexpr std::array kRows = {
    WeightRow{W::kPriorOverrunHeader, G::kPrior, -1.15,
              "a damaged header is usually the work of the block before (0x19 documentation)"},
    WeightRow{W::kPriorOverrunSecondLeft, G::kPrior, -2.11,
              "one block further only when the one between was rewritten with its own values"},
    WeightRow{W::kPriorUnderrunHeader, G::kPrior, -2.0,
              "underruns are rarer than overruns (special-pool documentation); fitted "
              "-2.6, raised so that the rare kind is not lost wherever the bytes leave it open"},
    WeightRow{W::kPriorBitFlipHeader, G::kPrior, -4.95,
              "memory faults are rare beside driver faults (Nightingale et al., EuroSys 2011)"},
    WeightRow{W::kPriorWildHeader, G::kPrior, -2.22,
              "a stray write hits a header about as often as its share of the page"},
    WeightRow{W::kPriorPageStompHeader, G::kPrior, -1.38, "whole-page damage from a device or a wrong MDL is rare"},
    WeightRow{W::kPriorUnknownHeader, G::kPrior, -6.31, "what no hypothesis covers"},
    WeightRow{W::kPriorUafLink, G::kPrior, -0.84, "links behind a sound header: the last owner first"},
    WeightRow{W::kPriorFreeListLink, G::kPrior, -3.57, "the list itself was mishandled"},
    WeightRow{W::kPriorDoubleFreeLink, G::kPrior, -4.1, "seen in links only when the block is on the list twice"},
    WeightRow{W::kPriorOverrunLink, G::kPrior, -2.63, "an overrun that reaches links has to cross the header first"},
    WeightRow{W::kPriorNonlinearLink, G::kPrior, -4, "an index that jumps over the header"},
    WeightRow{W::kPriorBitFlipLink, G::kPrior, -1.52, "as for headers"},
    WeightRow{W::kPriorWildLink, G::kPrior, -2.06, "as for headers"},
    WeightRow{W::kPriorUnknownLink, G::kPrior, -3.59, "what no hypothesis covers"},
    WeightRow{W::kPriorUnderrunLink, G::kPrior, 0.78,
              "links of a free block and the next header: a write that ran down"},
    WeightRow{W::kPriorPageStompLink, G::kPrior, -2.18, "or foreign content"},
    WeightRow{W::kPriorNonlinearPayload, G::kPrior, -1.09,
              "payload differs from every sibling behind a sound header: an index jumped over it"},
    WeightRow{W::kPriorOverrunPayload, G::kPrior, -1.5, "or the overrun wrote the header back as it was"},
    WeightRow{W::kPriorWildPayload, G::kPrior, -1.52, "or a stray write"},
    WeightRow{W::kPriorUnknownPayload, G::kPrior, -1.52, "or nothing is wrong with it"},
    WeightRow{W::kPriorDoubleFreeNamed, G::kPrior, -0.19,
              "0xC2/7 with a sound header of a free block is what a double free looks like"},
    WeightRow{W::kPriorBadFreeNamed, G::kPrior, -0.18, "the bug check says that the pointer is no block's start"},
    WeightRow{W::kPriorOverrunNamed, G::kPrior, -4.06, "an overrun that leaves the header sound and free"},
    WeightRow{W::kPriorUnknownNamed, G::kPrior, -2.23, "what no hypothesis covers"},
    WeightRow{W::kPriorUninitialised, G::kPrior, -3.3, "pages that nobody initialised are rare"},
    WeightRow{W::kDamagePrefix, G::kExtent, 0.44,
              "a stray write starts on exactly this byte in one of 8 to 16 places of a header"},
    WeightRow{W::kDamagePrefixWeak, G::kExtent, 1, "the same with a byte that fits by chance"},
    WeightRow{W::kDamageNotPrefix, G::kExtent, -0.33,
              "a nat of surprise: header bytes a linear write would have changed"},
    WeightRow{W::kDamageSuffix, G::kExtent, 0.22, "the mirror image of a prefix"},
    WeightRow{W::kDamageNotSuffix, G::kExtent, -0.33, "the mirror image"},
    WeightRow{W::kDamageRunLong, G::kExtent, 0.65, "one content through several headers starts where it starts"},
    WeightRow{W::kCrossPage, G::kExtent, 2.34, "block end, page end and damage start meet"},
    WeightRow{W::kMiddleField, G::kExtent, 0.67, "only one field is hit"},
    WeightRow{W::kRunStartOverrun, G::kStart, 0.89,
              "nats of the model of what memory holds: who overruns a buffer has mostly filled it"},
    WeightRow{W::kRunStartUnderrun, G::kStart, 0.91, "the same nats: the write began inside the block below"},
    WeightRow{W::kRunStopOverrun, G::kStop, 0.46, "nats of that model, discounted: the stop is less well seen"},
    WeightRow{W::kRunStopUnderrun, G::kStop, 0.42, "the same nats: it stopped where the data begins"},
    WeightRow{W::kRunFitsOverrun, G::kRun, 0.64, "nats of that model: the owner went on with what it always writes"},
    WeightRow{W::kRunFitsUnderrun, G::kRun, 0.51, "the same nats: what the owner writes stands shifted"},
    WeightRow{W::kContinuesPattern, G::kContent, 0.18, "chance 1/64 a byte; five bytes or more"},
    WeightRow{W::kContinuesZero, G::kContent, 1.31, "zeros stand everywhere: 2 to 3"},
    WeightRow{W::kContinuesText, G::kContent, 0.08, "text that crosses a boundary in the middle of a string"},
    WeightRow{W::kContinuesStride, G::kContent, 0.34, "records in phase"},
    WeightRow{W::kOffByOneNul, G::kContent, 6.84, "one NUL behind a full string: 20 to 40"},
    WeightRow{W::kPointerFamily, G::kContent, 0.34, "pointers to the same places: 5"},
    WeightRow{W::kPointerIntoOwner, G::kContent, 2.24, "a pointer into the suspect: 20 to 50"},
    WeightRow{W::kSharedValue, G::kContent, 0.4, "one distinctive dword: 10"},
    WeightRow{W::kSiblingBytes, G::kContent, 1.35, "the bytes a bigger sibling has there"},
    WeightRow{W::kUnderrunPattern, G::kContent, 0.26, "mirror of continues-pattern"},
    WeightRow{W::kUnderrunZero, G::kContent, 0.43, "mirror of continues-zero"},
    WeightRow{W::kVictimFieldValue, G::kContent, 0.28, "the field value of live siblings"},
    WeightRow{W::kSmallChange, G::kContent, 1.51, "a counter in freed memory: 10"},
    WeightRow{W::kFilledToTheEnd, G::kSize, 0.28, "full blocks are common"},
    WeightRow{W::kTailUntouched, G::kSize, -1.93, "a linear write fills the end first"},
    WeightRow{W::kCountOverCapacity, G::kSize, 3.9, "three fields agree: 50"},
    WeightRow{W::kTailWrittenUnlikeSiblings, G::kSize, 1.55, "5 to 10"},
    WeightRow{W::kThirdPartyTag, G::kOwnership, 0.4, "guilty somewhat more often"},
    WeightRow{W::kUnknownTag, G::kOwnership, 0.08, "guilty a little more often"},
    WeightRow{W::kGenericTag, G::kOwnership, -0.46, "shows no owner"},
    WeightRow{W::kSystemTag, G::kOwnership, -0.1, "well tested, and widespread"},
    WeightRow{W::kSuspectIsFree, G::kAllocator, -8.59, "it may have been freed since"},
    WeightRow{W::kHoldsNothing, G::kAllocator, -9.73, "nobody writes to a block without data"},
    WeightRow{W::kFreeHeaderIntact, G::kAllocator, 2.35, "damage inside freed memory only: 10 for the last owner"},
    WeightRow{W::kFreeHeaderDamaged, G::kAllocator, 0.65,
              "header and links of the free block: 10 for the block before"},
    WeightRow{W::kSelfLink, G::kAllocator, 12.74, "only an entry inserted twice leads to itself"},
    WeightRow{W::kDataInLink, G::kAllocator, 0.42, "no list code writes data"},
    WeightRow{W::kPointerInLink, G::kCrash, 12.22, "only list code writes the address of another entry"},
    WeightRow{W::kFreedStateIntact, G::kAllocator, 3.34, "a sound header of a freed block: 20 with the bug check"},
    WeightRow{W::kSingleBit, G::kHardware, 2.9, "one bit of a whole word: 30 to 100"},
    WeightRow{W::kManyBits, G::kHardware, -0.55, "memory faults flip one bit, rarely two"},
    WeightRow{W::kSingleBitUnexplained, G::kHardware, -5.1,
              "a written byte differs in one bit only about once in thirty"},
    WeightRow{W::kCrashNamesDoubleFree, G::kCrash, 2.26, "sub-code"},
    WeightRow{W::kCrashNamesOverrun, G::kCrash, 0.19, "sub-code"},
    WeightRow{W::kCrashNamesUnderrun, G::kCrash, 0.35, "the check saw a damaged header, whoever wrote it"},
    WeightRow{W::kCrashNamesFreeList, G::kCrash, 0.36, "sub-code: the list was checked, not the header"},
    WeightRow{W::kCrashNamesBadFree, G::kCrash, 4.74, "sub-code"},
    WeightRow{W::kCrashNamesHardware, G::kCrash, 1.0, "sub-code"},
    WeightRow{W::kForeignAlignment, G::kExtent, 6.24, "sector alignment: one in 32 by chance"},
};

static_assert(kRows.size() == static_cast<std::size_t>(W::kCount), "one row for each weight");

constexpr bool RowsStandInEnumOrder() {
  for (std::size_t i = 0; i < kRows.size(); ++i)
    if (kRows[i].id != static_cast<W>(i)) return false;
  return true;
}
static_assert(RowsStandInEnumOrder());

}  // namespace

const WeightRow& WeightOf(Weight id) { return kRows[static_cast<std::size_t>(id)]; }

std::span<const WeightRow> AllWeights() { return kRows; }

}  // namespace poolblame

#include "heuristics/weights.h"

#include <array>
#include <cstddef>

namespace poolblame {
namespace {

using G = SignalGroup;
using W = Weight;

// Natural-log odds. The starting values were the likelihood ratios argued for each signal in the public literature on
// heap corruption (Exterminator's priors, the bug-check documentation's "usually the preceding block"). A number at a
// row's end says that tests/evaluation/fit.py moved those values, and in how many images of the fitting seeds the row
// tells hypotheses apart; rows without one are set by hand.
constexpr std::array kRows = {
    WeightRow{W::kPriorOverrunHeader, G::kPrior, -1.42,
              "a damaged header is usually the work of the block before (0x19 documentation)", 5250},
    WeightRow{W::kPriorOverrunSecondLeft, G::kPrior, -1.99,
              "one block further only when the one between was rewritten with its own values", 5055},
    WeightRow{W::kPriorUnderrunHeader, G::kPrior, -2.65,
              "underruns are rarer than overruns (special-pool documentation); the fit is flat from -2.4 to -2.7, and "
              "where the bytes leave it open the commoner kind is the answer",
              5001},
    WeightRow{W::kPriorBitFlipHeader, G::kPrior, -4.72,
              "memory faults are rare beside driver faults (Nightingale et al., EuroSys 2011)", 5264},
    WeightRow{W::kPriorWildHeader, G::kPrior, -2.58,
              "a stray write hits a header about as often as its share of the page", 5264},
    WeightRow{W::kPriorPageStompHeader, G::kPrior, -1.03, "whole-page damage from a device or a wrong MDL is rare",
              361},
    WeightRow{W::kPriorUnknownHeader, G::kPrior, -6.71, "what no hypothesis covers", 5264},
    WeightRow{W::kPriorUafLink, G::kPrior, -0.72, "links behind a sound header: the last owner first", 989},
    WeightRow{W::kPriorFreeListLink, G::kPrior, -3.91, "the list itself was mishandled", 992},
    WeightRow{W::kPriorDoubleFreeLink, G::kPrior, -4.68, "seen in links only when the block is on the list twice", 992},
    WeightRow{W::kPriorOverrunLink, G::kPrior, -2.29, "an overrun that reaches links has to cross the header first",
              977},
    WeightRow{W::kPriorNonlinearLink, G::kPrior, -4.07, "an index that jumps over the header", 977},
    WeightRow{W::kPriorBitFlipLink, G::kPrior, -1.59, "as for headers", 989},
    WeightRow{W::kPriorWildLink, G::kPrior, -1.72, "as for headers", 989},
    WeightRow{W::kPriorUnknownLink, G::kPrior, -3.71, "what no hypothesis covers", 992},
    WeightRow{W::kPriorUnderrunLink, G::kPrior, 1.24,
              "links of a free block and the next header: a write that ran down", 9},
    WeightRow{W::kPriorPageStompLink, G::kPrior, -2.21, "or foreign content", 9},
    WeightRow{W::kPriorNonlinearPayload, G::kPrior, -1.01,
              "payload differs from every sibling behind a sound header: an index jumped over it"},
    WeightRow{W::kPriorOverrunPayload, G::kPrior, -1.5,
              "or the overrun wrote the header back as it was; argued, as these four are"},
    WeightRow{W::kPriorOverrunCrossing, G::kPrior, -0.4,
              "the front of a block is unlike all others of its tag and like the end of the block below"},
    WeightRow{W::kPriorWildPayload, G::kPrior, -1.56, "or a stray write"},
    WeightRow{W::kPriorUnknownPayload, G::kPrior, -1.56, "or nothing is wrong with it"},
    WeightRow{W::kPriorDoubleFreeNamed, G::kPrior, -0.05,
              "0xC2/7 with a sound header of a free block is what a double free looks like", 362},
    WeightRow{W::kPriorBadFreeNamed, G::kPrior, -0.17, "the bug check says that the pointer is no block's start", 103},
    WeightRow{W::kPriorOverrunNamed, G::kPrior, -4.00, "an overrun that leaves the header sound and free", 462},
    WeightRow{W::kPriorUnknownNamed, G::kPrior, -2.54, "what no hypothesis covers", 474},
    WeightRow{W::kPriorUafNamed, G::kPrior, -4.06,
              "a freed block that the heap complains of and that shows nothing; argued, as for the overrun above"},
    WeightRow{W::kPriorUninitialised, G::kPrior, -2.94, "pages that nobody initialised are rare", 20},
    WeightRow{W::kPriorAlignedHeader, G::kPrior, -3.5,
              "a device's stray lines and sectors are rare; argued, below whole pages"},
    WeightRow{W::kDamagePrefix, G::kExtent, 0.67,
              "a stray write starts on exactly this byte in one of 8 to 16 places of a header", 4616},
    WeightRow{W::kDamagePrefixWeak, G::kExtent, 1.00, "the same with a byte that fits by chance", 5},
    WeightRow{W::kDamageNotPrefix, G::kExtent, -0.19,
              "a nat of surprise: header bytes a linear write would have changed", 5984},
    WeightRow{W::kDamageSuffix, G::kExtent, 0.00, "the mirror image of a prefix", 1091},
    WeightRow{W::kDamageHeaderEnd, G::kExtent, 0.50,
              "damage that starts inside a header and stops where its data begin", 411},
    WeightRow{W::kDamageNotSuffix, G::kExtent, -0.28, "the mirror image", 2086},
    WeightRow{W::kDamageRunLong, G::kExtent, 0.67, "one content through several headers starts where it starts", 402},
    WeightRow{W::kCrossPage, G::kExtent, 2.81, "block end, page end and damage start meet", 657},
    WeightRow{W::kMiddleField, G::kExtent, 0.97, "only one field is hit", 366},
    WeightRow{W::kNotOneStore, G::kExtent, -0.66, "nats: a stray pointer is written through by one aligned store", 212},
    WeightRow{W::kTagStore, G::kExtent, 1.50,
              "a stray pointer is mostly written through by four bytes; few underruns begin with the tag", 88},
    WeightRow{W::kRunStartOverrun, G::kStart, 0.72,
              "nats of the model of what memory holds: who overruns a buffer has mostly filled it", 1900},
    WeightRow{W::kRunStartUnderrun, G::kStart, 1.28, "the same nats: the write began inside the block below", 1445},
    WeightRow{W::kRunStopOverrun, G::kStop, 0.55, "nats of that model, discounted: the stop is less well seen", 1947},
    WeightRow{W::kRunStopUnderrun, G::kStop, 0.49, "the same nats: it stopped where the data begins", 1156},
    WeightRow{W::kRunFitsOverrun, G::kRun, 0.47, "nats of that model: the owner went on with what it always writes",
              2170},
    WeightRow{W::kRunFitsUnderrun, G::kRun, 0.49, "the same nats: what the owner writes stands shifted", 983},
    WeightRow{W::kRunFitsAligned, G::kRun, 0.7, "the same nats: it starts and stops with a cache line or a sector"},
    WeightRow{W::kContinuesPattern, G::kContent, 0.23, "chance 1/64 a byte; five bytes or more", 422},
    WeightRow{W::kContinuesZero, G::kContent, 0.61, "zeros stand everywhere: 2 to 3", 567},
    WeightRow{W::kContinuesText, G::kContent, 0.50, "text that crosses a boundary in the middle of a string", 1221},
    WeightRow{W::kContinuesStride, G::kContent, 0.23, "records in phase", 382},
    WeightRow{W::kStrideInSiblings, G::kContent, 0.70,
              "records of a size that the tag's other blocks have: 50, discounted", 55},
    WeightRow{W::kOffByOneNul, G::kContent, 7.39, "one NUL behind a full string: 20 to 40", 246},
    WeightRow{W::kPointerIntoOwner, G::kContent, 2.18, "a pointer into the suspect: 20 to 50", 6},
    WeightRow{W::kSiblingBytes, G::kContent, 1.39, "the bytes a bigger sibling has there", 174},
    WeightRow{W::kUnderrunPattern, G::kContent, 0.46, "mirror of continues-pattern", 472},
    WeightRow{W::kUnderrunZero, G::kContent, 0.41, "mirror of continues-zero", 313},
    WeightRow{W::kCrossingRun, G::kContent, 1.5, "five nats for a write over both blocks against none"},
    WeightRow{W::kSmallChange, G::kContent, 1.64, "a counter in freed memory: 10", 52},
    WeightRow{W::kFilledToTheEnd, G::kSize, 0.34, "full blocks are common", 4094},
    WeightRow{W::kTailUntouched, G::kSize, -1.87, "a linear write fills the end first", 1960},
    WeightRow{W::kCountOverCapacity, G::kSize, 3.90, "three fields agree: 50", 1},
    WeightRow{W::kTailWrittenUnlikeSiblings, G::kSize, 0.83, "5 to 10", 99},
    WeightRow{W::kSmallestOfItsTag, G::kSize, 0.65, "5, discounted: some tags are shared by many structures", 88},
    WeightRow{W::kThirdPartyTag, G::kOwnership, 0.4, "guilty somewhat more often; in the corpus tags do not matter"},
    WeightRow{W::kUnknownTag, G::kOwnership, 0.08, "guilty a little more often; as above"},
    WeightRow{W::kGenericTag, G::kOwnership, -0.38, "shows no owner; as above"},
    WeightRow{W::kSystemTag, G::kOwnership, -0.1, "well tested, and widespread; as above"},
    WeightRow{W::kSuspectIsFree, G::kAllocator, -9.75, "it may have been freed since", 997},
    WeightRow{W::kHoldsNothing, G::kAllocator, -10.92, "nobody writes to a block without data", 219},
    WeightRow{W::kFreeHeaderIntact, G::kAllocator, 2.78, "damage inside freed memory only: 10 for the last owner", 796},
    WeightRow{W::kFreeHeaderDamaged, G::kAllocator, 0.49, "header and links of the free block: 10 for the block before",
              2},
    WeightRow{W::kSelfLink, G::kAllocator, 13.58, "only an entry inserted twice leads to itself", 160},
    WeightRow{W::kSelfLinkInUse, G::kAllocator, 7,
              "1000, below the fit: in our corpus no object begins with its own address"},
    WeightRow{W::kListRing, G::kAllocator, 9, "a list leads back to its own block only after a second free; argued"},
    WeightRow{W::kListRingOthers, G::kHardware, 1, "log of how many other blocks of the ring it may have been"},
    WeightRow{W::kTypeBitFromInUse, G::kAllocator, 3.97, "a stale write seldom covers both links: 20", 10},
    WeightRow{W::kDataInLink, G::kAllocator, 0.35, "no list code writes data", 240},
    WeightRow{W::kPointerInLink, G::kCrash, 12.82, "only list code writes the address of another entry", 283},
    WeightRow{W::kFreedStateIntact, G::kAllocator, 3.69, "a sound header of a freed block: 20 with the bug check", 348},
    WeightRow{W::kSingleBit, G::kHardware, 3.62, "one bit of a whole word: 30 to 100", 717},
    WeightRow{W::kSameBitColumn, G::kHardware, 5.3, "two flips of one data line: 100 and more; not in the corpus"},
    WeightRow{W::kManyBits, G::kHardware, -0.64, "memory faults flip one bit, rarely two", 5535},
    WeightRow{W::kSingleBitUnexplained, G::kHardware, -3.76,
              "a written byte differs in one bit only about once in thirty", 717},
    WeightRow{W::kCrashNamesDoubleFree, G::kCrash, 2.77, "sub-code", 360},
    WeightRow{W::kCrashNamesOverrun, G::kCrash, 0.00, "sub-code", 982},
    WeightRow{W::kCrashNamesUnderrun, G::kCrash, 0.05, "the check saw a damaged header, whoever wrote it", 2305},
    WeightRow{W::kCrashNamesFreeList, G::kCrash, 0.16, "sub-code: the list was checked, not the header", 156},
    WeightRow{W::kCrashNamesBadFree, G::kCrash, 5.29, "sub-code", 103},
    WeightRow{W::kCrashNamesHardware, G::kCrash, 1.0, "sub-code; not in the corpus"},
    WeightRow{W::kNothingDamaged, G::kCrash, 0, "says what was looked at, for the reader only"},
    WeightRow{W::kForeignAlignment, G::kExtent, 5.41, "sector alignment: one in 32 by chance", 105},
    // Special pool. Argued, not fitted: the corpus of the fit has none. Where a row says 1 in N, its number is log N.
    WeightRow{W::kPriorSlopOwner, G::kPrior, 0, "the bytes behind the data are reached by the block's users first"},
    WeightRow{W::kPriorFillerOwner, G::kPrior, -0.7,
              "0xC1/23 documentation: the owner likely, not certainly; half as often as behind the data"},
    WeightRow{W::kPriorSpecialHeaderOwner, G::kPrior, -1.6,
              "the header is far from the data, or behind its slop: 1 in 5"},
    WeightRow{W::kPriorSpecialWild, G::kPrior, -2.3, "a stray write meets one of the few special pages: 1 in 10"},
    WeightRow{W::kPriorSpecialFlip, G::kPrior, -4.6, "memory faults are rare beside driver faults: 1 in 100"},
    WeightRow{W::kPriorSpecialUnknown, G::kPrior, -5, "what no hypothesis covers"},
    WeightRow{W::kPriorTrappedOwner, G::kPrior, 0, "who meets a guard page or a freed page was using that block"},
    WeightRow{W::kPriorTrappedWild, G::kPrior, -3, "a stray pointer meets such a page by chance: 1 in 20"},
    WeightRow{W::kPriorSpecialDoubleFree, G::kPrior, -0.3, "0xC1/20 documentation: freed before, mostly"},
    WeightRow{W::kPriorSpecialBadFree, G::kPrior, -1.2, "or never allocated: 1 in 4"},
    WeightRow{W::kSlopFromTheEnd, G::kExtent, 1.5, "a stray write starts on this byte in one of 5 to 15 places"},
    WeightRow{W::kSlopAwayFromTheEnd, G::kExtent, -2, "a linear write leaves no gap: 1 in 8 for each 8 bytes"},
    WeightRow{W::kFillerUpToData, G::kExtent, 2.0, "a stray write ends on this byte once in hundreds, a flip too"},
    WeightRow{W::kFillerAwayFromData, G::kExtent, -2.5, "an underrun starts at the data: 1 in 12 for each 32 bytes"},
    WeightRow{W::kAtTheGuardPage, G::kExtent, 1.5, "the first bytes behind the edge: a linear access, not a stray one"},
    WeightRow{W::kDataGoesOnInFiller, G::kContent, 1.5, "two bytes of one pattern on both sides: 1 in 256, discounted"},
    WeightRow{W::kAloneOnItsPage, G::kAllocator, 2.5, "no neighbour can have run into it: 12"},
    WeightRow{W::kRecordOfTheFree, G::kAllocator, 3, "the allocator's own record of this block: 20"},
    WeightRow{W::kOneBitOfFiller, G::kHardware, 6, "one bit of all the filler: 100 and more, as in 0xC1/32"},
    WeightRow{W::kOneBitOfFillerWritten, G::kHardware, -3.4, "8 of 255 written bytes are one bit from the filler"},
    WeightRow{W::kManyBitsOfFiller, G::kHardware, -4, "memory faults flip one bit, seldom more"},
    WeightRow{W::kFaultingDriver, G::kCrash, 5, "the instruction itself: 100 and more"},
    WeightRow{W::kFaultingOtherCode, G::kCrash, 1.5, "the kernel or unknown code, with somebody's pointer: 5"},
    WeightRow{W::kSpecialCrashSaysSo, G::kCrash, 1.5, "the kernel compared the filler byte by byte: 5"},
    WeightRow{W::kAllocationIsRecorded, G::kOwnership, 0, "tells who allocated, not who wrote: for the reader only"},
    WeightRow{W::kTrackedEndOverwritten, G::kExtent, 2,
              "an underrun of 24 bytes or more does so, too; a stray write hardly: 8"},
    WeightRow{W::kTrackedEndIntact, G::kExtent, -3,
              "a linear write passes them, unless its first byte lies behind: 1 in 20"},
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

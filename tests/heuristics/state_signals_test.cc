// What the allocator, the bug check, the bits and the tag say: groups E, F, G and D.
#include <gtest/gtest.h>

#include "tests/heuristics/stage.h"

namespace poolblame::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;

PageBuilder Page() { return PageBuilder(Windows::kSeven64); }

std::vector<Vote> On(Stage& stage, SignalFunction signal, FaultKind kind) {
  const Scene scene = stage.Scene();
  return VotesOf(signal, scene, HypothesisOf(scene, kind));
}

/// A free block `Gone` at 0x80 whose first link was overwritten with `link`.
Stage& WithLink(Stage& stage, std::uint64_t link) {
  return stage.Add(Page().Block("Left", 0x80).FreeBlock("Gone", 0x80).OverwritePayload(0, Word(link, 8)));
}

// allocator-state

TEST(AllocatorState, DataInLinksBehindASoundHeaderIsUseAfterFree) {
  Stage stage(Windows::kSeven64);
  WithLink(stage, 0x1234567800000001);
  const auto votes = On(stage, VoteAllocatorState, FaultKind::kUseAfterFree, "Gone");
  EXPECT_THAT(votes, IncludesVote(Weight::kFreeHeaderIntact));
  EXPECT_THAT(votes, IncludesVote(Weight::kDataInLink));
  EXPECT_THAT(On(stage, VoteAllocatorState, FaultKind::kFreeList), Not(IncludesVote(Weight::kPointerInLink)));
  EXPECT_THAT(On(stage, VoteAllocatorState, FaultKind::kDoubleFree, "Gone"), IsEmpty());
}

TEST(AllocatorState, ALinkToItselfIsADoubleFree) {
  Stage stage(Windows::kSeven64);
  WithLink(stage, stage.AddressOf(0, 0x90));
  EXPECT_THAT(On(stage, VoteAllocatorState, FaultKind::kDoubleFree, "Gone"), Votes(Weight::kSelfLink));
  EXPECT_THAT(On(stage, VoteAllocatorState, FaultKind::kFreeList), IsEmpty());
}

/// The link of `Gone` leads to another free block, `Othr`.
void WithLinkToOther(Stage& stage) {
  stage.Add(Page()
                .Block("Left", 0x80)
                .FreeBlock("Gone", 0x80)
                .OverwritePayload(0, Word(stage.AddressOf(0, 0x150), 8))
                .Block("Mid ", 0x40)
                .FreeBlock("Othr", 0x80));
}

TEST(AllocatorState, AListThatLeadsBackToTheBlockIsADoubleFree) {
  Stage stage(Windows::kSeven64);
  WithLinkToOther(stage);
  Scene scene = stage.Scene();
  scene.spots.front().twice_on_list = true;
  const auto votes = [&](FaultKind kind) {
    return VotesOf(VoteAllocatorState, scene,
                   kind == FaultKind::kFreeList ? HypothesisOf(scene, kind) : HypothesisOf(scene, kind, "Gone"));
  };
  EXPECT_THAT(votes(FaultKind::kDoubleFree), Votes(Weight::kSelfLink));
  EXPECT_THAT(votes(FaultKind::kFreeList), IsEmpty());
  EXPECT_THAT(votes(FaultKind::kUseAfterFree), IsEmpty());
}

/// What speaks for a flipped bit when the first bytes of a block that reads as free are `front`.
std::vector<Vote> OfAFreeTypeBefore(const ByteString& front) {
  Stage stage(Windows::kEightOne64);
  PageBuilder page(Windows::kEightOne64);
  stage.Add(page.Block("Left", 0x80).FreeBlock("Live", 0x80).OverwritePayload(0, front));
  return On(stage, VoteAllocatorState, FaultKind::kBitFlip);
}

TEST(AllocatorState, ATypeOneBitFromItsNeighboursSpeaksForAFlipWhereNoLinkIsOne) {
  EXPECT_THAT(OfAFreeTypeBefore(Word(0x1234, 8) + Word(0x5678, 8)), IncludesVote(Weight::kTypeBitFromInUse));
  EXPECT_THAT(OfAFreeTypeBefore(Word(0x1234, 8)), Not(IncludesVote(Weight::kTypeBitFromInUse)));
}

TEST(AllocatorState, ALinkToTheHeaderIsNoLinkToItself) {
  Stage stage(Windows::kSeven64);
  WithLink(stage, stage.AddressOf(0, 0x80));
  EXPECT_THAT(On(stage, VoteAllocatorState, FaultKind::kDoubleFree, "Gone"), IsEmpty());
}

TEST(AllocatorState, APointerToNoFreeBlockIsNoListCodes) {
  Stage stage(Windows::kSeven64);
  WithLink(stage, 0xFFFFFA8009876540);
  EXPECT_THAT(On(stage, VoteAllocatorState, FaultKind::kFreeList), Not(IncludesVote(Weight::kPointerInLink)));
  EXPECT_THAT(On(stage, VoteAllocatorState, FaultKind::kUseAfterFree, "Gone"), Not(IncludesVote(Weight::kDataInLink)));
}

TEST(AllocatorState, APointerToAnotherFreeBlockSpeaksOfTheList) {
  Stage stage(Windows::kSeven64);
  WithLinkToOther(stage);
  EXPECT_THAT(On(stage, VoteAllocatorState, FaultKind::kFreeList), IncludesVote(Weight::kPointerInLink));
}

/// Two free blocks on one list, `Gone` at 0x80 and `Next` at 0x140; Gone's Flink is then changed by `change`.
Stage& WithList(Stage& stage, std::uint64_t change) {
  const std::uint64_t gone = stage.AddressOf(0, 0x90), next = stage.AddressOf(0, 0x150), head = stage.facts().list_head;
  return stage.Add(Page()
                       .Block("Left", 0x80)
                       .FreeBlock("Gone", 0x80)
                       .Put(0, Word(next, 8) + Word(head, 8))
                       .OverwritePayload(0, Word(next + change, 8))
                       .Block("Mid ", 0x40)
                       .FreeBlock("Next", 0x80)
                       .Put(0, Word(head, 8) + Word(gone, 8)));
}

TEST(AllocatorState, ALinkOffByOneIsACounterInFreedMemory) {
  Stage stage(Windows::kSeven64);
  WithList(stage, 1);
  const auto votes = On(stage, VoteAllocatorState, FaultKind::kUseAfterFree, "Gone");
  EXPECT_THAT(votes, IncludesVote(Weight::kSmallChange));
}

TEST(AllocatorState, ALinkFarOffIsNoCounter) {
  Stage stage(Windows::kSeven64);
  WithList(stage, 0x20000);
  EXPECT_THAT(On(stage, VoteAllocatorState, FaultKind::kUseAfterFree, "Gone"), Not(IncludesVote(Weight::kSmallChange)));
}

TEST(AllocatorState, ADamagedHeaderThatAListStillLeadsToSpeaksOfTheBlockBefore) {
  Stage stage(Windows::kSeven64);
  stage.Add(Page().Block("Culp", 0x80).Overrun(0x20, 0xEE).FreeBlock("Gone", 0x80));
  Scene scene = stage.Scene();
  scene.victim_is_listed = true;
  EXPECT_THAT(VotesOf(VoteAllocatorState, scene, HypothesisOf(scene, FaultKind::kOverrun, "Culp")),
              Votes(Weight::kFreeHeaderDamaged));
}

TEST(AllocatorState, AHeaderAloneIsSilent) {
  Stage stage(Windows::kSeven64);
  stage.Add(Page().Block("Culp", 0x80).Overrun(0x10, 0xEE).FreeBlock("Gone", 0x80));
  EXPECT_THAT(On(stage, VoteAllocatorState, FaultKind::kOverrun, "Culp"), IsEmpty());
}

// bit-distance

TEST(BitDistance, OneBitOfAHeaderIsHardware) {
  Stage stage(Windows::kSeven64);
  stage.Add(Page().Block("Left", 0x80).Block("Vict", 0x40).FlipBit(2, 5));
  EXPECT_THAT(On(stage, VoteBitDistance, FaultKind::kBitFlip), Votes(Weight::kSingleBit));
  EXPECT_GT(WeightOf(Weight::kSingleBit).log_odds, 0);
}

TEST(BitDistance, TwoBitsAndManyBitsAreNot) {
  Stage two(Windows::kSeven64);
  two.Add(Page().Block("Left", 0x80).Block("Vict", 0x40).FlipBit(2, 5).FlipBit(2, 6));
  const auto few = On(two, VoteBitDistance, FaultKind::kBitFlip);
  ASSERT_THAT(few, Votes(Weight::kManyBits));
  EXPECT_THAT(few.front().text, HasSubstr("2 bits"));
  Stage stage(Windows::kSeven64);
  stage.Add(Page().Block("Left", 0x80).Overrun(16, 0xEE).Block("Vict", 0x40));
  const auto many = On(stage, VoteBitDistance, FaultKind::kBitFlip);
  ASSERT_THAT(many, Votes(Weight::kManyBits));
  EXPECT_LT(few.front().strength, many.front().strength);
  EXPECT_LT(WeightOf(Weight::kManyBits).log_odds, 0);
}

TEST(BitDistance, ANulBehindABlockIsNoOddThingToWrite) {
  Stage nul(Windows::kSeven64);
  nul.Add(Page().Block("Left", 0x80).Overrun(1, 0).Block("Vict", 0x40));  // PreviousSize was 8
  EXPECT_THAT(On(nul, VoteBitDistance, FaultKind::kOverrun, "Left"), IsEmpty());
  EXPECT_THAT(On(nul, VoteBitDistance, FaultKind::kWildWrite), Votes(Weight::kSingleBitUnexplained));
  Stage other(Windows::kSeven64);
  other.Add(Page().Block("Left", 0x80).Overrun(1, 9).Block("Vict", 0x40));
  EXPECT_THAT(On(other, VoteBitDistance, FaultKind::kOverrun, "Left"), Votes(Weight::kSingleBitUnexplained));
}

TEST(BitDistance, TwoHeadersWithOneBitEachAreTwoBits) {
  Stage stage(Windows::kSeven64);
  stage.Add(Page().Block("Left", 0x80).Block("Vict", 0x40).FlipBit(2, 5).Block("Next", 0x40).FlipBit(3, 6));
  EXPECT_THAT(On(stage, VoteBitDistance, FaultKind::kBitFlip), Votes(Weight::kManyBits));
}

TEST(BitDistance, OneBitOfALinkIsHardware) {
  Stage stage(Windows::kSeven64);
  WithList(stage, 0x20000);  // next is ...150: one bit more
  EXPECT_THAT(On(stage, VoteBitDistance, FaultKind::kBitFlip), Votes(Weight::kSingleBit));
}

TEST(BitDistance, AFlagInFreedMemoryIsOneBitToo) {
  Stage flag(Windows::kSeven64);
  WithList(flag, 8);  // next is ...150
  EXPECT_THAT(On(flag, VoteBitDistance, FaultKind::kUseAfterFree, "Gone"), IsEmpty());
  EXPECT_THAT(On(flag, VoteBitDistance, FaultKind::kBitFlip), Votes(Weight::kSingleBit));
  Stage second_byte(Windows::kSeven64);
  WithList(second_byte, 0x400);
  const auto votes = On(second_byte, VoteBitDistance, FaultKind::kUseAfterFree, "Gone");
  ASSERT_THAT(votes, Votes(Weight::kSingleBitUnexplained));
  EXPECT_LT(votes.front().strength, 0.5);
  Stage high(Windows::kSeven64);
  WithList(high, 0x20000);
  EXPECT_THAT(On(high, VoteBitDistance, FaultKind::kUseAfterFree, "Gone"), Votes(Weight::kSingleBitUnexplained));
}

TEST(BitDistance, ALinkWithNoRepairIsNot) {
  Stage stage(Windows::kSeven64);
  WithList(stage, 0x30000);
  EXPECT_THAT(On(stage, VoteBitDistance, FaultKind::kBitFlip), Votes(Weight::kManyBits));
}

// crash-context

/// What the crash says of `kind` when `Vict`'s header is damaged and the bug check with `hint` names the page.
std::vector<Vote> InCrash(BugCheckHint hint, FaultKind kind) {
  Stage stage(Windows::kSeven64);
  stage.Add(Page().Block("Culp", 0x80).Overrun(8, 0xEE).Block("Vict", 0x40));
  stage.Crash(hint, stage.AddressOf(0, 0x80), AddressUse::kBlockHeader);
  const Scene scene = stage.Scene();
  for (const Hypothesis& h : Enumerate(scene))
    if (h.kind == kind) return VotesOf(VoteCrashContext, scene, h);
  ADD_FAILURE() << FaultKindName(kind) << " is not among the hypotheses";
  return {};
}

TEST(CrashContext, TheSubCodesKindIsVotedFor) {
  const auto votes = InCrash(BugCheckHint::kOverrunLikely, FaultKind::kOverrun);
  ASSERT_THAT(votes, Votes(Weight::kCrashNamesOverrun));
  EXPECT_THAT(votes.front().text, HasSubstr("TEST_BUGCHECK"));
  EXPECT_THAT(InCrash(BugCheckHint::kHardware, FaultKind::kBitFlip), Votes(Weight::kCrashNamesHardware));
}

TEST(CrashContext, ABadHeaderMayBeAnUnderrunsToo) {
  EXPECT_THAT(InCrash(BugCheckHint::kOverrunLikely, FaultKind::kUnderrun), Votes(Weight::kCrashNamesUnderrun));
}

TEST(CrashContext, OtherKindsAreNot) {
  EXPECT_THAT(InCrash(BugCheckHint::kOverrunLikely, FaultKind::kBitFlip), IsEmpty());
  EXPECT_THAT(InCrash(BugCheckHint::kHardware, FaultKind::kOverrun), IsEmpty());
  EXPECT_THAT(InCrash(BugCheckHint::kNone, FaultKind::kOverrun), IsEmpty());
}

TEST(CrashContext, WithoutACrashThereIsNothingToSay) {
  Stage stage(Windows::kSeven64);
  stage.Add(Page().Block("Culp", 0x80).Overrun(8, 0xEE).Block("Vict", 0x40));
  EXPECT_THAT(On(stage, VoteCrashContext, FaultKind::kOverrun, "Culp"), IsEmpty());
}

TEST(CrashContext, FreeListSubCodesSpeakOfLinks) {
  Stage stage(Windows::kSeven64);
  WithLink(stage, 0xFFFFFA8009876540);
  stage.Crash(BugCheckHint::kFreeList, stage.AddressOf(0, 0x90), AddressUse::kListEntry);
  EXPECT_THAT(On(stage, VoteCrashContext, FaultKind::kFreeList), Votes(Weight::kCrashNamesFreeList));
  EXPECT_THAT(On(stage, VoteCrashContext, FaultKind::kUseAfterFree, "Gone"), Votes(Weight::kCrashNamesFreeList));
  EXPECT_THAT(On(stage, VoteCrashContext, FaultKind::kDoubleFree, "Gone"), IsEmpty());
}

// ownership

std::vector<Vote> OfTag(std::string_view tag, const TagDatabase& tags) {
  Stage stage(Windows::kSeven64);
  stage.Add(Page().Block(tag, 0x80).Overrun(8, 0xEE).Block("Vict", 0x40));
  Scene scene = stage.Scene();
  scene.tags = &tags;
  return VotesOf(VoteOwnership, scene, HypothesisOf(scene, FaultKind::kOverrun, tag));
}

TEST(Ownership, TellsSystemThirdPartyUnknownAndGenericTagsApart) {
  const TagDatabase tags = TagDatabase::BuiltIn();
  EXPECT_THAT(OfTag("Proc", tags), Votes(Weight::kSystemTag));
  EXPECT_THAT(OfTag("1gat", tags), Votes(Weight::kThirdPartyTag));
  EXPECT_THAT(OfTag("?!0z", tags), Votes(Weight::kUnknownTag));
  EXPECT_THAT(OfTag("None", tags), Votes(Weight::kGenericTag));
}

TEST(Ownership, SaysNothingWhereTheTableNamesNoVendorOrSeveralDrivers) {
  TagDatabase tags;
  const std::string text = "Mine - mine.sys - of nobody knows whom\nBoth - one.sys - a\nBoth - two.sys - b\n";
  tags.AddFile(ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
  EXPECT_THAT(OfTag("Mine", tags), IsEmpty());
  EXPECT_THAT(OfTag("Both", tags), IsEmpty());
}

TEST(Ownership, HardwareOwnsNoTag) {
  Stage stage(Windows::kSeven64);
  stage.Add(Page().Block("Culp", 0x80).Overrun(8, 0xEE).Block("Vict", 0x40));
  EXPECT_THAT(On(stage, VoteOwnership, FaultKind::kBitFlip), IsEmpty());
}

TEST(Ownership, NeverOutweighsItsCap) {
  for (const WeightRow& row : AllWeights()) {
    if (row.group != SignalGroup::kOwnership) continue;
    EXPECT_LE(std::abs(row.log_odds), kOwnershipCap) << row.earned;
  }
}

}  // namespace
}  // namespace poolblame::testing

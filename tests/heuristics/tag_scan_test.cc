// One flipped bit of a tag leaves a legal tag that nobody else has.
#include "heuristics/tag_scan.h"

#include <gtest/gtest.h>

#include "tests/heuristics/stage.h"

namespace poolblame::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint32_t kPages = 8;  // each with one block of the tag under test

/// What every `Objt` starts with, whatever its size.
ByteString Front() { return Word(0x00C0FFEE, 4) + Word(0x0001002A, 4) + Word(0x5AFE0000, 4); }

/// A live system with `Objt` in several sizes, and free blocks that say `Free`.
Stage& WithObjects(Stage& stage) {
  for (std::uint32_t i = 0; i < kPages; ++i)
    stage.Add(PageBuilder(Windows::kSeven64, i)
                  .Block("Even", 0x60)
                  .Block("Objt", 0x60 + i % 3 * 0x20)
                  .Put(0, Front())
                  .Block("File", 0x80)
                  .FreeBlock("Free", 0x60));
  return stage;
}

/// A page with one block of `tag` that starts with `front`.
PageBuilder With(std::string_view tag, const ByteString& front) {
  return PageBuilder(Windows::kSeven64, 500).Block("Even", 0x60).Block(tag, 0xC0).Put(0, front).Block("File", 0x80);
}

std::vector<Scene> TagIncidents(Stage& stage) {
  const PoolCensus& census = stage.Scan();
  std::vector<Scene> scenes;
  SceneSetter setter(stage.space(), stage.system(), census, stage.tags());
  AddTagIncidents(scenes, setter);
  return scenes;
}

TEST(TagScan, ALoneTagWhoseBlockLooksLikeAnothersIsOneFlippedByte) {
  Stage stage(Windows::kSeven64);
  WithObjects(stage).Add(With("Nbjt", Front()));  // 'O' 0x4F, 'N' 0x4E
  const std::vector<Scene> scenes = TagIncidents(stage);
  ASSERT_THAT(scenes, SizeIs(1));
  const SceneBlock& victim = scenes[0].blocks[scenes[0].victim()];
  EXPECT_EQ(victim.block->tag().text(), "Objt");
  EXPECT_EQ(scenes[0].AddressOf(scenes[0].damage_begin()), stage.AddressOf(kPages, 0x60 + 4));
  EXPECT_EQ(scenes[0].spots.front().differing_bits, 1U);
}

TEST(TagScan, TagsThatAreCloseByDesignHoldOtherData) {
  Stage stage(Windows::kSeven64);
  WithObjects(stage).Add(With("Nbjt", Word(0x00C0FFEE, 4) + Word(0x0002002B, 4) + Word(0x5AFE0000, 4)));
  EXPECT_THAT(TagIncidents(stage), IsEmpty());
}

TEST(TagScan, ATagThatATableKnowsIsATag) {
  Stage stage(Windows::kSeven64);
  WithObjects(stage).Add(With("Nbjt", Front())).TagFile("Nbjt - x.sys - not a broken Objt\n");
  EXPECT_THAT(TagIncidents(stage), IsEmpty());
}

TEST(TagScan, ATagThatOccursTwiceIsATag) {
  Stage stage(Windows::kSeven64);
  WithObjects(stage).Add(With("Nbjt", Front())).Add(With("Nbjt", Front()));
  EXPECT_THAT(TagIncidents(stage), IsEmpty());
}

/// Data that no two blocks share, so that only the spelling is left.
Stage& WithVariedObjects(Stage& stage) {
  for (std::uint32_t i = 0; i < kPages; ++i)
    stage.Add(PageBuilder(Windows::kSeven64, i).Block("Even", 0x60).Block("Objt", 0x60).Block("File", 0x80));
  return stage;
}

TEST(TagScan, ASignWhereTheOtherTagHasALetterIsAFlip) {
  Stage stage(Windows::kSeven64);
  WithVariedObjects(stage).Add(With("O\"jt", {}));  // 'b' 0x62, '"' 0x22
  EXPECT_THAT(TagIncidents(stage), SizeIs(1));
}

TEST(TagScan, ALetterWhereTheOtherTagHasALetterIsNot) {
  Stage stage(Windows::kSeven64);
  WithVariedObjects(stage).Add(With("Nbjt", {}));
  EXPECT_THAT(TagIncidents(stage), IsEmpty());
}

TEST(TagScan, AFreeBlockThatSaysFreeButForOneBitIsAFlip) {
  Stage stage(Windows::kSeven64);
  WithObjects(stage).Add(
      PageBuilder(Windows::kSeven64, 500).Block("Even", 0x60).FreeBlock("FRee", 0x80).Block("File", 0x80));
  EXPECT_THAT(TagIncidents(stage), SizeIs(1));
}

TEST(TagScan, AFreeBlockWithItsLastOwnersTagIsSound) {
  Stage stage(Windows::kSeven64);
  WithObjects(stage).Add(
      PageBuilder(Windows::kSeven64, 500).Block("Even", 0x60).FreeBlock("Gone", 0x80).Block("File", 0x80));
  EXPECT_THAT(TagIncidents(stage), IsEmpty());
}

/// A page with one block `Objt` that somebody wrote `bytes` into, from there to its data.
PageBuilder Underrun(const ByteString& bytes) {
  return PageBuilder(Windows::kSeven64, 500)
      .Block("Even", 0x60)
      .Block("Objt", 0xC0)
      .Underrun(bytes)
      .Block("File", 0x80);
}

TEST(TagScan, AFillThroughTheTagsEndIsDamageUpToTheData) {
  Stage stage(Windows::kSeven64);
  WithVariedObjects(stage).Add(Underrun(Repeat('Z', 10)));
  const std::vector<Scene> scenes = TagIncidents(stage);
  ASSERT_THAT(scenes, SizeIs(1));
  EXPECT_EQ(scenes[0].AddressOf(scenes[0].damage_begin()), stage.AddressOf(kPages, 0x60 + 6));
  EXPECT_EQ(scenes[0].AddressOf(scenes[0].damage_end()), stage.AddressOf(kPages, 0x60 + 16));
  EXPECT_FALSE(scenes[0].blocks[scenes[0].victim()].block->tag_known);
}

TEST(TagScan, WideTextThroughTheTagsEndIsDamage) {
  for (const std::uint32_t cut : {0U, 1U}) {  // text may start at any byte
    Stage stage(Windows::kSeven64);
    ByteString text = Utf16("abcdef");
    text.erase(text.begin(), text.begin() + cut);
    text.resize(9);
    WithVariedObjects(stage).Add(Underrun(text));
    EXPECT_THAT(TagIncidents(stage), SizeIs(1)) << cut;
  }
}

TEST(TagScan, TextBehindATagIsItsOwners) {
  Stage stage(Windows::kSeven64);
  WithVariedObjects(stage).Add(Underrun(Ascii("xoldbytes")));
  EXPECT_THAT(TagIncidents(stage), IsEmpty());
}

TEST(TagScan, SpacesBehindATagThatEndsInOneAreNoRun) {
  Stage stage(Windows::kSeven64);
  WithVariedObjects(stage).Add(Underrun(Repeat(' ', 9)));
  EXPECT_THAT(TagIncidents(stage), IsEmpty());
}

TEST(TagScan, AFillBehindATagThatATableKnowsIsItsOwners) {
  Stage stage(Windows::kSeven64);
  WithVariedObjects(stage).Add(Underrun(Repeat('Z', 9))).TagFile("ObjZ - x.sys - fills its blocks\n");
  EXPECT_THAT(TagIncidents(stage), IsEmpty());
}

TEST(TagScan, On32BitsTheRunGoesOnInTheData) {
  Stage stage(Windows::kSeven32);
  for (std::uint32_t i = 0; i < kPages; ++i)
    stage.Add(PageBuilder(Windows::kSeven32, i).Block("Even", 0x60).Block("Objt", 0x60).Block("File", 0x80));
  stage.Add(PageBuilder(Windows::kSeven32, 500)
                .Block("Even", 0x60)
                .Block("Objt", 0xC0)
                .Underrun(Repeat('Z', 3))
                .OverwritePayload(0, Repeat('Z', 20))
                .Block("File", 0x80));
  const std::vector<Scene> scenes = TagIncidents(stage);
  ASSERT_THAT(scenes, SizeIs(1));
  EXPECT_EQ(scenes[0].AddressOf(scenes[0].damage_begin()), stage.AddressOf(kPages, 0x60 + 5));
}

TEST(TagScan, On32BitsThreeLettersInFrontOfWideTextAreATag) {
  Stage stage(Windows::kSeven32);
  for (std::uint32_t i = 0; i < kPages; ++i)
    stage.Add(PageBuilder(Windows::kSeven32, i).Block("Even", 0x60).Block("File", 0x80));
  stage.Add(PageBuilder(Windows::kSeven32, 500)
                .Block("Even", 0x60)
                .Block(std::string_view("Buf\0", 4), 0xC0)
                .Put(0, Utf16("some device"))
                .Block("File", 0x80));
  EXPECT_THAT(TagIncidents(stage), IsEmpty());
}

}  // namespace
}  // namespace poolblame::testing

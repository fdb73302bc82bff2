// Overruns that put the header back are seen by what the blocks on both sides of it hold.
#include "heuristics/crossing_scan.h"

#include <gtest/gtest.h>

#include "heuristics/content_model.h"
#include "heuristics/crossing_fit.h"
#include "tests/heuristics/stage.h"

namespace poolblame::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint32_t kPages = 48, kText = 0x70, kObject = 0x60;

/// Every `Objt` begins with the same words but for a counter.
ByteString Object(std::uint32_t counter) {
  return Word(0x00000104C0FFEE00, 8) + Word(counter % 16, 8) + Word(0x0000000700A0A0A0, 8) + Varied(0x28, 77);
}

ByteString Part(const ByteString& bytes, std::size_t from, std::size_t to) {
  return {bytes.begin() + static_cast<std::ptrdiff_t>(from), bytes.begin() + static_cast<std::ptrdiff_t>(to)};
}

/// The object `object` with other bytes over its front.
ByteString WithFront(const ByteString& front, const ByteString& object) {
  return front + Part(object, front.size(), object.size());
}

PageBuilder Page(std::uint32_t counter) {
  return PageBuilder(Windows::kSeven64, counter)
      .Block("Even", 0x60)
      .Block("Name", 0x10 + kText)
      .Put(0, Cycle(Ascii("\\Device\\HarddiskVolume2\\"), 0x28))
      .Block("Objt", kObject)
      .Put(0, Object(counter))
      .Block("File", 0x80);
}

/// The name fills its block and goes on, `beyond` bytes of it in the object behind it.
PageBuilder Overrun(std::uint32_t beyond) {
  const ByteString name =
      Cycle(Ascii("\\Device\\HarddiskVolume2\\Windows\\System32\\drivers\\"), kText + 0x10 + beyond);
  return PageBuilder(Windows::kSeven64, 500)
      .Block("Even", 0x60)
      .Block("Name", 0x10 + kText)
      .Put(0, Part(name, 0, kText))
      .Block("Objt", kObject)
      .Put(0, WithFront(Part(name, kText + 0x10, name.size()), Object(3)))
      .Block("File", 0x80);
}

std::vector<Scene> Crossings(Stage& stage) {
  const PoolCensus& census = stage.Scan();
  std::vector<Scene> scenes;
  SceneSetter setter(stage.space(), stage.system(), census, stage.tags());
  AddCrossingIncidents(scenes, setter, std::make_shared<const ImageContents>(LearnContents(census, stage.system())));
  return scenes;
}

Stage& Healthy(Stage& stage) {
  for (std::uint32_t i = 0; i < kPages; ++i) stage.Add(Page(i));
  return stage;
}

TEST(CrossingScan, TextThatGoesOnBehindASoundHeaderIsAnIncident) {
  Stage stage(Windows::kSeven64);
  Healthy(stage).Add(Overrun(24));
  const std::vector<Scene> scenes = Crossings(stage);
  ASSERT_THAT(scenes, SizeIs(1));
  EXPECT_EQ(scenes[0].Reference(scenes[0].victim()).tag.text(), "Objt");
  EXPECT_EQ(scenes[0].damage_begin(), scenes[0].blocks[scenes[0].victim()].payload());
  EXPECT_EQ(scenes[0].damage_end() - scenes[0].damage_begin(), 24U);
  ASSERT_NE(scenes[0].crossing, nullptr);
  EXPECT_GT(scenes[0].crossing->evidence, 3);
}

TEST(CrossingScan, AWordThatAllOthersHaveIsEnoughWhereTheRestIsAsUsual) {
  Stage stage(Windows::kSeven64);
  Healthy(stage).Add(Overrun(4));
  EXPECT_THAT(Crossings(stage), SizeIs(1));
}

TEST(CrossingScan, AFrontThatIsUnlikeOthersBehindABlockThatIsNotFilledIsVariety) {
  Stage stage(Windows::kSeven64);
  Healthy(stage).Add(PageBuilder(Windows::kSeven64, 500)
                         .Block("Even", 0x60)
                         .Block("Name", 0x10 + kText)
                         .Put(0, Cycle(Ascii("\\Device\\HarddiskVolume2\\"), 0x28) + ByteString(kText - 0x28, 0))
                         .Block("Objt", kObject)
                         .Put(0, WithFront(Cycle(Ascii("another kind of object, with its name in"), 24), Object(3)))
                         .Block("File", 0x80));
  EXPECT_THAT(Crossings(stage), IsEmpty());
}

/// An `Objt` that begins with `first` instead, behind a name that ends inside its block.
PageBuilder FirstWord(std::uint64_t first, std::uint32_t page) {
  return PageBuilder(Windows::kSeven64, page)
      .Block("Even", 0x60)
      .Block("Name", 0x10 + kText)
      .Put(0, Cycle(Ascii("\\Device\\HarddiskVolume2\\"), kText))
      .Block("Objt", kObject)
      .Put(0, WithFront(Word(first, 8), Object(3)))
      .Block("File", 0x80);
}

/// Enough blocks that lists which no header marks would show.
Stage& Large(Stage& stage) {
  for (std::uint32_t i = 0; i < 5 * kPages; ++i) stage.Add(Page(i));
  return stage;
}

TEST(CrossingScan, ZeroInPlaceOfTheFirstWordAloneIsAWriteWhereNoOtherBlockHasOne) {
  Stage stage(Windows::kSeven64);
  Large(stage).Add(FirstWord(0, 500));
  EXPECT_THAT(Crossings(stage), SizeIs(1));
}

TEST(CrossingScan, ZeroInPlaceOfTheFirstWordAloneIsAListsEndWhereSeveralBlocksHaveOne) {
  Stage stage(Windows::kSeven64);
  Large(stage).Add(FirstWord(0, 500)).Add(FirstWord(0, 501));
  EXPECT_THAT(Crossings(stage), IsEmpty());
}

TEST(CrossingScan, InASmallImageZeroInPlaceOfTheFirstWordMayBeAListsEnd) {
  Stage stage(Windows::kSeven64);
  Healthy(stage).Add(FirstWord(0, 500));
  EXPECT_THAT(Crossings(stage), IsEmpty());
}

TEST(CrossingScan, ZerosThatEndInsideAWordAreAWriteAlsoBehindZeros) {
  Stage stage(Windows::kSeven64);
  Healthy(stage).Add(PageBuilder(Windows::kSeven64, 500)
                         .Block("Even", 0x60)
                         .Block("Name", 0x10 + kText)
                         .Put(0, Cycle(Ascii("\\Device\\HarddiskVolume2\\"), 0x28) + ByteString(kText - 0x28, 0))
                         .Block("Objt", kObject)
                         .Put(0, WithFront(ByteString(20, 0), Object(3)))
                         .Block("File", 0x80));
  EXPECT_THAT(Crossings(stage), SizeIs(1));
}

/// Rows of 16-bit values above `lowest`, 26 different ones, that have nothing in common but their zeros; one of them
/// written over with `fill` from the end of the object below on.
std::vector<Scene> CrossingsWithFilledRow(char lowest, std::uint8_t fill) {
  const auto row = [&](std::uint32_t page) {
    ByteString wide;
    for (std::uint32_t i = 0; i < kText / 2; ++i)
      wide = wide + Word(static_cast<std::uint8_t>(lowest) + (page * 7 + i * i * (page % 5 + 1)) % 26, 2);
    return wide;
  };
  const auto with = [&](std::uint32_t page, const ByteString& object, const ByteString& values) {
    return PageBuilder(Windows::kSeven64, page)
        .Block("Objt", kObject)
        .Put(0, object)
        .Block("Rows", 0x10 + kText)
        .Put(0, values);
  };
  Stage stage(Windows::kSeven64);
  for (std::uint32_t i = 0; i < 2 * kPages; ++i) stage.Add(with(i, Object(i), row(i)));
  const ByteString filled(0x30, fill);
  stage.Add(with(500, Part(Object(3), 0, 0x30) + ByteString(kObject - 0x10 - 0x30, fill), WithFront(filled, row(500))));
  return Crossings(stage);
}

TEST(CrossingScan, AFillThatNoBitmapHasTellsOfItself) {
  EXPECT_THAT(CrossingsWithFilledRow('\1', 0x5A), SizeIs(1));
  EXPECT_THAT(CrossingsWithFilledRow('\1', 0xFF), IsEmpty());
}

TEST(CrossingScan, NamesAreDistinctiveThoughNoTwoAreAlike) {
  EXPECT_THAT(CrossingsWithFilledRow('a', 0xFF), SizeIs(1));
}

TEST(CrossingScan, AWritersOwnBlockOfTheSameTagIsNoProofOfAnotherKind) {
  const ByteString filled(kObject - 0x10, 0x5A);
  Stage stage(Windows::kSeven64);
  Healthy(stage).Add(PageBuilder(Windows::kSeven64, 500)
                         .Block("Even", 0x60)
                         .Block("Objt", kObject)
                         .Put(0, filled)
                         .Block("Objt", kObject)
                         .Put(0, filled)
                         .Block("File", 0x80));
  const std::vector<Scene> scenes = Crossings(stage);
  ASSERT_THAT(scenes, SizeIs(1));
  EXPECT_EQ(scenes[0].blocks[scenes[0].victim()].begin - scenes[0].blocks[*scenes[0].Below(scenes[0].victim())].begin,
            kObject);
}

/// A name that goes on over the whole object behind it, and behind that a block of a tag of which little is known, with
/// `front`.
std::vector<Scene> CrossingsOverAWholeBlock(const ByteString& front) {
  constexpr std::uint32_t kFew = 6;
  const ByteString name = Cycle(Ascii("\\Device\\HarddiskVolume2\\"), kText + kObject);
  Stage stage(Windows::kSeven64);
  Healthy(stage);
  for (std::uint32_t i = 0; i < kFew; ++i)
    stage.Add(PageBuilder(Windows::kSeven64, 400 + i).Block("Even", 0x60).Block("Rare", kObject).Put(0, Object(i)));
  stage.Add(PageBuilder(Windows::kSeven64, 500)
                .Block("Name", 0x10 + kText)
                .Put(0, Part(name, 0, kText))
                .Block("Objt", kObject)
                .Put(0, Part(name, kText + 0x10, name.size()))
                .Block("Rare", kObject)
                .Put(0, WithFront(front, Object(3)))
                .Block("File", 0x80));
  return Crossings(stage);
}

TEST(CrossingScan, ABlockThatIsAllOtherwiseMayHaveAWriterOfItsOwnWhoWentOn) {
  EXPECT_THAT(CrossingsOverAWholeBlock({}), SizeIs(1));
  EXPECT_THAT(CrossingsOverAWholeBlock(Varied(0x10, 99)), IsEmpty());
}

TEST(CrossingScan, HealthyBlocksHaveNoIncident) {
  Stage stage(Windows::kSeven64);
  EXPECT_THAT(Crossings(Healthy(stage)), IsEmpty());
}

/// Text over the front of a page's last block, and, where `over` is not 0, what fills the rest of it over its end.
Report JudgedLast(std::uint32_t over) {
  constexpr std::uint32_t kLast = 0x200, kBelow = 0x60 + 0x10 + kText;
  const ByteString name = Cycle(Ascii("\\Device\\HarddiskVolume2\\Windows\\System32\\drivers\\"), kText + 0x28);
  Stage stage(Windows::kSeven64);
  Healthy(stage)
      .Add(PageBuilder(Windows::kSeven64, 500)
               .Block("Rest", static_cast<std::uint32_t>(kPageSize) - kBelow - kLast)
               .Block("Even", 0x60)
               .Block("Name", 0x10 + kText)
               .Put(0, Part(name, 0, kText))
               .Block("Objt", kLast)
               .Fill(0xAA)
               .Put(0, WithFront(Part(name, kText + 0x10, name.size()), Object(3))))
      .Add(PageBuilder(Windows::kSeven64, 501)
               .Block("Vict", 0x80)
               .OverwriteHeader(0, ByteString(over, 0xAA))
               .Block("File", 0x80))
      .AddHealthy(1);
  return stage.Judge();
}

TEST(CrossingScan, AnOverrunsOwnBlockIsNoDamageFromBelow) {
  const Report from_below = JudgedLast(0), own = JudgedLast(8);
  ASSERT_THAT(from_below.incidents, SizeIs(1));
  EXPECT_EQ(from_below.incidents[0].victim->tag.text(), "Objt");
  ASSERT_THAT(own.incidents, SizeIs(1));
  EXPECT_EQ(own.incidents[0].suspects[0].block->tag.text(), "Objt");
}

}  // namespace
}  // namespace poolblame::testing

// Damage, culprit and victim are seen at a glance, with and without colour.
#include "cli/page_picture.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "cli/hex_view.h"
#include "tests/cli/hand_made_report.h"

namespace poolblame::cli {
namespace {

using testing::Contains;
using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

TEST(DrawPage, ShowsCulpritDamageAndVictimByLetters) {
  const PoolPage page = DamagedPage();
  const Incident incident = OverrunIncident();
  const std::vector<std::string> rows = DrawPage(MakePageScene(page, {&incident}), Palette(false));
  ASSERT_THAT(rows, SizeIs(8));
  EXPECT_EQ(rows[0], "  +000  [aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa[CCCCCCCCCCC!VVVVVVVVVVVVVVVVVVV");
  EXPECT_EQ(rows[1], "  +200  [" + std::string(63, 'd'));
  EXPECT_EQ(rows[7], "  +e00  " + std::string(64, 'd'));
}

TEST(DrawPage, PaintsTheSameLetters) {
  const PoolPage page = DamagedPage();
  const Incident incident = OverrunIncident();
  const std::vector<std::string> rows = DrawPage(MakePageScene(page, {&incident}), Palette(true));
  EXPECT_THAT(rows[0],
              HasSubstr("\033[1;33m[CCCCCCCCCCC\033[0m\033[1;31m!\033[0m\033[1;36mVVVVVVVVVVVVVVVVVVV\033[0m"));
}

TEST(DrawPage, AHealthyPageHasNoMarks) {
  const PoolPage page = MakePage({{0x800, "Aaaa"}, {0x800, "Bbbb"}});
  const PageScene scene = MakePageScene(page, {});
  EXPECT_EQ(DrawPage(scene, Palette(false))[0], "  +000  [" + std::string(63, 'a'));
  EXPECT_THAT(DrawLegend(scene, Palette(false)), ElementsAre("  [  a block starts   a-z  other blocks"));
  EXPECT_THAT(DrawDamage(scene, Palette(false), 12), IsEmpty());
}

TEST(DrawPage, ShowsFreeBlocksDoubtAndTheTailOfABigAllocation) {
  PoolPage page = MakePage({{0x800, "Aaaa"}, {0x800, "Bbbb"}});
  page.blocks.erase(page.blocks.begin());
  page.leading_bytes = 0x800;
  page.blocks[0].state = BlockState::kFree;
  page.blocks[0].doubtful_bytes = 0x0F;
  const PageScene scene = MakePageScene(page, {});
  const std::vector<std::string> rows = DrawPage(scene, Palette(false));
  EXPECT_EQ(rows[3], "  +600  " + std::string(64, '~'));
  EXPECT_EQ(rows[4], "  +800  ?" + std::string(63, '.'));
  EXPECT_THAT(DrawLegend(scene, Palette(false)),
              ElementsAre("  ?  damaged, true value unknown   .  free   ~  end of a big allocation"));
}

TEST(DrawLegend, NamesTheRolesAsSureAsTheIncidentIs) {
  const PoolPage page = DamagedPage();
  Incident incident = OverrunIncident();
  EXPECT_EQ(DrawLegend(MakePageScene(page, {&incident}), Palette(false))[0],
            "  C  culprit: 'Culp' at +100, 96 bytes, allocated");
  incident.confidence = Confidence::kSuspect;
  EXPECT_EQ(DrawLegend(MakePageScene(page, {&incident}), Palette(false))[0],
            "  C  suspect: 'Culp' at +100, 96 bytes, allocated");
  incident.confidence = Confidence::kInsufficient;
  EXPECT_EQ(DrawLegend(MakePageScene(page, {&incident}), Palette(false))[0],
            "  C  first candidate, not established: 'Culp' at +100, 96 bytes, allocated");
}

TEST(DrawLegend, ACulpritOnAnotherPageIsSaidNotDrawn) {
  const PoolPage page = DamagedPage();
  Incident incident = OverrunIncident();
  incident.suspects[0].block->header = kPage - 0x60;
  const PageScene scene = MakePageScene(page, {&incident});
  EXPECT_EQ(scene.culprit, std::nullopt);
  EXPECT_THAT(DrawLegend(scene, Palette(false)),
              Contains(HasSubstr("culprit, on another page: 'Culp' at 0xfffffa8001233fa0")));
}

TEST(MakePageScene, DamageFromThePageBeforeIsClipped) {
  const PoolPage page = MakePage({{0x800, "Aaaa"}, {0x800, "Bbbb"}});
  Incident incident = OverrunIncident();
  incident.damage.start = kPage - 8;
  incident.damage.end = kPage + 4;
  const PageScene scene = MakePageScene(page, {&incident});
  EXPECT_EQ(scene.damaged.count(), 4U);
  EXPECT_TRUE(scene.damaged[3]);
}

TEST(MakePageScene, AnIncidentThatBlamesNoBlockDrawsNoCulprit) {
  const PoolPage page = DamagedPage();
  Incident incident = OverrunIncident();
  incident.suspects.front().block.reset();
  const PageScene scene = MakePageScene(page, {&incident});
  EXPECT_EQ(scene.culprit, std::nullopt);
  EXPECT_EQ(scene.victim, 2U);
}

TEST(MakePageScene, APlaceWithoutAWrongByteIsNotDamage) {
  const PoolPage page = MakePage({{0x800, "Aaaa"}, {0x800, "Bbbb"}});
  Incident incident = OverrunIncident();
  incident.damage.certain_bytes = 0;
  EXPECT_EQ(MakePageScene(page, {&incident}).damaged.count(), 0U);
}

TEST(MakePageScene, HostileRangesStayOnThePage) {
  const PoolPage page = MakePage({{0x1000, "Aaaa"}});
  Incident incident = OverrunIncident();
  incident.damage.start = 0;
  incident.damage.end = ~std::uint64_t{0};
  EXPECT_EQ(MakePageScene(page, {&incident}).damaged.count(), kPageSize);
  incident.damage.start = ~std::uint64_t{0};
  incident.damage.end = 5;
  EXPECT_EQ(MakePageScene(page, {&incident}).damaged.count(), 0U);
}

TEST(DrawDamage, MarksChangedBytesAndShowsTheRecoveredHeader) {
  const PoolPage page = DamagedPage();
  const Incident incident = OverrunIncident();
  EXPECT_THAT(DrawDamage(MakePageScene(page, {&incident}), Palette(false), 12),
              ElementsAre("  0xfffffa8001234150  41 41 41 41 41 41 41 41  41 41 41 41 41 41 41 41  AAAAAAAAAAAAAAAA",
                          "  0xfffffa8001234160 !41!41!41!41!41!41!41!41  00 00 00 00 00 00 00 00  AAAAAAAA........",
                          "      must have been  06 00 0a 02 56 69 63 74  00 00 00 00 00 00 00 00",
                          "  0xfffffa8001234170  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  ................"));
}

TEST(DrawDamage, AWrongByteThatNothingMendsIsNotKnown) {
  PoolPage page = DamagedPage();
  page.blocks[2].expected.PoolTag = page.blocks[2].read.PoolTag;
  page.blocks[2].tag_known = false;
  const Incident incident = OverrunIncident();
  EXPECT_THAT(DrawDamage(MakePageScene(page, {&incident}), Palette(false), 12),
              Contains("      must have been  06 00 0a 02 ?? ?? ?? ??  00 00 00 00 00 00 00 00"));
}

TEST(DrawDamage, SaysHowManyRowsWereLeftOut) {
  const PoolPage page = MakePage({{0x1000, "Aaaa"}});
  Incident incident = OverrunIncident();
  incident.damage.start = kPage;
  incident.damage.end = kPage + 0x1000;
  const std::vector<std::string> rows = DrawDamage(MakePageScene(page, {&incident}), Palette(false), 12);
  ASSERT_THAT(rows, SizeIs(13));
  EXPECT_EQ(rows.back(), "  ... and 244 rows more");
}

TEST(DrawDamage, WithoutBytesThereIsNothingToShow) {
  PoolPage page = DamagedPage();
  page.bytes = PageBytes{};
  EXPECT_THAT(DrawDamage(MakePageScene(page, {}), Palette(false), 12), IsEmpty());
}

}  // namespace
}  // namespace poolblame::cli

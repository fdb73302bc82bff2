// ProcessBilled is the one field of an x64 header that the pool does not check as long as the block lives.
#include "heuristics/quota_scan.h"

#include <gtest/gtest.h>

#include "tests/heuristics/stage.h"

namespace poolblame::testing {
namespace {

using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint32_t kQuotaBlocks = 3;  // on each page
constexpr std::uint32_t kQuotaSize = 0x80;
constexpr std::uint32_t kFirst = 0x60;  // offset of the first of them
constexpr std::uint64_t kProcess = 0xFFFFFA8003A2B060, kOther = 0xFFFFFA8004C11910, kCookie = 0x1D5C9A3377E4B80F;

/// Pages with quota blocks of `File`, as one Windows writes them.
class QuotaStage {
 public:
  explicit QuotaStage(Windows windows) : windows_(windows), stage_(windows) {}

  /// A page whose last quota block has `damage` at `offset` of its header.
  QuotaStage& AddPage(std::uint32_t offset = 0, const ByteString& damage = {}, std::string_view tag = "File") {
    const WindowsFacts& facts = FactsOf(windows_);
    PageBuilder page(windows_, pages_);
    page.Block("Even", kFirst);
    for (std::uint32_t i = 0; i < kQuotaBlocks; ++i) {
      const std::uint64_t header = stage_.AddressOf(pages_, kFirst + i * kQuotaSize);
      const std::uint64_t mask = windows_ == Windows::kEightOne64 ? kCookie ^ header : 0;
      const bool last = i + 1 == kQuotaBlocks;
      page.Block(last ? tag : "File", kQuotaSize)
          .OverwriteHeader(3, {static_cast<std::uint8_t>(facts.nonpaged_in_use | 8)})
          .OverwriteHeader(8, Word((i == 0 ? kOther : kProcess) ^ mask, 8));
      if (last) page.OverwriteHeader(offset, damage);
    }
    stage_.Add(page);
    ++pages_;
    return *this;
  }
  QuotaStage& AddPages(std::uint32_t n) {
    for (std::uint32_t i = 0; i < n; ++i) AddPage();
    return *this;
  }
  std::vector<Scene> Incidents() {
    const PoolCensus& census = stage_.Scan();
    std::vector<Scene> scenes;
    SceneSetter setter(stage_.space(), stage_.system(), census, stage_.tags());
    AddQuotaIncidents(scenes, setter);
    return scenes;
  }
  Report Judge() { return stage_.Judge(); }
  Stage& stage() { return stage_; }
  /// Of the last quota block of the page added last.
  [[nodiscard]] std::uint64_t last_header() const {
    return stage_.AddressOf(pages_ - 1, kFirst + (kQuotaBlocks - 1) * kQuotaSize);
  }

 private:
  Windows windows_;
  Stage stage_;
  std::uint32_t pages_ = 0;
};

constexpr std::uint32_t kPages = 12;

class QuotaScan : public ::testing::TestWithParam<Windows> {};

TEST_P(QuotaScan, ChargesToSeveralProcessesAreHealthy) {
  EXPECT_THAT(QuotaStage(GetParam()).AddPages(kPages).Incidents(), IsEmpty());
}

TEST_P(QuotaScan, TheUpperBytesOverwrittenAreDamageUpToTheData) {
  QuotaStage stage(GetParam());
  const std::vector<Scene> scenes = stage.AddPages(kPages).AddPage(13, Ascii("abc")).Incidents();
  ASSERT_THAT(scenes, SizeIs(1));
  EXPECT_EQ(scenes[0].AddressOf(scenes[0].damage_begin()), stage.last_header() + 13);
  EXPECT_EQ(scenes[0].AddressOf(scenes[0].damage_end()), stage.last_header() + 16);
}

TEST_P(QuotaScan, ThatIsAnUnderrunOfTheBlockItself) {
  QuotaStage stage(GetParam());
  const Report report = stage.AddPages(kPages).AddPage(11, Ascii("abcde")).Judge();
  ASSERT_THAT(report.incidents, SizeIs(1));
  const Suspect& first = report.incidents[0].suspects.front();
  EXPECT_EQ(first.kind, FaultKind::kUnderrun);
  ASSERT_TRUE(first.block.has_value());
  EXPECT_EQ(first.block->header, stage.last_header());
}

TEST_P(QuotaScan, FewBlocksThatBreakTheRuleAreDamageAndManyAreNoRule) {
  QuotaStage stage(GetParam());
  stage.AddPages(kPages);
  for (std::uint8_t i = 0; i < 3; ++i) stage.AddPage(8, Varied(8, i));
  EXPECT_THAT(stage.Incidents(), IsEmpty());
}

TEST_P(QuotaScan, AFlippedQuotaBitIsTheTypes) {
  QuotaStage stage(GetParam());
  stage.AddPages(kPages);
  for (std::uint32_t i = 0; i < 4; ++i) stage.stage().Add(PageBuilder(GetParam(), 40 + i).Block("Plai", 0x90));
  stage.stage().Add(PageBuilder(GetParam(), 50)
                        .Block("Even", kFirst)
                        .Block("Plai", 0x90)
                        .FlipBit(3, 3)
                        .OverwriteHeader(8, Ascii("oldbytes"))
                        .Block("File", 0x80));
  const std::vector<Scene> scenes = stage.Incidents();
  ASSERT_THAT(scenes, SizeIs(1));
  const Spot& spot = scenes[0].spots.front();
  EXPECT_EQ(spot.end - spot.begin, 1U);
  EXPECT_EQ(spot.begin - scenes[0].blocks[scenes[0].victim()].begin, 3U);
  EXPECT_EQ(spot.differing_bits, 1U);
}

TEST_P(QuotaScan, ATagInFrontOfItIsDoubtedUnlessOthersHaveIt) {
  for (const std::string_view tag : {"File", "Xyzw"}) {
    QuotaStage stage(GetParam());
    const std::vector<Scene> scenes = stage.AddPages(kPages).AddPage(8, Ascii("abcdefgh"), tag).Incidents();
    ASSERT_THAT(scenes, SizeIs(1));
    EXPECT_EQ(scenes[0].blocks[scenes[0].victim()].block->tag_known, tag == "File");
  }
}

INSTANTIATE_TEST_SUITE_P(Encodings, QuotaScan, ::testing::Values(Windows::kSeven64, Windows::kEightOne64),
                         [](const auto& quota) { return quota.param == Windows::kSeven64 ? "Plain" : "Cookie"; });

TEST(QuotaScanPlain, FourOthersAreEnough) {
  QuotaStage stage(Windows::kSeven64);
  EXPECT_THAT(stage.AddPage().AddPage(8, Ascii("abcdefgh")).Incidents(), SizeIs(1));
}

TEST(QuotaScanCookie, FourOthersAreNot) {
  QuotaStage stage(Windows::kEightOne64);
  EXPECT_THAT(stage.AddPage().AddPage(8, Ascii("abcdefgh")).Incidents(), IsEmpty());
}

}  // namespace
}  // namespace poolblame::testing

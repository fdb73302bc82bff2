// Special pool from the bytes to the answer: whose the damage is, what the bug check proves, and what must not be said.
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>

#include "heuristics/report.h"
#include "parser/kernel/bugcheck.h"
#include "tests/pool/special_page.h"

namespace poolblame::testing {
namespace {

using test::MakeSpecialPage;
using test::SpecialPage;
using ::testing::Contains;
using ::testing::Each;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::SizeIs;

constexpr std::uint64_t kPageAt = 0xFFFFCF8000101000;
constexpr std::uint64_t kDriver = 0xFFFFF80001230000, kKernel = 0xFFFFF80002A00000;
using Parameters = std::array<std::uint64_t, 4>;

/// An image of one special-pool page, judged.
class Case {
 public:
  explicit Case(SpecialPage page, std::uint32_t build = 9600) : page_(std::move(page)) {
    system_.machine = Machine::kX64;
    system_.build = build;
    AddModule("ntoskrnl.exe", kKernel);
    AddModule("leaky.sys", kDriver);
    system_.kernel_image_base = VirtAddr{kKernel};
    const std::string_view text = "Leak - tagowner.sys - buffers\n";
    tags_.AddFile(ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
  }
  Case& Crash(std::uint32_t code, const Parameters& parameters) {
    system_.bugcheck = ExplainBugCheck({code, parameters}, Machine::kX64, system_.build);
    return *this;
  }
  Case& Freed(std::uint64_t address, std::vector<VirtAddr> stack) {
    freed_ =
        FreedSpecialPool{{address}, 0x123, false, PoolTag::FromText("Gone"), {0xFFFFFA8001234560}, std::move(stack)};
    return *this;
  }
  Report Judge() {
    OpenOptions options;
    options.base = VirtAddr{kPageAt};
    options.machine = Machine::kX64;
    options.build = system_.build;
    const Result<Image> image = Image::FromBytes(page_.view(), "case", options);
    if (!image) return {};
    const AddressSpace space(*image);
    PoolCensus census = ScanPool(space, system_, {});
    if (freed_) census.freed_special.push_back(*freed_);
    return poolblame::Judge(space, system_, census, tags_);
  }

 private:
  void AddModule(const char* name, std::uint64_t base) {
    Module module;
    module.name = name;
    module.base = VirtAddr{base};
    module.size = 0x10000;
    system_.modules.push_back(module);
  }

  SpecialPage page_;
  System system_;
  TagDatabase tags_;
  std::optional<FreedSpecialPool> freed_;
};

Incident OnlyIncident(const Report& report) {
  EXPECT_EQ(report.verdict, Verdict::kCorrupt);
  EXPECT_THAT(report.incidents, SizeIs(1));
  if (report.incidents.size() != 1) return {};
  const Incident& incident = report.incidents[0];
  double suspects = 0, kinds = 0;
  for (const Suspect& suspect : incident.suspects) suspects += suspect.probability;
  for (const auto& [kind, probability] : incident.kind_probabilities) kinds += probability;
  EXPECT_NEAR(suspects, 1, 1e-9);
  EXPECT_NEAR(kinds, 1, 1e-9);
  EXPECT_LT(incident.damage.start, incident.damage.end);
  return incident;
}

std::vector<std::string> EvidenceTexts(const Suspect& suspect) {
  std::vector<std::string> texts;
  for (const Evidence& evidence : suspect.evidence) texts.push_back(evidence.text);
  return texts;
}

TEST(SpecialPoolJudge, ASoundPageIsClean) {
  EXPECT_EQ(Case(MakeSpecialPage({})).Judge().verdict, Verdict::kClean);
  EXPECT_THAT(Case(MakeSpecialPage({})).Judge().incidents, IsEmpty());
}

TEST(SpecialPoolJudge, ExplainsItselfAndSaysHowFarTheWriteRan) {
  SpecialPage page = MakeSpecialPage({});
  page.Put(page.data_end, {1, 2, 3});
  const Incident incident = OnlyIncident(Case(page).Judge());
  ASSERT_FALSE(incident.explanation.hypotheses.empty());
  for (const ExplainedHypothesis& h : incident.explanation.hypotheses) {
    double sum = WeightOf(h.prior).log_odds;
    for (const ExplainedVote& vote : h.votes) sum += vote.share;
    EXPECT_NEAR(sum, h.log_odds, 1e-9);
  }
  EXPECT_FALSE(incident.explanation.tests.empty());
  ASSERT_TRUE(incident.write.has_value());
  EXPECT_EQ(incident.write->boundary, kPageAt + page.data_end);
  EXPECT_EQ(incident.write->least_outside(), 3U);
  EXPECT_EQ(incident.write->most_outside(), 3U);
}

TEST(SpecialPoolJudge, BytesBehindTheDataAreTheBlocksOwnOverrun) {
  SpecialPage page = MakeSpecialPage({});
  page.Put(page.data_end, {1, 2, 3});
  const Incident incident = OnlyIncident(Case(page).Judge());
  EXPECT_EQ(incident.kind, FaultKind::kOverrun);
  EXPECT_EQ(incident.confidence, Confidence::kStrong);
  EXPECT_EQ(incident.damage.start, kPageAt + page.data_end);
  EXPECT_EQ(incident.damage.certain_bytes, 3U);
  EXPECT_EQ(incident.damage.bytes, (std::vector<std::uint8_t>{1, 2, 3}));
  const Suspect& first = incident.suspects[0];
  ASSERT_TRUE(first.block.has_value());
  EXPECT_EQ(first.block->tag.text(), "Leak");
  EXPECT_EQ(first.block->header, kPageAt);
  EXPECT_EQ(first.block->address, kPageAt + page.data);
  EXPECT_EQ(first.block->size, 0x123U + 16);
  EXPECT_EQ(first.owner.driver, "tagowner.sys");
  EXPECT_EQ(incident.victim->header, first.block->header);
}

TEST(SpecialPoolJudge, TheSameOnTheSegmentHeapsWindows) {
  SpecialPage page = MakeSpecialPage({.flags = 0x4000, .fill = 0xFD, .tracked = true});
  page.Put(page.data_end, {1, 2, 3});
  const Incident incident = OnlyIncident(Case(page, 26100).Judge());
  EXPECT_EQ(incident.kind, FaultKind::kOverrun);
  EXPECT_EQ(incident.confidence, Confidence::kStrong);
}

TEST(SpecialPoolJudge, ATerminatorThatDidNotFitIsAnOverrunEvenOneBitFromTheFiller) {
  SpecialPage page = MakeSpecialPage({.fill = 0x40});
  page.Put(page.data_end, {0});
  const Incident incident = OnlyIncident(Case(page).Judge());
  EXPECT_EQ(incident.kind, FaultKind::kOverrun);
  EXPECT_THAT(EvidenceTexts(incident.suspects[0]), Contains(HasSubstr("NUL")));
}

TEST(SpecialPoolJudge, BytesUpToTheDataAreAnUnderrunAndNotQuiteCertain) {
  SpecialPage page = MakeSpecialPage({});
  page.Put(page.data - 4, {1, 2, 3, 4});
  const Incident incident = OnlyIncident(Case(page).Judge());
  EXPECT_EQ(incident.kind, FaultKind::kUnderrun);
  EXPECT_EQ(incident.confidence, Confidence::kSuspect);
  EXPECT_THAT(incident.advice, Contains(HasSubstr("Verify Start")));
}

TEST(SpecialPoolJudge, BytesFarFromTheDataAccuseNobody) {
  SpecialPage page = MakeSpecialPage({});
  page.Put(0x300, {1, 2, 3, 4});
  const Incident incident = OnlyIncident(Case(page).Judge());
  EXPECT_EQ(incident.kind, FaultKind::kWildWrite);
  EXPECT_EQ(incident.confidence, Confidence::kInsufficient);
  EXPECT_THAT(incident.advice, Each(Not(HasSubstr(".sys"))));
}

TEST(SpecialPoolJudge, OneBitIsHardware) {
  SpecialPage page = MakeSpecialPage({});
  page.Flip(0x300, 4);
  const Incident incident =
      OnlyIncident(Case(page).Crash(0xC1, {kPageAt + page.data, kPageAt + 0x300, 0, 0x32}).Judge());
  EXPECT_EQ(incident.kind, FaultKind::kBitFlip);
  EXPECT_EQ(incident.suspects[0].role, SuspectRole::kHardware);
  EXPECT_THAT(incident.advice, Each(Not(HasSubstr(".sys"))));
}

TEST(SpecialPoolJudge, ADamagedHeaderIsNoOverrunOfABlockThatLiesFarFromIt) {
  SpecialPage page = MakeSpecialPage({});
  page.Put(4, {1, 2, 3, 4});
  const Incident incident = OnlyIncident(Case(page).Crash(0xC1, {kPageAt + page.data, 0x123, 0x80, 0x21}).Judge());
  EXPECT_NE(incident.confidence, Confidence::kStrong);
  EXPECT_EQ(incident.damage.start, kPageAt + 4);
  EXPECT_EQ(incident.damage.end, kPageAt + 8);
}

// Verify start: data, filler, header. What ran from the one to the other is one write.
TEST(SpecialPoolJudge, AnOverrunIntoTheHeaderIsOneIncident) {
  SpecialPage page = MakeSpecialPage({.at_start = true, .size = 0xF00});
  page.Put(0xF80, std::vector<std::uint8_t>(0x70, 0x33));
  page.Flip(0xFF2, 3);
  const Incident incident = OnlyIncident(Case(page).Crash(0xC1, {kPageAt, kPageAt + 0xF80, 0, 0x24}).Judge());
  EXPECT_EQ(incident.damage.start, kPageAt + 0xF80);
  EXPECT_EQ(incident.damage.end, kPageAt + 0xFF3);
}

TEST(SpecialPoolJudge, TheDriverWhoseCodeHitTheGuardPageIsNamed) {
  const SpecialPage page = MakeSpecialPage({.size = 0x120});
  const Report report = Case(page).Crash(0xD6, {kPageAt + 0x1000, 1, kDriver + 0x1234, 0}).Judge();
  const Incident incident = OnlyIncident(report);
  EXPECT_THAT(report.not_judged, IsEmpty());
  EXPECT_EQ(incident.kind, FaultKind::kOverrun);
  EXPECT_EQ(incident.confidence, Confidence::kStrong);
  EXPECT_EQ(incident.suspects[0].owner.driver, "leaky.sys");
  EXPECT_EQ(incident.suspects[0].block->tag.text(), "Leak");
  EXPECT_THAT(EvidenceTexts(incident.suspects[0]), Contains(HasSubstr("leaky.sys+0x1234 wrote to")));
  EXPECT_THAT(incident.advice, Contains(HasSubstr("leaky.sys+0x1234")));
}

TEST(SpecialPoolJudge, TheSlopOnTheWayToTheGuardPageIsTheSameWrite) {
  SpecialPage page = MakeSpecialPage({.size = 0x123});
  page.Put(page.data_end, std::vector<std::uint8_t>(4096 - page.data_end, 0x33));
  const Incident incident = OnlyIncident(Case(page).Crash(0xD6, {kPageAt + 0x1000, 1, kDriver + 0x1234, 0}).Judge());
  EXPECT_EQ(incident.damage.start, kPageAt + page.data_end);
  EXPECT_EQ(incident.damage.end, kPageAt + 0x1001);
}

// memcpy is the kernel's: its caller is to blame, and only the tag says who that may be.
TEST(SpecialPoolJudge, KernelCodeOnTheGuardPageLeavesTheTagsOwner) {
  const SpecialPage page = MakeSpecialPage({.size = 0x120});
  const Incident incident = OnlyIncident(Case(page).Crash(0xCD, {kPageAt + 0x1000, 1, kKernel + 0x1234, 0}).Judge());
  EXPECT_EQ(incident.confidence, Confidence::kSuspect);
  EXPECT_EQ(incident.suspects[0].owner.driver, "tagowner.sys");
}

TEST(SpecialPoolJudge, TheGuardPageBeforeABlockAtItsPagesStartIsAnUnderrun) {
  const SpecialPage page = MakeSpecialPage({.at_start = true});
  const Incident incident = OnlyIncident(Case(page).Crash(0xD6, {kPageAt - 4, 1, kDriver + 0x1234, 0}).Judge());
  EXPECT_EQ(incident.kind, FaultKind::kUnderrun);
  EXPECT_EQ(incident.suspects[0].block->header, kPageAt + 0xFF0);
}

TEST(SpecialPoolJudge, AUseAfterFreeNamesTheCodeAndTheRecordTheBlock) {
  const std::uint64_t gone = kPageAt + 0x10ED0;
  Case unknown(MakeSpecialPage({}));
  unknown.Crash(0xD5, {gone + 8, 1, kDriver + 0x1234, 0});
  const Incident without = OnlyIncident(unknown.Judge());
  EXPECT_EQ(without.kind, FaultKind::kUseAfterFree);
  EXPECT_EQ(without.suspects[0].owner.driver, "leaky.sys");
  EXPECT_EQ(without.suspects[0].block->tag.value, 0U);
  unknown.Freed(gone, {{kKernel + 0x10}, {kDriver + 0x777}});
  const Incident with = OnlyIncident(unknown.Judge());
  EXPECT_EQ(with.suspects[0].block->tag.text(), "Gone");
  EXPECT_EQ(with.suspects[0].block->address, gone);
  EXPECT_THAT(EvidenceTexts(with.suspects[0]), Contains(HasSubstr("leaky.sys+0x777")));
}

TEST(SpecialPoolJudge, AnAccessOfWhichNothingIsKnownAccusesNobody) {
  const Incident incident = OnlyIncident(Case(MakeSpecialPage({})).Crash(0xCC, {kPageAt + 0x10000, 1, 0, 0}).Judge());
  EXPECT_EQ(incident.kind, FaultKind::kUseAfterFree);
  EXPECT_EQ(incident.confidence, Confidence::kInsufficient);
  EXPECT_TRUE(incident.suspects[0].owner.driver.empty());
}

TEST(SpecialPoolJudge, AFreeOfWhatIsNotThereIsADoubleFree) {
  const std::uint64_t gone = kPageAt + 0x10ED0;
  Case freed(MakeSpecialPage({}));
  freed.Crash(0xC1, {gone, 0, 0, 0x20}).Freed(gone, {});
  const Incident incident = OnlyIncident(freed.Judge());
  EXPECT_EQ(incident.kind, FaultKind::kDoubleFree);
  EXPECT_EQ(incident.suspects[0].block->tag.text(), "Gone");
}

TEST(SpecialPoolJudge, AnotherAddressThanTheBlocksIsABadFree) {
  const SpecialPage page = MakeSpecialPage({});
  const Incident incident =
      OnlyIncident(Case(page).Crash(0xC1, {kPageAt + page.data + 16, 0x123, 0x113, 0x22}).Judge());
  EXPECT_EQ(incident.kind, FaultKind::kBadFree);
  EXPECT_EQ(incident.suspects[0].block->tag.text(), "Leak");
}

TEST(SpecialPoolJudge, ANamedPageThatIsNoSpecialPoolIsNotJudged) {
  SpecialPage page;
  page.bytes.assign(4096, 0x41);
  for (std::size_t i = 0; i < page.bytes.size(); ++i) page.bytes[i] = static_cast<std::uint8_t>(i * 37 + i / 256);
  const Report report = Case(page).Crash(0xC1, {kPageAt + 0x100, kPageAt + 0x90, 0, 0x23}).Judge();
  EXPECT_EQ(report.verdict, Verdict::kInconclusive);
  std::vector<std::string> reasons;
  for (const NotJudged& left_out : report.not_judged) reasons.push_back(left_out.reason);
  EXPECT_THAT(reasons, Contains("page named by the bugcheck is not recognisable as special pool"));
}

TEST(SpecialPoolJudge, HostilePagesAndBugChecksKeepEveryPromise) {
  std::mt19937 random(9);
  const auto below = [&](std::uint32_t limit) { return static_cast<std::uint32_t>(random() % limit); };
  constexpr std::uint32_t kCodes[] = {0xC1, 0xCC, 0xCD, 0xD5, 0xD6};
  constexpr std::uint64_t kWhy[] = {0x20, 0x21, 0x22, 0x23, 0x24, 0x30, 0x31, 0x32};
  for (int i = 0; i < 2000; ++i) {
    SpecialPage page = MakeSpecialPage({.at_start = below(2) == 0, .size = 1 + below(0xFE0)});
    for (std::uint32_t n = below(12); n > 0; --n)
      page.bytes[below(2) == 0 ? below(4096) : page.header + below(8)] = static_cast<std::uint8_t>(random());
    Case hostile(page);
    const std::uint64_t address = kPageAt + below(0x3000) - 0x1000;
    if (below(4) != 0) hostile.Crash(kCodes[below(5)], {address, below(3), kDriver + below(0x20000), kWhy[below(8)]});
    if (below(4) == 0) hostile.Freed(address, {{address}, {kDriver + below(0x100)}});
    for (const Incident& incident : hostile.Judge().incidents) {
      double suspects = 0;
      for (const Suspect& suspect : incident.suspects) suspects += suspect.probability;
      EXPECT_NEAR(suspects, 1, 1e-9);
      EXPECT_LT(incident.damage.start, incident.damage.end);
      EXPECT_LE(incident.damage.bytes.size(), 64U);
      if (incident.kind != FaultKind::kBitFlip && incident.confidence != Confidence::kInsufficient) continue;
      for (const std::string& line : incident.advice) EXPECT_EQ(line.find("/driver"), std::string::npos) << line;
    }
  }
}

}  // namespace
}  // namespace poolblame::testing

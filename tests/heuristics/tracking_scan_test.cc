// Overruns that stop in their own block's last pointer, which is Driver Verifier's; and what that pointer says of an
// overrun that goes on.
#include "heuristics/tracking_scan.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <array>

#include "tests/heuristics/pages_of_verifier.h"
#include "tests/pool/page_builder.h"

namespace poolblame::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint32_t kSize = 0x80, kBlocks = 4096 / kSize, kRequest = 0x68, kCulprit = 12;
constexpr std::uint32_t kPages = 2;
constexpr std::uint64_t kRecords = kBase + kPages * kPageSize;
constexpr std::uint8_t kTracked = 0x42;

/// Two pages of tracked blocks, the first one the tests', and the page of their records behind them.
class TrackedPage {
 public:
  TrackedPage() : records_(kPageSize) {
    for (std::uint32_t i = 0; i < kPages * kBlocks; ++i) {
      test::PageBuilder& page = pages_[i / kBlocks];
      page.BusyType(kTracked).Block("Culp", kSize).Write(TailOf(i % kBlocks), Word(RecordOf(i)));
      Put(RecordOf(i), kBase + i * kSize + 16);
      Put(RecordOf(i) + 8, kDriver + 0x444);
      Put(RecordOf(i) + 0x10, kRequest);
      Put(RecordOf(i) + 0x18, 0x706C7543);
    }
  }
  static std::uint32_t TailOf(std::uint32_t i) { return (i + 1) * kSize - 8; }
  static std::uint64_t RecordOf(std::uint32_t i) { return kRecords + (i + 1) * std::uint64_t{0x20}; }
  TrackedPage& Fill(std::uint32_t offset, std::uint32_t count) { return pages_[0].Fill(offset, count, 0x41), *this; }

  [[nodiscard]] Report Judged() const {
    std::vector<std::uint8_t> bytes;
    for (const test::PageBuilder& page : pages_) bytes.insert(bytes.end(), page.data(), page.data() + kPageSize);
    bytes.insert(bytes.end(), records_.begin(), records_.end());
    return JudgePages({bytes.data(), bytes.size()}, {Caller()});
  }

 private:
  void Put(std::uint64_t address, std::uint64_t value) {
    std::ranges::copy(Word(value), records_.begin() + static_cast<std::ptrdiff_t>(address - kRecords));
  }

  std::array<test::PageBuilder, kPages> pages_{test::PageBuilder("nt6-x64"), test::PageBuilder("nt6-x64")};
  std::vector<std::uint8_t> records_;
};

std::vector<std::string> TextsOf(const Suspect& suspect) {
  std::vector<std::string> texts;
  for (const Evidence& evidence : suspect.evidence) texts.push_back(evidence.text);
  return texts;
}

TEST(TrackingScan, SoundPointersAreNoIncident) { EXPECT_THAT(TrackedPage().Judged().incidents, IsEmpty()); }

TEST(TrackingScan, AnOverrunIntoTheOwnLastPointerIsThatBlocks) {
  for (const std::uint32_t bytes : {4U, 8U}) {
    const std::uint32_t request_end = kCulprit * kSize + 16;
    const Report report = TrackedPage().Fill(request_end, TrackedPage::TailOf(kCulprit) + bytes - request_end).Judged();
    ASSERT_THAT(report.incidents, SizeIs(1));
    const Incident& incident = report.incidents.front();
    EXPECT_EQ(incident.kind, FaultKind::kOverrun);
    EXPECT_EQ(incident.damage.start, kBase + TrackedPage::TailOf(kCulprit));
    EXPECT_EQ(incident.victim->structure, HeapStructureKind::kVerifierPointer);
    const Suspect& first = incident.suspects.front();
    ASSERT_TRUE(first.block.has_value());
    EXPECT_EQ(first.block->header, kBase + kCulprit * kSize);
    EXPECT_EQ(first.block->size, kSize);
    EXPECT_EQ(first.owner.driver, "caller.sys");
    EXPECT_EQ(first.owner.source, "verifier");
    EXPECT_THAT(TextsOf(first), Contains("Driver Verifier's record of this block: 104 bytes allocated by the code at "
                                         "caller.sys+0x444"));
    EXPECT_THAT(TextsOf(first), Contains(HasSubstr("must lead to Driver Verifier's record of it, which lies at")));
  }
}

TEST(TrackingScan, AnOverrunIntoTheNextBlockIsOneIncidentAndTookThePointerAlong) {
  const std::uint32_t end = (kCulprit + 1) * kSize;
  const Report report = TrackedPage().Fill(end - 0x20, 0x2C).Judged();
  ASSERT_THAT(report.incidents, SizeIs(1));
  const Suspect& first = report.incidents.front().suspects.front();
  ASSERT_TRUE(first.block.has_value());
  EXPECT_EQ(first.block->header, kBase + kCulprit * kSize);
  EXPECT_THAT(TextsOf(first), Contains(HasSubstr("last bytes is overwritten, too")));
  EXPECT_THAT(TextsOf(first), Contains(HasSubstr("Driver Verifier's record of this block")));
}

TEST(TrackingScan, AnIntactPointerSpeaksForItsBlock) {
  const std::uint32_t end = (kCulprit + 1) * kSize;
  const Report report = TrackedPage().Fill(end, 12).Judged();
  ASSERT_THAT(report.incidents, SizeIs(1));
  double intact = 0;
  for (const Suspect& suspect : report.incidents.front().suspects)
    for (const Evidence& evidence : suspect.evidence)
      if (evidence.text.find("is intact") != std::string::npos) intact += evidence.log_odds;
  EXPECT_LT(intact, 0);
  EXPECT_NE(report.incidents.front().confidence, Confidence::kStrong);
}

}  // namespace
}  // namespace poolblame::testing

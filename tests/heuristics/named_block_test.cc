// What the kernel complains of on the segment heap and what the image shows of it.
#include "heuristics/named_block.h"

#include <gtest/gtest.h>

#include "heuristics/report.h"
#include "parser/pool/segment_heap.h"
#include "tests/pool/opened_image.h"

namespace poolblame {
namespace {

using test::FromRecipe;
using test::Opened;

class Complaint : public ::testing::Test {
 protected:
  void Open(const std::string& words) {
    opened_ = FromRecipe("windows=19041 pages=160 activity=300 container=full " + words);
    space_.emplace(*opened_.image);
    system_ = ReadSystem(*space_);
    census_ = ScanPool(*space_, system_, {});
    ASSERT_NE(census_.segment_heap, nullptr);
  }
  Report After(std::uint64_t type, VirtAddr address) {
    const BugCheckRecord record{0x13A, {type, 0xFFFFA80000000000, address.value, 0}};
    system_.bugcheck = ExplainBugCheck(record, Machine::kX64, 19041);
    return Judge(*space_, system_, census_, TagDatabase::BuiltIn());
  }
  [[nodiscard]] const PageRange& First(RangeKind kind) const {
    for (const PageRange& range : census_.segment_heap->ranges())
      if (range.kind == kind) return range;
    return census_.segment_heap->ranges().front();
  }

  Opened opened_;
  std::optional<AddressSpace> space_;
  System system_;
  PoolCensus census_;
};

void ExpectNobodyNamed(const Report& report) {
  EXPECT_EQ(report.verdict, Verdict::kCorrupt);
  ASSERT_EQ(report.incidents.size(), 1U);
  const Incident& incident = report.incidents[0];
  EXPECT_EQ(incident.confidence, Confidence::kInsufficient);
  EXPECT_EQ(incident.damage.certain_bytes, 0U);
  ASSERT_FALSE(incident.suspects.empty());
  EXPECT_EQ(incident.suspects[0].role, SuspectRole::kUnknown);
  ASSERT_FALSE(incident.suspects[0].evidence.empty());
  EXPECT_NE(incident.suspects[0].evidence[0].text.find("nothing in it is found damaged"), std::string::npos);
}

TEST_F(Complaint, AChunkInWhichNothingIsFoundNamesNobody) {
  Open("fault=none bugcheck=none seed=3");
  const PageRange& range = First(RangeKind::kVs);
  const auto subsegment = census_.segment_heap->ReadVs(*space_, range);
  ASSERT_TRUE(subsegment && subsegment->chunks.size() > 2);
  const Report report = After(0x12, range.address + subsegment->chunks[1].offset);
  ExpectNobodyNamed(report);
  EXPECT_EQ(report.incidents[0].victim->header, (range.address + subsegment->chunks[1].offset).value);
}

TEST_F(Complaint, ASubsegmentsOwnHeaderStandsForItsFirstBlock) {
  Open("fault=none bugcheck=none seed=3");
  const PageRange& range = First(RangeKind::kVs);
  const Report report = After(0x12, range.address);
  ExpectNobodyNamed(report);
  EXPECT_EQ(report.incidents[0].victim->header, (range.address + kVsFirstChunk).value);
}

TEST_F(Complaint, DamageInTheSameSubsegmentExplainsIt) {
  Open("fault=overrun backend=vs bytes=24 content=random victim=allocated bugcheck=none seed=8");
  const PageRange* range = census_.segment_heap->RangeAt(VirtAddr{opened_.truth.victim_header});
  ASSERT_NE(range, nullptr);
  const Report report = After(0x12, range->address);
  ASSERT_EQ(report.incidents.size(), 1U);
  EXPECT_GT(report.incidents[0].damage.certain_bytes, 0U);
}

TEST_F(Complaint, AnAddressInNoRangeLeavesItOpen) {
  Open("fault=none bugcheck=none seed=3");
  const Report report = After(0x12, VirtAddr{0xFFFFA80000000000});
  EXPECT_TRUE(report.incidents.empty());
}

TEST_F(Complaint, AWrongCallIsNoDamage) {
  Open("fault=none bugcheck=none seed=3");
  const BugCheckRecord record{0xC2, {9, 2, 0, (First(RangeKind::kLfh).address + 0x200).value}};
  system_.bugcheck = ExplainBugCheck(record, Machine::kX64, 19041);
  EXPECT_TRUE(Judge(*space_, system_, census_, TagDatabase::BuiltIn()).incidents.empty());
}

/// Driver Verifier's log, on both allocators: the report says from where the culprit calls the pool.
TEST(PoolLog, TheCulpritsCallSiteIsInTheReport) {
  for (const char* recipe : {"windows=7601 machine=x64 fault=overrun bytes=40 content=fill fill=0x41 victim=allocated "
                             "container=full pages=200 seed=5 pool_log=64",
                             "windows=22621 backend=vs fault=overrun bytes=40 content=fill fill=0x41 victim=allocated "
                             "container=full pages=200 seed=5 pool_log=64",
                             "windows=26100 backend=lfh fault=overrun bytes=40 content=fill fill=0x41 victim=allocated "
                             "container=full pages=200 seed=5 pool_log=64"}) {
    const Opened opened = FromRecipe(recipe);
    const AddressSpace space(*opened.image);
    const System system = ReadSystem(space);
    const Report report = Judge(space, system, ScanPool(space, system, {}), TagDatabase::BuiltIn());
    bool said = false;
    for (const Incident& incident : report.incidents)
      for (const Suspect& suspect : incident.suspects)
        for (const Evidence& evidence : suspect.evidence)
          said = said || (suspect.block && suspect.block->header == opened.truth.culprit_header &&
                          evidence.text.find("log of pool calls") != std::string::npos &&
                          evidence.text.find("+0x") != std::string::npos);
    EXPECT_TRUE(said) << recipe;
  }
}

}  // namespace
}  // namespace poolblame

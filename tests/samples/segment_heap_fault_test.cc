// Faults, crashes and containers of images with the segment heap.
#include <gtest/gtest.h>

#include <string>

#include "samples/builder.h"
#include "samples/fault.h"
#include "tests/samples/heap_bytes.h"

namespace poolblame::samples {
namespace {

class SegmentHeapFaults : public SegmentHeapBytes {};

TEST_P(SegmentHeapFaults, EveryFaultBuildsTheSameTwiceAndSaysItsBackend) {
  for (const char* fault : {"none", "overrun", "off-by-one", "underrun", "use-after-free", "double-free", "bad-free",
                            "free-list", "bit-flip", "wild-write", "nonlinear-overrun", "page-stomp", "uninitialised",
                            "payload-overrun", "cross-page", "big-overrun", "range-overrun"}) {
    const std::string words = std::string("container=kernel-bitmap pages=200 seed=4 after=60 windows=") +
                              GetParam().windows + " fault=" + fault;
    const auto once = BuildSample(words);
    ASSERT_TRUE(once.has_value()) << words << ": " << once.error().what;
    const auto again = BuildSample(words);
    EXPECT_EQ(once->bytes, again->bytes) << words;
    EXPECT_NE(once->truth.heap_key, 0U);
    EXPECT_FALSE(once->truth.backend.empty());
    EXPECT_NE(TruthJson(once->truth, words).find("\"lfh_key\": \"0x"), std::string::npos);
  }
}

/// Allocations and frees after the fault leave the damage as it is, and everything else in order.
TEST_P(SegmentHeapFaults, LifeGoesOnAroundTheDamage) {
  for (const char* fault :
       {"overrun backend=vs bytes=8 content=fill fill=65", "use-after-free variant=links backend=vs",
        "overrun backend=lfh bytes=20 content=fill fill=65", "page-stomp"}) {
    Build(std::string("fault=") + fault);
    const auto record = InjectFault(*machine_);
    ASSERT_TRUE(record.has_value()) << fault;
    const std::size_t size = record->damage.end - record->damage.begin;
    const Bytes evidence = machine_->memory().Read(record->damage.begin, size);
    for (const auto& pool : machine_->pools()) pool->AddDamage(record->damage);
    machine_->Live(3000);
    for (const auto& pool : machine_->pools()) pool->Settle();
    EXPECT_EQ(machine_->memory().Read(record->damage.begin, size), evidence) << fault;
    for (const auto& pool : machine_->pools()) {
      for (const std::uint64_t page : pool->pages()) {
        for (const std::uint64_t header : pool->HeadersOn(page)) {
          const Block& block = *pool->Find(header);
          if (block.backend != Backend::kVs || record->damage.Overlaps(header, 8)) continue;
          EXPECT_EQ(Word(header) >> 16 & 0xFFFF, block.units) << fault;
          EXPECT_EQ(Word(header) >> 48, block.state == BlockState::kFree ? 0U : 1U) << fault;
        }
      }
    }
  }
}

TEST_P(SegmentHeapFaults, BackendWordChoosesTheCulprit) {
  for (const char* backend : {"vs", "lfh"}) {
    for (const char* fault : {"overrun", "off-by-one", "bit-flip", "use-after-free"}) {
      const std::string words =
          std::string("pages=200 seed=5 windows=") + GetParam().windows + " fault=" + fault + " backend=" + backend;
      const auto image = BuildSample(words);
      ASSERT_TRUE(image.has_value()) << words << ": " << image.error().what;
      EXPECT_EQ(image->truth.backend, backend) << words;
    }
  }
}

TEST_P(SegmentHeapFaults, EveryContainerIsWritten) {
  for (const char* container : {"full", "summary", "bitmap", "kernel-bitmap", "raw", "pool-pages", "triage"}) {
    const std::string words = std::string("pages=160 seed=6 fault=overrun bytes=20 content=fill fill=65 windows=") +
                              GetParam().windows + " container=" + container;
    const auto image = BuildSample(words);
    ASSERT_TRUE(image.has_value()) << words << ": " << image.error().what;
    const std::string bytes(image->bytes.begin(), image->bytes.end());
    EXPECT_NE(bytes.find(std::string(20, 'A')), std::string::npos) << words;
  }
}

TEST_P(SegmentHeapFaults, CorruptionNamesTheChunkOnce) {
  Build("fault=overrun backend=vs victim=allocated bytes=8 content=fill fill=65 bugcheck=13a");
  const auto record = InjectFault(*machine_);
  ASSERT_TRUE(record.has_value());
  const BugCheckFacts facts = CrashOf(*machine_, *record, TruthOf(*machine_, *record));
  EXPECT_EQ(facts.code, 0x13AU);
  const std::uint64_t heap = record->victim.pool->setup().base;
  const std::uint64_t reporter = facts.parameters[1] - heap;
  EXPECT_TRUE(reporter == 0 || reporter == GetParam().seg_context || reporter == GetParam().vs_context);
  const std::uint64_t info = U64(U64(machine_->layout().heaps.state) + 0x10);
  EXPECT_EQ(U32(info + 8), facts.parameters[0]);
  EXPECT_EQ(U64(info + 0x18), facts.parameters[2]);
}

INSTANTIATE_TEST_SUITE_P(EveryBuild, SegmentHeapFaults, ::testing::ValuesIn(kBuilds),
                         [](const auto& row) { return "Build" + std::string(row.param.windows); });

TEST(SegmentHeap, LowFragmentationSlotsAreOnNoList) {
  const auto image = BuildSample("windows=22621 backend=lfh fault=free-list pages=200 seed=3");
  ASSERT_FALSE(image.has_value());
  EXPECT_NE(image.error().what.find("needs backend=vs"), std::string::npos);
}

TEST(SegmentHeap, ClassicTruthSaysNothingOfIt) {
  const auto image = BuildSample("windows=17134 fault=overrun pages=112 seed=3");
  ASSERT_TRUE(image.has_value());
  EXPECT_EQ(TruthJson(image->truth, "").find("heap_key"), std::string::npos);
}

}  // namespace
}  // namespace poolblame::samples

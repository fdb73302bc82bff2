// Damaged headers of the segment heap's own: found, with what they must have been, and blamed on nobody's rules but the
// image's own.
#include "parser/pool/heap_structure.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <string>

#include "parser/pool/big_memory.h"
#include "parser/pool/link_book.h"
#include "parser/pool/segment_heap.h"
#include "parser/pool/slush_check.h"
#include "tests/kernel/fake_memory.h"
#include "tests/pool/opened_image.h"

namespace poolblame {
namespace {

using test::FromRecipe;
using test::Opened;
using test::Scan;

constexpr std::array<std::uint8_t, 8> kEight = {0x11, 0x22, 0x33, 0x44, 0x55, 0x66, 0x77, 0x88};

TEST(HeapStructure, TellsRightBytesFromWrongOnes) {
  HeapStructure structure(HeapStructureKind::kVsSubsegment, VirtAddr{0xFFFF800000001000},
                          ByteView(kEight.data(), kEight.size()));
  EXPECT_FALSE(structure.damaged());
  structure.Expect(0, 2, 0x2211, "First");
  EXPECT_FALSE(structure.damaged());
  structure.Expect(2, 4, 0x66554432, "Second");
  EXPECT_EQ(structure.damage_begin(), 2U);
  EXPECT_EQ(structure.damage_end(), 3U);
  EXPECT_EQ(structure.differing_bits(), 1U);
  ASSERT_EQ(structure.checks().size(), 1U);
  EXPECT_EQ(structure.checks()[0].read, 0x66554433U);
  EXPECT_EQ(structure.At(3), ByteVerdict::kRight);
  EXPECT_EQ(structure.At(7), ByteVerdict::kUnknown);
  structure.Reject(7, 4, "Last");  // goes over the end: only what is there counts
  EXPECT_EQ(structure.damage_end(), 8U);
  EXPECT_EQ(structure.wrong_bytes(), 2U);
  EXPECT_EQ(structure.differing_bits(), 0U);
}

// Six entries and their head, each link at its own address XORed or not.
class Links : public ::testing::TestWithParam<bool> {
 protected:
  static constexpr std::size_t kEntries = 6;
  static constexpr std::uint64_t kBase = 0xFFFF900000000000, kHead = kBase + 0x7040;
  static std::uint64_t Entry(std::size_t i) { return kBase + 0x1000 * i; }
  void SetUp() override {
    std::uint64_t before = kHead;
    for (std::size_t i = 0; i <= kEntries; ++i) {
      const std::uint64_t entry = i == kEntries ? kHead : Entry(i);
      PutLink(before, entry);
      PutLink(entry + 8, before);
      before = entry;
      if (i < kEntries) entries_.emplace_back(entry);
    }
  }
  void PutLink(std::uint64_t at, std::uint64_t target) {
    memory_.Put(VirtAddr{at}, GetParam() ? target ^ at : target, 8);
  }
  HeapStructure Checked(std::size_t i) {
    const AddressSpace& space = memory_.Space(26100);
    const LinkBook book(space, entries_);
    EXPECT_TRUE(book.believed());
    HeapStructure structure(HeapStructureKind::kVsSubsegment, entries_[i],
                            ByteView(space.Page(entries_[i]).bytes.data(), 0x30));
    book.Check(structure);
    return structure;
  }

  FakeMemory memory_{Machine::kX64, VirtAddr{kBase}, 8};
  std::vector<VirtAddr> entries_;
};

TEST_P(Links, AListInOrderHasNothingToSay) {
  for (std::size_t i = 0; i < kEntries; ++i) EXPECT_FALSE(Checked(i).damaged()) << i;
}

TEST_P(Links, NeighboursStillNameADamagedEntry) {
  memory_.Put(VirtAddr{Entry(1)}, 0x4141414141414141, 8);
  memory_.Put(VirtAddr{Entry(1)} + 8, 0x4141414141414141, 8);
  const HeapStructure structure = Checked(1);
  ASSERT_EQ(structure.checks().size(), 2U);
  const std::uint64_t mask = GetParam() ? Entry(1) : 0;
  EXPECT_EQ(structure.checks()[0].expected, Entry(2) ^ mask);
  EXPECT_EQ(structure.damage_end(), 16U);
  EXPECT_FALSE(Checked(0).damaged());
  EXPECT_FALSE(Checked(2).damaged());
}

TEST_P(Links, AListThatIsBeingChangedIsNoDamage) {
  PutLink(Entry(0), Entry(2));  // entry 1 is on its way out, entry 2 does not know it yet
  for (std::size_t i = 0; i < kEntries; ++i) EXPECT_FALSE(Checked(i).damaged()) << i;
}

TEST_P(Links, WhatIsInNoListIsNotNamed) {
  const VirtAddr lone{kBase + 0x6000};
  entries_.push_back(lone);
  const LinkBook book(memory_.Space(26100), entries_);
  ASSERT_TRUE(book.believed());
  EXPECT_TRUE(book.Names(VirtAddr{Entry(0)}));
  EXPECT_FALSE(book.Names(lone));
}

INSTANTIATE_TEST_SUITE_P(Form, Links, ::testing::Bool());

TEST(SegmentLists, LeadToTheHeadOrNowhereWhereTheyRunInCircles) {
  constexpr VirtAddr kFirst{0xFFFF900000000000}, kSecond = kFirst + kSegmentBytes, kHead = kFirst + 0x2148;
  FakeMemory memory{Machine::kX64, kFirst, 257};
  memory.PutPointer(kFirst, kSecond).PutPointer(kSecond, kHead);
  memory.PutPointer(kFirst + 8, kSecond).PutPointer(kSecond + 8, kFirst);
  SegmentLists lists(memory.Space(26100));
  for (const VirtAddr segment : {kFirst, kSecond, kFirst}) {
    EXPECT_EQ(lists.Follow(segment, 0), kHead - kSegContextListHead);
    EXPECT_EQ(lists.Follow(segment, 8), std::nullopt);
  }
}

const HeapStructure* Find(const PoolCensus& census, HeapStructureKind kind) {
  for (const PoolPage& page : census.findings)
    if (page.structure && page.structure->kind() == kind) return &*page.structure;
  return nullptr;
}

class EveryHeap : public ::testing::TestWithParam<int> {
 protected:
  static Opened Damaged(const std::string& words) {
    return FromRecipe("windows=" + std::to_string(GetParam()) + " machine=x64 container=full fault=range-overrun " +
                      words);
  }
};

TEST_P(EveryHeap, AVsHeaderIsFoundAndItsChunksStay) {
  const Opened opened = Damaged("variant=vs bytes=40 content=fill fill=0x5A pages=260 seed=12");
  const PoolCensus census = Scan(opened);
  const HeapStructure* structure = Find(census, HeapStructureKind::kVsSubsegment);
  ASSERT_NE(structure, nullptr);
  EXPECT_EQ(structure->address().value + 40, opened.truth.damage_end);
  EXPECT_LE((structure->address() + structure->damage_end()).value, opened.truth.damage_end);
  const PageRange* range = census.segment_heap->RangeAt(structure->address());
  ASSERT_NE(range, nullptr);
  EXPECT_TRUE(census.segment_heap->ReadVs(AddressSpace(*opened.image), *range));
}

TEST_P(EveryHeap, AnLfhHeaderIsFoundAndItsSlotsStay) {
  const Opened opened = Damaged("variant=lfh bytes=64 content=fill fill=0x5A pages=260 seed=13");
  const PoolCensus census = Scan(opened);
  const HeapStructure* structure = Find(census, HeapStructureKind::kLfhSubsegment);
  ASSERT_NE(structure, nullptr);
  EXPECT_EQ(structure->address().value + 64, opened.truth.damage_end);
  const PageRange* range = census.segment_heap->RangeAt(structure->address());
  ASSERT_NE(range, nullptr);
  const auto lfh = census.segment_heap->ReadLfh(AddressSpace(*opened.image), *range);
  ASSERT_TRUE(lfh);
  EXPECT_GT(lfh->slots.size(), 4U);
}

TEST_P(EveryHeap, ASegmentsHeaderIsFoundAndItsRangesStay) {
  const Opened opened = Damaged("variant=segment bytes=60 content=fill fill=0x5A pages=300 seed=14");
  const PoolCensus census = Scan(opened);
  const HeapStructure* structure = Find(census, HeapStructureKind::kPageSegment);
  ASSERT_NE(structure, nullptr);
  EXPECT_EQ(structure->address().value, opened.truth.damage_start);
  EXPECT_EQ(structure->damage_begin(), 0U);
  EXPECT_TRUE(structure->IsWrong(kSegmentSignatureAt, kSegmentSignatureAt + 8));
  EXPECT_NE(census.segment_heap->RangeAt(structure->address() + kSegmentHeaderBytes), nullptr);
}

TEST_P(EveryHeap, LargeAllocationsAreNoDamage) {
  const PoolCensus census = Scan(FromRecipe("windows=" + std::to_string(GetParam()) +
                                            " machine=x64 container=full fault=none large=8 pages=300 seed=15"));
  EXPECT_TRUE(census.findings.empty());
  EXPECT_TRUE(census.not_judged.empty());
}

TEST_P(EveryHeap, ARangeOf64KUnitsIsKnownByTheTable) {
  const Opened opened = FromRecipe("windows=" + std::to_string(GetParam()) +
                                   " machine=x64 container=full fault=none large=8 pages=300 seed=15");
  const PoolCensus census = Scan(opened);
  const auto is_large = [](const BigAllocation& big) { return big.bytes > 0x80000; };
  const auto live = std::find_if(census.big_pages.begin(), census.big_pages.end(), is_large);
  ASSERT_NE(live, census.big_pages.end());
  const BigOwner owner = OwnerOfBigMemory(census, live->address + 3 * kPageSize);
  ASSERT_TRUE(owner.begin && owner.tag);
  EXPECT_EQ(*owner.begin, live->address);
  EXPECT_FALSE(owner.freed);
  const auto freed = std::find_if(census.big_last_owners.begin(), census.big_last_owners.end(), is_large);
  ASSERT_NE(freed, census.big_last_owners.end());
  const BigOwner last = OwnerOfBigMemory(census, freed->address + kPageSize);
  EXPECT_TRUE(last.freed);
  ASSERT_TRUE(last.tag);
  EXPECT_EQ(last.tag->value, freed->tag.value);
}

INSTANTIATE_TEST_SUITE_P(Windows, EveryHeap, ::testing::Values(18362, 19041, 22000, 22621, 26100));

TEST(LastOwner, IsNobodyWhereTwoMayHaveBeenIt) {
  const VirtAddr at{0xFFFF900000001000};
  const BigAllocation one{at, 0x3000, PoolTag::FromText("Aaaa")}, other{at + 0x1000, 0x1000, PoolTag::FromText("Bbbb")};
  EXPECT_EQ(FindLastOwner({one, other}, at)->tag.text(), "Aaaa");
  EXPECT_EQ(FindLastOwner({one, other}, at + 0x1000), nullptr);
  EXPECT_EQ(FindLastOwner({one, other}, at + 0x2000)->tag.text(), "Aaaa");
  EXPECT_EQ(FindLastOwner({one, other}, at + 0x3000), nullptr);
  EXPECT_EQ(FindLastOwner({}, at), nullptr);
}

/// Eight pages, each the last of an allocation that leaves 0x100 bytes; those behind are what `fill` says.
class SlushPages {
 public:
  SlushPages() {
    for (std::size_t i = 0; i < 8; ++i) {
      live.push_back({kBase + i * kPageSize, 0xF00, PoolTag::FromText("Slsh"), 0x100, 0x77});
      for (std::uint64_t at = 0xF00; at < kPageSize; ++at) memory.Put(live.back().address + at, 0x77, 1);
    }
  }
  std::vector<PoolPage> Damaged() { return DamagedSlush(memory.Space(19041), live, *FindPoolHeaderLayout("nt62-x64")); }
  static constexpr VirtAddr kBase{0xFFFF900000000000};
  FakeMemory memory{Machine::kX64, kBase, 8};
  std::vector<BigAllocation> live;
};

TEST(Slush, OneThatBreaksTheRuleOfAllOthersIsDamaged) {
  SlushPages pages;
  EXPECT_TRUE(pages.Damaged().empty());
  pages.memory.Put(SlushPages::kBase + 3 * kPageSize + 0xF00, 0x4141, 2);
  const std::vector<PoolPage> damaged = pages.Damaged();
  ASSERT_EQ(damaged.size(), 1U);
  EXPECT_EQ(damaged[0].structure->address(), SlushPages::kBase + 3 * kPageSize + 0xF00);
  EXPECT_EQ(damaged[0].structure->wrong_bytes(), 2U);
}

TEST(Slush, WhereNoRuleHoldsNothingIsSaid) {
  SlushPages pages;
  for (std::size_t i = 0; i < 4; ++i) pages.memory.Put(SlushPages::kBase + i * kPageSize + 0xF80, 0, 8);
  EXPECT_TRUE(pages.Damaged().empty());
  SlushPages zeros;
  for (BigAllocation& big : zeros.live) big.pattern = 0;
  zeros.memory.Put(SlushPages::kBase + 0xF80, 0, 8);
  EXPECT_TRUE(zeros.Damaged().empty());
}

}  // namespace
}  // namespace poolblame

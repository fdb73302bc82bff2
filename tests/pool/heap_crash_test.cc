// What 0x13A names in a dump of a few pages, written by hand after a real one of build 26100: a page of LFH slots where
// the heap looked for a VS subsegment, and the heap that reported it.
#include "parser/pool/heap_crash.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

#include "tests/pool/opened_image.h"

namespace poolblame {
namespace {

constexpr std::uint64_t kSlots = 0xFFFF83086A550000, kHeap = kSlots + 0x1000;

void Put64(test::PageBuilder& page, std::uint32_t at, std::uint64_t value) {
  std::vector<std::uint8_t> bytes;
  for (unsigned i = 0; i < 8; ++i) bytes.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  page.Write(at, bytes);
}

test::PageBuilder SlotPage() {
  test::PageBuilder page("nt62-x64");
  for (std::uint32_t at = 0x20; at + 0xE0 <= 4096; at += 0xE0)
    page.Write(at, {0, 0, 0x0E, 3, 'M', 'P', 'h', 'c', 0, 0, 0, 0, 0, 0, 0, 0});
  return page;
}

test::PageBuilder HeapPage(std::uint64_t lfh_context) {
  test::PageBuilder page("nt62-x64");
  Put64(page, 0x10, 0xDDEEDDEE);
  for (const std::uint32_t context : {0x140U, 0x200U}) Put64(page, context + 0x38, kHeap);
  Put64(page, 0x140, 0xFFFFFFFFFFF00000);
  Put64(page, 0x148, 0x100307020000C);
  Put64(page, 0x140 + 0x18, kHeap + lfh_context);
  Put64(page, 0x140 + 0x20, kHeap + 0x2C0);
  return page;
}

PoolCensus ScanCrash(const std::vector<test::PageBuilder>& pages, std::array<std::uint64_t, 4> parameters) {
  const test::Opened opened = test::FromPages(pages, kSlots, Machine::kX64, 26100);
  const AddressSpace space(*opened.image);
  System system = ReadSystem(space);
  system.bugcheck = ExplainBugCheck({0x13A, parameters}, Machine::kX64, 26100);
  return ScanPool(space, system, {});
}

bool Tells(const PoolCensus& census, std::uint64_t address, const std::string& words) {
  return std::any_of(census.not_judged.begin(), census.not_judged.end(), [&](const NotJudged& entry) {
    return entry.address == VirtAddr{address} && entry.reason.find(words) != std::string::npos;
  });
}

bool Notes(const PoolCensus& census, const std::string& words) {
  return std::any_of(census.notes.begin(), census.notes.end(),
                     [&](const std::string& note) { return note.find(words) != std::string::npos; });
}

TEST(HeapCrash, ANamedPageOfSlotsIsNoVsSubsegment) {
  const PoolCensus census = ScanCrash({SlotPage(), HeapPage(0x380)}, {0x12, kHeap + 0x140, kSlots, 0});
  EXPECT_TRUE(census.findings.empty());
  EXPECT_TRUE(Tells(census, kSlots, "18 LFH slots of 224 bytes, each with a sound header ('MPhc')"));
  EXPECT_TRUE(Tells(census, 0xFFFF83086A500000, "range descriptor at +0xa00"));
  EXPECT_TRUE(Tells(census, kSlots - 0x1000, "the page before"));
  EXPECT_TRUE(Notes(census, "make 0x2bed; 0x0 and 0x504d stand there and make 0x504d"));
  EXPECT_TRUE(Notes(census, "LfhContext at +0x380, where the layout of this build has +0x2c0 and +0x340"));
}

TEST(HeapCrash, AHeapThatAgreesWithItsLayoutIsNotSaidToDiffer) {
  const PoolCensus census = ScanCrash({SlotPage(), HeapPage(0x340)}, {0x12, kHeap + 0x140, kSlots, 0});
  EXPECT_TRUE(Notes(census, "LfhContext at +0x340"));
  EXPECT_FALSE(Notes(census, "where the layout"));
}

TEST(HeapCrash, APresentPageBeforeIsNotSaidToBeMissing) {
  const PoolCensus census = ScanCrash({SlotPage(), SlotPage()}, {0x12, 0xFFFF8307E9000140, kSlots + 0x1000, 0});
  EXPECT_TRUE(Tells(census, kSlots + 0x1000, "LFH slots"));
  EXPECT_FALSE(Tells(census, kSlots, "the page before"));
}

TEST(HeapCrash, OtherKindsSayNothingOfSubsegments) {
  const PoolCensus census = ScanCrash({SlotPage(), HeapPage(0x380)}, {0x11, kHeap + 0x140, kSlots, 0});
  EXPECT_FALSE(Tells(census, kSlots, "no VS subsegment"));
}

}  // namespace
}  // namespace poolblame

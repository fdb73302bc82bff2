// The list of loaded modules and the ring of unloaded ones, whole, torn and hostile.
#include "parser/kernel/modules.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "parser/kernel/module_name.h"
#include "tests/kernel/fake_memory.h"

namespace poolblame {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::SizeIs;

struct Width {
  Machine machine;
  VirtAddr base;
  VirtAddr driver;                                                         // where drivers lie; outside the image
  std::uint64_t dll_base, size_of_image, full_name, base_name, timestamp;  // typed by hand from the PDB tables
};
constexpr Width kX64{Machine::kX64, {0xFFFFF80000010000}, {0xFFFFF80100000000}, 0x30, 0x40, 0x48, 0x58, 0x80};
constexpr Width kX86{Machine::kX86, {0x80410000}, {0xF8000000}, 0x18, 0x20, 0x24, 0x2C, 0x44};

/// `count` entries of 0x100 bytes behind the head; names lie in the third page.
class ModuleList {
 public:
  ModuleList(const Width& width, std::size_t count) : width_(width), memory_(width.machine, width.base, 16) {
    for (std::size_t i = 0; i <= count; ++i) memory_.PutPointer(Entry(i), Entry((i + 1) % (count + 1)));
    for (std::size_t i = 1; i <= count; ++i) {
      const std::string name = "driver" + std::to_string(i) + ".sys";
      const std::string path = "\\SystemRoot\\System32\\drivers\\" + name;
      memory_.PutPointer(Entry(i) + width.dll_base, Driver(i)).Put(Entry(i) + width.size_of_image, 0x9000, 4);
      memory_.PutUnicodeString(Entry(i) + width.full_name, width.base + 0x8000 + 0x100 * i, path);
      memory_.PutUnicodeString(Entry(i) + width.base_name, width.base + 0xC000 + 0x40 * i, name);
      memory_.Put(Entry(i) + width.timestamp, 0x4CE70000 + i, 4);
    }
  }
  /// Entry 0 is the head.
  [[nodiscard]] VirtAddr Entry(std::size_t i) const { return width_.base + 0x100 * i; }
  [[nodiscard]] VirtAddr Driver(std::size_t i) const { return width_.driver + 0x10000 * i; }
  FakeMemory& memory() { return memory_; }
  std::vector<Module> Read(std::uint32_t build = 7601) {
    return ReadLoadedModules(memory_.Space(), Entry(0), build, notes_);
  }
  [[nodiscard]] const std::vector<std::string>& notes() const { return notes_; }

 private:
  Width width_;
  FakeMemory memory_;
  std::vector<std::string> notes_;
};

class BothWidths : public testing::TestWithParam<Width> {};
INSTANTIATE_TEST_SUITE_P(Machines, BothWidths, testing::Values(kX64, kX86));

TEST_P(BothWidths, ListIsReadInItsOrder) {
  ModuleList list(GetParam(), 3);
  const std::vector<Module> modules = list.Read();
  ASSERT_THAT(modules, SizeIs(3));
  EXPECT_EQ(modules[0].name, "driver1.sys");
  EXPECT_EQ(modules[2].path, "\\SystemRoot\\System32\\drivers\\driver3.sys");
  EXPECT_EQ(modules[1].base, list.Driver(2));
  EXPECT_EQ(modules[1].size, 0x9000u);
  EXPECT_EQ(modules[1].timestamp, 0x4CE70002u);
  EXPECT_FALSE(modules[1].unloaded);
  EXPECT_THAT(list.notes(), IsEmpty());
}

TEST_P(BothWidths, EntryTimestampIsNotBelievedFromWindows10On) {
  ModuleList list(GetParam(), 1);
  EXPECT_EQ(list.Read(19041).at(0).timestamp, 0u);
}

TEST_P(BothWidths, LoopEndsWithANote) {
  ModuleList list(GetParam(), 3);
  list.memory().PutPointer(list.Entry(3), list.Entry(2));
  EXPECT_THAT(list.Read(), SizeIs(3));
  EXPECT_THAT(list.notes(), ElementsAre(HasSubstr("does not come back")));
}

TEST_P(BothWidths, TornListGivesWhatCameBefore) {
  ModuleList list(GetParam(), 3);
  list.memory().PutPointer(list.Entry(2), VirtAddr{0x10});
  EXPECT_THAT(list.Read(), SizeIs(2));
  EXPECT_THAT(list.notes(), ElementsAre(HasSubstr("not in the image")));
}

TEST_P(BothWidths, EntriesThatAreNoDriversAreLeftOut) {
  ModuleList list(GetParam(), 4);
  list.memory().PutPointer(list.Entry(1) + GetParam().dll_base, VirtAddr{0x400000});     // user address
  list.memory().PutPointer(list.Entry(2) + GetParam().dll_base, list.Driver(2) + 0x10);  // no page
  list.memory().Put(list.Entry(3) + GetParam().size_of_image, 0xFFFFFFFF, 4);            // 4 GiB
  const std::vector<Module> modules = list.Read();
  ASSERT_THAT(modules, SizeIs(1));
  EXPECT_EQ(modules[0].name, "driver4.sys");
}

TEST_P(BothWidths, NamesAreMadePrintable) {
  ModuleList list(GetParam(), 1);
  list.memory().Put(GetParam().base + 0xC040, 0x001B, 2).Put(GetParam().base + 0xC042, 0x4E2D, 2);
  EXPECT_EQ(list.Read().at(0).name, "??iver1.sys");
}

TEST_P(BothWidths, NameWithoutBaseNameComesFromThePath) {
  ModuleList list(GetParam(), 1);
  list.memory().Put(list.Entry(1) + GetParam().base_name, 7, 2);  // odd length: no UNICODE_STRING
  EXPECT_EQ(list.Read().at(0).name, "driver1.sys");
}

TEST_P(BothWidths, DriverWhoseNameIsNotThereKeepsItsPlace) {
  ModuleList list(GetParam(), 1);
  list.memory().Put(list.Entry(1) + GetParam().base_name, 0, 2).Put(list.Entry(1) + GetParam().full_name, 0, 2);
  EXPECT_EQ(list.Read().at(0).name,
            GetParam().machine == Machine::kX86 ? "Unknown_Module_f8010000" : "Unknown_Module_fffff80100010000");
}

TEST(LoadedModules, WalkOfAnEndlessListIsBounded) {
  FakeMemory memory(Machine::kX64, kX64.base, 64);  // an entry every 16 bytes, none comes back
  const VirtAddr head = kX64.base + 8;              // so that no "base" in them is the start of a page
  for (std::uint64_t i = 0; i + 2 < 64 * 4096 / 16; ++i) memory.PutPointer(head + 16 * i, head + 16 * (i + 1));
  std::vector<std::string> notes;
  EXPECT_THAT(ReadLoadedModules(memory.Space(), head, 7601, notes), IsEmpty());
  EXPECT_THAT(notes, ElementsAre(HasSubstr("after 1024 entries")));
}

TEST(PeTimestamp, NeedsBothSignatures) {
  FakeMemory memory(Machine::kX64, kX64.base, 1);
  memory.Put(kX64.base, 0x5A4D, 2).Put(kX64.base + 0x3C, 0x80, 4);
  memory.Put(kX64.base + 0x80, 0x00004550, 4).Put(kX64.base + 0x88, 0x4CE7951A, 4);
  EXPECT_EQ(PeTimestamp(memory.Space(), kX64.base), 0x4CE7951Au);
  memory.Put(kX64.base + 0x80, 0x00004551, 4);
  EXPECT_EQ(PeTimestamp(memory.Space(), kX64.base), 0u);
  memory.Put(kX64.base + 0x80, 0x00004550, 4).Put(kX64.base + 0x3C, 0x7FFFFFFF, 4);
  EXPECT_EQ(PeTimestamp(memory.Space(), kX64.base), 0u);
  EXPECT_EQ(PeTimestamp(memory.Space(), kX64.base + 0x10000), 0u);
}

TEST(UnloadedRing, SlotsWithoutANameAreEmpty) {
  FakeMemory memory(Machine::kX64, kX64.base, 2);
  const VirtAddr ring = kX64.base + 0x100;
  memory.PutPointer(kX64.base, ring);
  memory.PutUnicodeString(ring + 40, kX64.base + 0x1800, "old.sys");
  memory.PutPointer(ring + 40 + 0x10, kX64.driver).PutPointer(ring + 40 + 0x18, kX64.driver + 0x7000);
  memory.PutPointer(ring + 80 + 0x10, kX64.driver).PutPointer(ring + 80 + 0x18, kX64.driver + 0x7000);  // no name
  memory.PutUnicodeString(ring + 120, kX64.base + 0x1900, "bad.sys");
  memory.PutPointer(ring + 120 + 0x10, kX64.driver).PutPointer(ring + 120 + 0x18, kX64.driver - 0x1000);  // backwards
  const std::vector<Module> modules = ReadUnloadedRing(memory.Space(), kX64.base);
  ASSERT_THAT(modules, SizeIs(1));
  EXPECT_EQ(modules[0].name, "old.sys");
  EXPECT_TRUE(modules[0].unloaded);
  EXPECT_EQ(modules[0].size, 0x7000u);
}

TEST(ModuleName, LastComponent) {
  EXPECT_EQ(LastComponent("\\SystemRoot\\a.sys"), "a.sys");
  EXPECT_EQ(LastComponent("a.sys"), "a.sys");
  EXPECT_EQ(LastComponent("\\"), "");
}

}  // namespace
}  // namespace poolblame

// Full dumps: runs in the header's order, what the header says, and what happens when it lies.
#include <gmock/gmock.h>

#include "parser/image/address_space.h"
#include "tests/image/open.h"

namespace poolblame::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

PhysicalMemory SixPages() {
  PhysicalMemory memory;
  for (const std::uint64_t pfn : std::initializer_list<std::uint64_t>{1, 2, 3, 0x100, 0x101, 0x500})
    memory.Add(pfn, static_cast<std::uint8_t>(pfn / 0x10 + pfn));
  return memory;
}

TEST(FullDump, X64HeaderAndRuns) {
  const PhysicalMemory memory = SixPages();
  const OpenedImage opened = Open(FullDump64(memory, RunsOf(memory)));
  const ImageFacts& facts = opened.image.facts();
  EXPECT_EQ(facts.container, "pagedu64-full");
  EXPECT_EQ(facts.path, "test.dmp");
  EXPECT_EQ(facts.compression, "none");
  EXPECT_EQ(facts.size, 0x2000u + 6 * 0x1000u);
  EXPECT_EQ(facts.machine, Machine::kX64);
  EXPECT_EQ(facts.build, 7601u);
  EXPECT_EQ(facts.directory_table_base, PhysAddr{0x1AB000});
  EXPECT_EQ(facts.loaded_module_list, VirtAddr{0xFFFFF80002800E50});
  EXPECT_EQ(facts.debugger_data_block, VirtAddr{0xFFFFF800027E50A0});
  ASSERT_TRUE(facts.bugcheck);
  EXPECT_EQ(facts.bugcheck->code, 0x19u);
  EXPECT_THAT(facts.bugcheck->parameters, ElementsAre(0x20, 0xFFFFFA8001234000, 0xFFFFFA8001234050, 0x4050002));
  EXPECT_EQ(facts.pages_promised, 6u);
  EXPECT_FALSE(facts.truncated);
  EXPECT_THAT(facts.notes, IsEmpty());
  EXPECT_EQ(opened.image.pages().page_count(), 6u);
  EXPECT_EQ(opened.image.pages().highest_pfn(), 0x500u);
  EXPECT_EQ(FirstByte(opened.image.pages(), 0x101), 0x111 & 0xFF);
  EXPECT_EQ(FirstByte(opened.image.pages(), 4), -1);
  EXPECT_TRUE(opened.image.virtual_ranges().empty());
}

TEST(FullDump, X86HeaderAndRuns) {
  const PhysicalMemory memory = SixPages();
  const OpenedImage opened = Open(FullDump32(memory, RunsOf(memory), {.table_base = 0x39000, .build = 2600}));
  const ImageFacts& facts = opened.image.facts();
  EXPECT_EQ(facts.container, "pagedump-full");
  EXPECT_EQ(facts.machine, Machine::kX86);
  EXPECT_EQ(facts.form, PageTableForm::kUsual);
  EXPECT_EQ(facts.build, 2600u);
  EXPECT_EQ(facts.directory_table_base, PhysAddr{0x39000});
  EXPECT_EQ(facts.loaded_module_list, VirtAddr{0x8055A620});
  EXPECT_EQ(facts.debugger_data_block, VirtAddr{0x80545CE0});
  EXPECT_THAT(facts.bugcheck->parameters, ElementsAre(0x20, 0x81234000, 0x81234050, 0x0A0A0001));
  EXPECT_EQ(opened.image.pages().page_count(), 6u);
  EXPECT_EQ(FirstByte(opened.image.pages(), 0x500), 0x550 & 0xFF);
}

TEST(FullDump, PaeTableBaseKeepsItsPlaceInThePage) {
  const PhysicalMemory memory = SixPages();
  const OpenedImage opened = Open(FullDump32(memory, RunsOf(memory), {.table_base = 0x6FA0020, .pae = true}));
  EXPECT_EQ(opened.image.facts().form, PageTableForm::kPae);
  EXPECT_EQ(opened.image.facts().directory_table_base, PhysAddr{0x6FA0020});
}

TEST(FullDump, TableBaseLosesItsFlags) {
  const PhysicalMemory memory = SixPages();
  const OpenedImage opened = Open(FullDump64(memory, RunsOf(memory), {.table_base = 0x80000000001AB002}));
  EXPECT_EQ(opened.image.facts().directory_table_base, PhysAddr{0x1AB000});
}

TEST(FullDump, FieldsThatWereNeverWrittenAreAbsent) {
  const PhysicalMemory memory = SixPages();
  Bytes file = FullDump64(memory, RunsOf(memory));
  for (const std::uint64_t field :
       std::initializer_list<std::uint64_t>{0x0C, 0x10, 0x14, 0x20, 0x24, 0x38, 0x80, 0x84, 0xF98})
    file.Text(field, "PAGE");
  const OpenedImage opened = Open(file);
  const ImageFacts& facts = opened.image.facts();
  EXPECT_EQ(facts.container, "pagedu64-full");  // dumps without a type are older than types
  EXPECT_EQ(facts.build, std::nullopt);
  EXPECT_EQ(facts.directory_table_base, std::nullopt);
  EXPECT_EQ(facts.loaded_module_list, VirtAddr{0});
  EXPECT_EQ(facts.debugger_data_block, VirtAddr{0});
  EXPECT_FALSE(facts.bugcheck);
}

TEST(FullDump, TellsWhichMachineWroteItAndWhen) {
  const PhysicalMemory memory = SixPages();
  Bytes file = FullDump64(memory, RunsOf(memory));
  file.U32(0x34, 8).U64(0xFA8, 0x01D8000000000001).U64(0x1030, 0x123456789);
  const DumpOrigin origin = Open(file).image.facts().origin;
  EXPECT_EQ(origin.processors, 8u);
  EXPECT_EQ(origin.system_time, 0x01D8000000000001u);
  EXPECT_EQ(origin.up_time, 0x123456789u);
  ASSERT_TRUE(origin.machine_fingerprint);
  const auto fingerprint = [](const Bytes& bytes) { return Open(bytes).image.facts().origin.machine_fingerprint; };
  Bytes later = file;
  later.U64(0xFA8, 0x01D9000000000000);
  EXPECT_EQ(fingerprint(later), origin.machine_fingerprint);
  Bytes other = file;
  other.U32(0x34, 4);
  EXPECT_NE(fingerprint(other), origin.machine_fingerprint);
  Bytes unknown = file;
  for (const std::uint64_t field : std::initializer_list<std::uint64_t>{0x34, 0x88, 0xFA8, 0xFAC, 0x1030, 0x1034})
    unknown.Text(field, "PAGE");
  const DumpOrigin nothing = Open(unknown).image.facts().origin;
  EXPECT_FALSE(nothing.processors || nothing.system_time || nothing.up_time || nothing.machine_fingerprint);
}

TEST(FullDump, TheBuildOptionWinsAndIsSaid) {
  const PhysicalMemory memory = SixPages();
  OpenOptions options;
  options.build = 9600;
  options.machine = Machine::kX86;
  const OpenedImage opened = Open(FullDump64(memory, RunsOf(memory)), options);
  EXPECT_EQ(opened.image.facts().build, 9600u);
  EXPECT_EQ(opened.image.facts().machine, Machine::kX64);
  EXPECT_THAT(opened.image.facts().notes, ElementsAre("--build 9600 is used instead of the header's 7601",
                                                      "--machine x86 is ignored: the header says x64"));
}

TEST(FullDump, ACutFileKeepsItsWholePages) {
  const PhysicalMemory memory = SixPages();
  Bytes file = FullDump64(memory, RunsOf(memory));
  file.Resize(0x2000 + 4 * 0x1000 + 812);
  const OpenedImage opened = Open(file);
  EXPECT_TRUE(opened.image.facts().truncated);
  EXPECT_THAT(opened.image.facts().notes, ElementsAre("the page runs promise 6 pages, the file holds 4"));
  EXPECT_EQ(opened.image.pages().page_count(), 4u);
  EXPECT_EQ(FirstByte(opened.image.pages(), 0x100), 0x110 & 0xFF);
  EXPECT_EQ(FirstByte(opened.image.pages(), 0x101), -1);
}

TEST(FullDump, OfOverlappingRunsTheFirstKeepsThePlace) {
  PhysicalMemory memory;
  memory.Add(0x10, 0xA0).Add(0x11, 0xA1).Add(0x12, 0xA2);
  Bytes file = FullDump64(memory, {{0x10, 2}, {0x11, 2}});
  file.U8(0x2000 + 2 * 0x1000, 0xBB);  // the second run's copy of page 0x11
  const OpenedImage opened = Open(file);
  EXPECT_EQ(opened.image.pages().page_count(), 3u);
  EXPECT_EQ(FirstByte(opened.image.pages(), 0x11), 0xA1);
  EXPECT_EQ(FirstByte(opened.image.pages(), 0x12), 0xA2);
  EXPECT_FALSE(opened.image.facts().truncated);
  EXPECT_THAT(opened.image.facts().notes,
              ElementsAre("page runs overlap: 4 pages are stored for 3 places; the first of each is used"));
}

TEST(FullDump, RunsOutOfOrderAreFoundInFileOrder) {
  PhysicalMemory memory;
  memory.Add(0x10, 0xA0).Add(0x20, 0xB0);
  const OpenedImage opened = Open(FullDump64(memory, {{0x20, 1}, {0x10, 1}}));
  EXPECT_EQ(FirstByte(opened.image.pages(), 0x10), 0xA0);
  EXPECT_EQ(FirstByte(opened.image.pages(), 0x20), 0xB0);
}

TEST(FullDump, ALyingRunCountIsReadFromTheList) {
  const PhysicalMemory memory = SixPages();
  for (const std::uint32_t lie : {0u, 44u, 0x7FFFFFFFu, 0xFFFFFFFFu, 0x45474150u}) {
    Bytes file = FullDump64(memory, RunsOf(memory));
    file.U32(0x88, lie);
    const OpenedImage opened = Open(file);
    EXPECT_EQ(opened.image.pages().page_count(), 6u) << lie;
    ASSERT_EQ(opened.image.facts().notes.size(), 1u) << lie;
    EXPECT_THAT(opened.image.facts().notes[0], HasSubstr("the list holds 3 plausible runs"));
  }
}

TEST(FullDump, ALyingPageCountIsANote) {
  const PhysicalMemory memory = SixPages();
  Bytes file = FullDump64(memory, RunsOf(memory));
  file.U64(0x90, 99);
  const OpenedImage opened = Open(file);
  EXPECT_EQ(opened.image.pages().page_count(), 6u);
  EXPECT_FALSE(opened.image.facts().truncated);
  EXPECT_THAT(opened.image.facts().notes, ElementsAre("NumberOfPages of the header is 99, the runs add up to 6"));
}

TEST(FullDump, ARunOfAnImpossibleLengthIsClamped) {
  const PhysicalMemory memory = SixPages();
  for (const std::uint64_t lie :
       std::initializer_list<std::uint64_t>{std::uint64_t{1} << 40, ~std::uint64_t{0}, ~std::uint64_t{0} / 4096}) {
    Bytes file = FullDump64(memory, RunsOf(memory));
    file.U64(0x98 + 16 * 2 + 8, lie);
    const OpenedImage opened = Open(file);
    EXPECT_EQ(opened.image.pages().page_count(), 6u) << lie;
    EXPECT_TRUE(opened.image.facts().truncated);
    EXPECT_EQ(FirstByte(opened.image.pages(), 0x500), 0x550 & 0xFF);
  }
}

TEST(FullDump, WithoutAnyRunThereIsNoImage) {
  Bytes file = FullDump64({}, {});
  const Error error = ErrorOf(file.vector());
  EXPECT_EQ(error.kind, ErrorKind::kCorrupt);
  EXPECT_EQ(error.offset, 0x88u);
  EXPECT_THAT(error.what, HasSubstr("physical memory run list"));
}

TEST(FullDump, AHeaderThatIsCutSaysBothNumbers) {
  Bytes file = FullDump64({}, {});
  file.Resize(0x1234);
  const Error error = ErrorOf(file.vector());
  EXPECT_EQ(error.kind, ErrorKind::kTruncated);
  EXPECT_EQ(error.what, "crash dump header (PAGEDU64)");
  EXPECT_EQ(error.offset, 0u);
  EXPECT_EQ(error.wanted, 0x2000u);
  EXPECT_EQ(error.have, 0x1234u);
}

TEST(FullDump, WhereTheHeaderIsSilentThePageTablesTellPae) {
  for (const bool pae : {false, true}) {
    PhysicalMemory memory;
    PageTables tables(memory, pae ? TableKind::kPae : TableKind::kX86, 0x10);
    tables.MapSelf().Map(0x81000000, 0x30);
    memory.Add(0x30, 0x77);
    Bytes file = FullDump32(memory, RunsOf(memory), {.table_base = 0x10000, .build = 3790});
    file.Text(0x5C, "P");
    EXPECT_EQ(Open(file).image.facts().form == PageTableForm::kPae, pae);
  }
}

TEST(FullDump, AnArm64DumpIsKnownByItsMachine) {
  const PhysicalMemory memory = SixPages();
  Bytes file = FullDump64(memory, RunsOf(memory));
  file.U32(0x30, 0xAA64);
  const OpenedImage opened = Open(file);
  EXPECT_EQ(opened.image.facts().machine, Machine::kArm64);
  EXPECT_EQ(opened.image.pages().page_count(), 6u);
  EXPECT_THAT(opened.image.facts().notes, IsEmpty());
}

TEST(FullDump, AnUnknownMachineTypeIsTakenFromTheSignature) {
  const PhysicalMemory memory = SixPages();
  Bytes file = FullDump64(memory, RunsOf(memory));
  file.U32(0x30, 0x1234);
  const OpenedImage opened = Open(file);
  EXPECT_EQ(opened.image.facts().machine, Machine::kX64);
  EXPECT_THAT(opened.image.facts().notes, ElementsAre("MachineImageType of the header is 0x1234; taken as x64"));
}

}  // namespace
}  // namespace poolblame::testing

// ELF cores of machines: segments by physical address, the guest's crash dump header among the notes, and files that
// are no such core.
#include <gmock/gmock.h>

#include "parser/image/address_space.h"
#include "tests/image/open.h"
#include "tests/image/range_builder.h"

namespace poolblame::testing {
namespace {

using ::testing::Contains;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr std::uint64_t kElfKernel = 0xFFFFFA8001234000;

std::vector<std::uint8_t> Pages(std::size_t count, std::uint8_t value) {
  return std::vector<std::uint8_t>(count * 4096, value);
}

PhysicalMemory MemoryOf(TableKind kind) {
  PhysicalMemory memory;
  PageTables tables(memory, kind, 1);
  tables.MapSelf().Map(kind == TableKind::kX64 ? kElfKernel : 0x81234000, 0x107);
  memory.Add(0x107, 0xAA);
  return memory;
}

TestSegment NoteSegment(const std::vector<std::uint8_t>& notes) { return {0, notes, 0, 4}; }

TEST(ElfCore, SegmentsLieAtTheirPhysicalAddresses) {
  for (const bool wide : {true, false}) {
    const OpenedImage opened = Open(ElfCore({{0x1000, Pages(2, 1)}, {0x80000000, Pages(1, 2)}}, wide));
    const ImageFacts& facts = opened.image.facts();
    EXPECT_EQ(facts.container, "elf");
    EXPECT_FALSE(facts.truncated);
    EXPECT_EQ(facts.pages_promised, 3u);
    EXPECT_EQ(FirstByte(opened.image.pages(), 0), -1);
    EXPECT_EQ(FirstByte(opened.image.pages(), 2), 1);
    EXPECT_EQ(FirstByte(opened.image.pages(), 0x80000), 2);
  }
}

TEST(ElfCore, PageTablesAreFoundWhereNoNoteNamesThem) {
  const PhysicalMemory memory = MemoryOf(TableKind::kX64);
  const OpenedImage opened = Open(ElfCore(SegmentsOf(memory)));
  EXPECT_EQ(opened.image.facts().machine, Machine::kX64);
  EXPECT_THAT(opened.image.facts().notes, IsEmpty());
  const AddressSpace space(opened.image);
  EXPECT_EQ(space.Page(VirtAddr{kElfKernel}).bytes[0], 0xAA);
}

TEST(ElfCore, TheGuestsHeaderIsUsed) {
  struct Case {
    bool wide;
    TableKind kind;
    Bytes header;
  };
  const Case cases[] = {{true, TableKind::kX64, Header64({.table_base = 0x1000})},
                        {false, TableKind::kPae, Header32({.table_base = 0x1000, .pae = true})},
                        {true, TableKind::kX86, Header32({.table_base = 0x1000})}};  // RAM above 4 GiB asks for ELF64
  for (const Case& test : cases) {
    std::vector<TestSegment> segments = SegmentsOf(MemoryOf(test.kind));
    std::vector<std::uint8_t> notes = ElfNoteBytes("CORE", std::vector<std::uint8_t>(335, 7));
    const std::vector<std::uint8_t> guest = ElfNoteBytes("VMCOREINFO", test.header.vector());
    EXPECT_EQ(guest.size(), test.header.size() + 24) << "as QEMU's documentation counts it";
    notes.insert(notes.end(), guest.begin(), guest.end());
    segments.insert(segments.begin(), NoteSegment(notes));
    const OpenedImage opened = Open(ElfCore(segments, test.wide));
    const ImageFacts& facts = opened.image.facts();
    EXPECT_EQ(facts.container, "elf");
    EXPECT_EQ(facts.build, 7601u);
    EXPECT_EQ(facts.machine, test.kind == TableKind::kX64 ? Machine::kX64 : Machine::kX86);
    EXPECT_EQ(facts.form == PageTableForm::kPae, test.kind == TableKind::kPae);
    EXPECT_EQ(facts.directory_table_base->value, 0x1000u);
    ASSERT_TRUE(facts.bugcheck);
    EXPECT_EQ(facts.bugcheck->code, 0x19u);
    EXPECT_NE(facts.debugger_data_block.value, 0u);
    EXPECT_NE(facts.loaded_module_list.value, 0u);
    EXPECT_THAT(facts.notes, IsEmpty());
  }
}

TEST(ElfCore, QemusNoteOfAProcessorNamesThePageTables) {
  constexpr std::uint64_t kRoot = 0x41000;
  for (const TableKind kind : {TableKind::kX64, TableKind::kX86, TableKind::kPae}) {
    const std::uint64_t address = kind == TableKind::kX64 ? kElfKernel : 0x81234000;
    PhysicalMemory memory;
    PageTables(memory, kind, kRoot).MapSelf().Map(address, 0x107);
    memory.Add(0x107, 0xAA);
    std::vector<TestSegment> segments = SegmentsOf(memory);
    std::vector<std::uint8_t> notes;
    for (const std::uint64_t cr3 : {std::uint64_t{0}, std::uint64_t{0x107000}, kRoot * 4096}) {
      const auto state = ElfNoteBytes("QEMU", Bytes().U64(0x1A0, cr3).Resize(0x1B8).vector());
      notes.insert(notes.end(), state.begin(), state.end());
      segments.insert(segments.begin(), NoteSegment(notes));
      const OpenedImage opened = Open(ElfCore(segments));
      segments.erase(segments.begin());
      const bool is_named = cr3 == kRoot * 4096;
      EXPECT_EQ(opened.image.facts().root_source, is_named ? RootSource::kProcessor : RootSource::kSelfMap);
      EXPECT_EQ(AddressSpace(opened.image).Page(VirtAddr{address}).pfn, 0x107u);
    }
  }
}

TEST(ElfCore, ANoteThatIsNoHeaderIsPassedBy) {
  const std::string text = "OSRELEASE=6.1.0\nNUMBER(phys_base)=0\n";
  const Bytes cut = Bytes(Header64({})).Resize(0x1FFC);
  const std::vector<std::uint8_t> linux_note = ElfNoteBytes("VMCOREINFO", {text.begin(), text.end()});
  std::vector<TestSegment> segments = SegmentsOf(MemoryOf(TableKind::kX64));
  segments.insert(segments.begin(), NoteSegment(linux_note));
  EXPECT_FALSE(Open(ElfCore(segments)).image.facts().build);
  segments.front().content = ElfNoteBytes("VMCOREINFO", cut.vector());
  const OpenedImage opened = Open(ElfCore(segments));
  EXPECT_THAT(opened.image.facts().notes,
              Contains("the crash dump header in the core's notes cannot be used (crash dump header (PAGEDU64))"));
  EXPECT_EQ(opened.image.facts().machine, Machine::kX64) << "by its page tables";
  segments.front().content = ElfNoteBytes("OTHER", Header64({}).vector());
  EXPECT_FALSE(Open(ElfCore(segments)).image.facts().build);
}

TEST(ElfCore, OptionsWinOverTheGuestsHeader) {
  std::vector<TestSegment> segments = SegmentsOf(MemoryOf(TableKind::kX64));
  segments.push_back(NoteSegment(ElfNoteBytes("VMCOREINFO", Header64({.table_base = 0x1000}).vector())));
  OpenOptions options;
  options.build = 7600;
  const OpenedImage opened = Open(ElfCore(segments), options);
  EXPECT_EQ(opened.image.facts().build, 7600u);
  EXPECT_THAT(opened.image.facts().notes, Contains("--build 7600 is used instead of the header's 7601"));
}

TEST(ElfCore, WithPagingAliasesAreNoOverlaps) {
  // Three mappings of one page of memory, as `dump-guest-memory -p` lists them, each with its own virtual address.
  Bytes file = ElfCore({{0x5000, Pages(2, 3), kElfKernel}, {0x5000, {}, kElfKernel + 0x10000}, {0x6000, {}, 0x7000}});
  const std::uint64_t data = ProgramHeaderAt(3);
  file.U64(ProgramHeaderAt(1) + 0x08, data)
      .U64(ProgramHeaderAt(1) + 0x20, 0x1000)
      .U64(ProgramHeaderAt(1) + 0x28, 0x1000);
  file.U64(ProgramHeaderAt(2) + 0x08, data + 0x1000)
      .U64(ProgramHeaderAt(2) + 0x20, 0x1000)
      .U64(ProgramHeaderAt(2) + 0x28, 0x1000);
  const OpenedImage opened = Open(file);
  EXPECT_EQ(opened.image.facts().pages_promised, 2u);
  EXPECT_EQ(opened.image.pages().page_count(), 2u);
  EXPECT_THAT(opened.image.facts().notes, ::testing::Not(Contains(HasSubstr("overlap"))));
}

TEST(ElfCore, OfOverlappingSegmentsTheFirstWins) {
  const OpenedImage opened = Open(ElfCore({{0x2000, Pages(2, 1)}, {0x1000, Pages(3, 2)}, {0x3000, Pages(2, 3)}}));
  const PageMap& pages = opened.image.pages();
  EXPECT_EQ(FirstByte(pages, 1), 2);
  EXPECT_EQ(FirstByte(pages, 2), 1);
  EXPECT_EQ(FirstByte(pages, 3), 1);
  EXPECT_EQ(FirstByte(pages, 4), 3);
  EXPECT_THAT(opened.image.facts().notes,
              Contains("page runs overlap: 7 pages are stored for 4 places; the first of each is used"));
}

TEST(ElfCore, WhatTheWriterLeftOutIsSaidAndNotInvented) {
  Bytes file = ElfCore({{0x1000, Pages(2, 1)}, {0x10000, {}}});
  file.U64(ProgramHeaderAt(0) + 0x28, 0x5000).U64(ProgramHeaderAt(1) + 0x28, 0x3000);
  const OpenedImage opened = Open(file);
  EXPECT_EQ(opened.image.pages().page_count(), 2u);
  EXPECT_FALSE(opened.image.facts().truncated) << "it was the writer's choice";
  EXPECT_THAT(opened.image.facts().notes, Contains("the writer of the core left out 24576 bytes of its segments"));
}

TEST(ElfCore, SegmentsWithoutAPhysicalAddressAreLeftOut) {
  const OpenedImage opened = Open(ElfCore(
      {{0x1000, Pages(1, 1)}, {0xFFFFFFFFFFFFFFFF, Pages(1, 2), kElfKernel}, {0xFFFFFFFFFFFFF800, Pages(1, 3)}}));
  EXPECT_EQ(opened.image.pages().page_count(), 1u);
  EXPECT_THAT(opened.image.facts().notes, Contains("2 segments have no physical address that can be and are left out"));
}

TEST(ElfCore, VirtualBoxsDeviceMemoryIsNoRam) {
  const std::vector<std::uint8_t> note = ElfNoteBytes("VBCORE", {0xDE, 0xC0, 0x1A, 0xC0, 0, 0, 1, 0});
  std::vector<TestSegment> segments = {{0x1000, Pages(1, 1)}, {0xE0000000, Pages(4, 2)}, {0x100000000, Pages(1, 3)}};
  EXPECT_EQ(Open(ElfCore(segments)).image.pages().page_count(), 6u);
  segments.insert(segments.begin(), NoteSegment(note));
  const OpenedImage opened = Open(ElfCore(segments));
  EXPECT_EQ(opened.image.pages().page_count(), 2u);
  EXPECT_THAT(opened.image.facts().notes, Contains("1 segments are device memory and are left out"));
}

TEST(ElfCore, ALargeCountStandsInTheFirstSectionHeader) {
  for (const bool wide : {true, false}) {
    Bytes file = ElfCore({{0x1000, Pages(1, 1)}, {0x2000, Pages(1, 2)}}, wide);
    const std::uint64_t section = file.size();
    file.Resize(section + 0x40).U32(section + (wide ? 0x2C : 0x1C), 2);
    file.U32(wide ? 0x28 : 0x20, section).U8(wide ? 0x38 : 0x2C, 0xFF).U8(wide ? 0x39 : 0x2D, 0xFF);
    EXPECT_EQ(Open(file).image.pages().page_count(), 2u);
    const Error error = ErrorOf(file.U32(section + (wide ? 0x2C : 0x1C), 0x100001).vector());
    EXPECT_EQ(error.kind, ErrorKind::kLimit);
    EXPECT_EQ(error.have, 0x100001u);
  }
}

TEST(ElfCore, ACutCoreIsReadAsFarAsItGoes) {
  const Bytes file = ElfCore({{0x1000, Pages(2, 1)}, {0x8000, Pages(2, 2)}});
  const OpenedImage opened = Open(Bytes(file).Resize(file.size() - 1));
  EXPECT_TRUE(opened.image.facts().truncated);
  EXPECT_EQ(opened.image.pages().page_count(), 3u);
  EXPECT_THAT(opened.image.facts().notes,
              Contains("the file ends before 1 of its 2 memory ranges do: they promise 4 pages, the file holds 3"));
  const OpenedImage headers = Open(Bytes(file).Resize(ProgramHeaderAt(1) + 1));
  EXPECT_THAT(headers.image.facts().notes, Contains("the ELF header counts 2 program headers, 1 are in the file"));
}

TEST(ElfCore, WhatIsNoCoreOfAMachineIsRefused) {
  const Bytes file = ElfCore({{0x1000, Pages(1, 1)}});
  const struct {
    Bytes file;
    ErrorKind kind;
    const char* starts;
  } cases[] = {
      {Bytes(file).Resize(0x20), ErrorKind::kTruncated, "ELF header"},
      {Bytes(file).U8(0x10, 3), ErrorKind::kUnsupported, "ELF file that is no core"},
      {Bytes(file).U8(5, 2), ErrorKind::kUnsupported, "ELF core of a big-endian machine"},
      {Bytes(file).U8(0x36, 0x20), ErrorKind::kUnsupported, "ELF core with program headers of 32 bytes"},
      {ElfCore({{0, Pages(1, 1), 0x400000}, {0, Pages(1, 2), 0x7FFF0000}}), ErrorKind::kUnsupported,
       "ELF core without physical addresses"},
      {ElfCore({}), ErrorKind::kUnsupported, "ELF core without memory segments"},
      {Bytes(ElfCore({})).Text(0x1200, ".note.Xen"), ErrorKind::kUnsupported, "Xen core, whose memory lies in"},
  };
  for (const auto& test : cases) {
    const Error error = ErrorOf(test.file.vector());
    EXPECT_EQ(error.kind, test.kind) << test.starts;
    EXPECT_THAT(error.what, StartsWith(test.starts));
  }
}

}  // namespace
}  // namespace poolblame::testing

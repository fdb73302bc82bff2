// Images that say nothing of themselves: raw physical memory and bare pool pages.
#include <gmock/gmock.h>

#include "parser/image/address_space.h"
#include "parser/image/reverse_map.h"
#include "tests/image/open.h"

namespace poolblame::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::IsEmpty;

constexpr std::uint64_t kX64 = 0xFFFFFA8001234000;
constexpr std::uint64_t kX86 = 0x81234000;

/// A machine's memory with tables that map themselves, one kernel page at 0x80 and some that are no tables.
PhysicalMemory MemoryOf(TableKind kind, std::uint64_t self_index = 0x1ED) {
  PhysicalMemory memory;
  PageTables(memory, kind, 0x10).MapSelf(self_index).Map(kind == TableKind::kX64 ? kX64 : kX86, 0x80);
  for (const std::uint64_t pfn : std::initializer_list<std::uint64_t>{1, 2, 0x40, 0x80, 0x90})
    memory.Add(pfn, static_cast<std::uint8_t>(pfn));
  return memory;
}

TEST(RawImage, FindsX64TablesAtTheFixedAndAtARandomPlace) {
  for (const std::uint64_t index : std::initializer_list<std::uint64_t>{0x1EDu, 0x100u, 0x15Bu, 0x1FFu}) {
    const OpenedImage opened = Open(RawImage(MemoryOf(TableKind::kX64, index)));
    const ImageFacts& facts = opened.image.facts();
    EXPECT_EQ(facts.container, "raw");
    EXPECT_EQ(facts.machine, Machine::kX64) << index;
    EXPECT_EQ(facts.directory_table_base, PhysAddr{0x10000});
    EXPECT_EQ(facts.pages_promised, 0x91u);
    EXPECT_THAT(facts.notes, IsEmpty());
    const AddressSpace space(opened.image);
    EXPECT_TRUE(space.maps_kernel());
    EXPECT_EQ(space.Page(VirtAddr{kX64}).bytes[0], 0x80);
  }
}

TEST(RawImage, FindsX86TablesWithAndWithoutPae) {
  for (const TableKind kind : {TableKind::kX86, TableKind::kPae}) {
    const OpenedImage opened = Open(RawImage(MemoryOf(kind)));
    EXPECT_EQ(opened.image.facts().machine, Machine::kX86);
    EXPECT_EQ(opened.image.facts().form == PageTableForm::kPae, kind == TableKind::kPae);
    // The PAE directory that maps itself is the fourth, at page 0x14; it stands in for the PDPT at 0x10.
    EXPECT_EQ(opened.image.facts().directory_table_base, PhysAddr{kind == TableKind::kPae ? 0x14000u : 0x10000u});
    ASSERT_EQ(AddressSpace(opened.image).Page(VirtAddr{kX86}).presence, Presence::kPresent);
    EXPECT_EQ(AddressSpace(opened.image).Page(VirtAddr{kX86}).bytes[0], 0x80);
  }
}

TEST(RawImage, NeedsNoPdptForPae) {
  PhysicalMemory memory = MemoryOf(TableKind::kPae);
  memory.Add(0x10, 0);
  const OpenedImage opened = Open(RawImage(memory));
  EXPECT_EQ(opened.image.facts().form, PageTableForm::kPae);
  EXPECT_EQ(AddressSpace(opened.image).Page(VirtAddr{kX86}).bytes[0], 0x80);
}

TEST(RawImage, Arm64sTablesAreFoundWhereTheMachineIsTold) {
  const PhysicalMemory memory = MemoryOf(TableKind::kX64);
  OpenOptions options;
  options.machine = Machine::kArm64;
  const OpenedImage opened = Open(RawImage(memory), options);
  EXPECT_EQ(opened.image.facts().machine, Machine::kArm64);
  EXPECT_EQ(AddressSpace(opened.image).Page(VirtAddr{kX64}).bytes[0], 0x80);
}

TEST(RawImage, TakesTheTableWithTheMostKernelEntries) {
  PhysicalMemory memory = MemoryOf(TableKind::kX64);
  PageTables(memory, TableKind::kX64, 0x20).MapSelf().Map(kX64, 0x80).Map(0xFFFFF80001000000, 0x80);
  EXPECT_EQ(Open(RawImage(memory)).image.facts().directory_table_base, PhysAddr{0x20000});
}

TEST(RawImage, APageThatOnlyLooksLikeATableIsNone) {
  PhysicalMemory twice = MemoryOf(TableKind::kX64);
  twice.Write(0x10000 + 0x1EE * 8, 0x10063, 8);  // two entries name the page
  EXPECT_EQ(Open(RawImage(twice)).image.facts().directory_table_base, std::nullopt);
  PhysicalMemory alone;
  PageTables(alone, TableKind::kX64, 0x10).MapSelf();  // nothing mapped beside itself
  EXPECT_EQ(Open(RawImage(alone)).image.facts().directory_table_base, std::nullopt);
  PhysicalMemory far_away = MemoryOf(TableKind::kX64);
  far_away.Write(0x10000 + 0x1F0 * 8, 0x7FFFFFFFF063, 8);  // no such memory
  EXPECT_EQ(Open(RawImage(far_away)).image.facts().directory_table_base, std::nullopt);
}

TEST(RawImage, WithoutTablesNothingCanBeTranslated) {
  const OpenedImage opened = Open(RawImage(PhysicalMemory().Add(3, 0x33)));
  EXPECT_EQ(opened.image.facts().machine, Machine::kUnknown);
  EXPECT_THAT(opened.image.facts().notes, ElementsAre("no page tables were found that map themselves or that the "
                                                      "System process names: finds have physical addresses only, "
                                                      "and the machine is not known"));
  const AddressSpace space(opened.image);
  EXPECT_FALSE(space.can_translate());
  EXPECT_FALSE(space.maps_kernel());
  EXPECT_EQ(space.Translate(VirtAddr{kX64}).presence, Presence::kNotInDump);
  EXPECT_EQ(space.Page(VirtAddr{kX64}).presence, Presence::kNotInDump);
  EXPECT_EQ(opened.image.pages().page_count(), 4u);
  EXPECT_EQ(FirstByte(opened.image.pages(), 3), 0x33);
}

TEST(RawImage, OptionsSpeakForIt) {
  OpenOptions options;
  options.machine = Machine::kX86;
  options.build = 2600;
  const OpenedImage opened = Open(RawImage(MemoryOf(TableKind::kX64)), options);
  EXPECT_EQ(opened.image.facts().machine, Machine::kX86);
  EXPECT_EQ(opened.image.facts().build, 2600u);
  EXPECT_EQ(opened.image.facts().directory_table_base, std::nullopt);  // x64 tables are not looked for
}

TEST(RawImage, APartialLastPageIsANote) {
  Bytes file = RawImage(PhysicalMemory().Add(1, 0x11));
  file.Resize(file.size() + 100);
  const OpenedImage opened = Open(file);
  EXPECT_EQ(opened.image.pages().page_count(), 2u);
  EXPECT_FALSE(opened.image.facts().truncated);
  EXPECT_EQ(opened.image.facts().notes.at(0), "the last page has 100 bytes of 4096 and is left out");
}

TEST(RawImage, NeedsOnePage) {
  const Error error = ErrorOf(std::vector<std::uint8_t>(4095, 1));
  EXPECT_EQ(error.kind, ErrorKind::kTruncated);
  EXPECT_EQ(error.wanted, 4096u);
  EXPECT_EQ(error.have, 4095u);
}

OpenOptions At(std::uint64_t base, std::optional<Machine> machine = std::nullopt) {
  OpenOptions options;
  options.base = VirtAddr{base};
  options.machine = machine;
  return options;
}

std::vector<std::uint8_t> TwoPages() { return std::vector<std::uint8_t>(8192, 0x42); }

TEST(PoolPages, LieAtTheirBase) {
  const OpenedImage opened = Open(TwoPages(), At(kX64));
  EXPECT_EQ(opened.image.facts().container, "pool-pages");
  EXPECT_EQ(opened.image.facts().machine, Machine::kX64);
  EXPECT_EQ(opened.image.facts().pages_promised, 2u);
  EXPECT_THAT(opened.image.virtual_ranges().WholePages(), ElementsAre(VirtAddr{kX64}, VirtAddr{kX64 + 0x1000}));
  const AddressSpace space(opened.image);
  EXPECT_TRUE(space.can_translate());
  EXPECT_EQ(space.Page(VirtAddr{kX64 + 0x1FFF}).presence, Presence::kPresent);
  EXPECT_EQ(space.Page(VirtAddr{kX64 + 0x2000}).presence, Presence::kNotInDump);
}

TEST(PoolPages, TheMachineComesFromTheOptionOrTheAddress) {
  EXPECT_EQ(Open(TwoPages(), At(kX86)).image.facts().machine, Machine::kX86);
  EXPECT_EQ(Open(TwoPages(), At(kX86, Machine::kX64)).image.facts().machine, Machine::kX64);
  const OpenedImage extended = Open(TwoPages(), At(0xFFFFFFFF81234000, Machine::kX86));
  EXPECT_EQ(extended.image.virtual_ranges().ranges().at(0).begin, VirtAddr{kX86});
}

TEST(PoolPages, APartialLastPageIsANote) {
  std::vector<std::uint8_t> file = TwoPages();
  file.resize(5000);
  const OpenedImage opened = Open(file, At(kX64));
  EXPECT_EQ(opened.image.virtual_ranges().WholePages().size(), 1u);
  EXPECT_THAT(opened.image.facts().notes, ElementsAre("the last page has 904 bytes of 4096 and is not judged"));
}

TEST(PoolPages, ZeroPagesAreMemoryToo) {
  EXPECT_EQ(Open(std::vector<std::uint8_t>(4096), At(kX64)).image.facts().container, "pool-pages");
}

TEST(PoolPages, BadBasesAreRefused) {
  for (const OpenOptions& options :
       {At(kX64 + 8), At(0x1'0000'0000, Machine::kX86), At(0xFFFFF000, Machine::kX86), At(0xFFFFFFFFFFFFF000)})
    EXPECT_EQ(ErrorOf(TwoPages(), options).kind, ErrorKind::kUsage) << std::hex << options.base->value;
  EXPECT_EQ(ErrorOf(std::vector<std::uint8_t>(100, 1), At(kX64)).kind, ErrorKind::kTruncated);
}

TEST(PoolPages, ABaseDoesNotFitACrashDump) {
  const PhysicalMemory memory = PhysicalMemory().Add(1, 1);
  EXPECT_EQ(ErrorOf(FullDump64(memory, RunsOf(memory)).vector(), At(kX64)).what,
            "--base is for bare pool pages, and this is a crash dump");
}

}  // namespace
}  // namespace poolblame::testing

// Page tables that map themselves say neither machine nor levels: what lies behind them does. And who names the top
// one.
#include <gmock/gmock.h>

#include "parser/image/address_space.h"
#include "parser/image/mapped_pages.h"
#include "tests/image/open.h"
#include "tests/image/range_builder.h"

namespace poolblame::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint64_t kDriver = 0xFFFFF80001234000, kShared = 0xFFFFF78000000000, kPoolPage = 0xFFFFFA8001234000;
constexpr std::uint64_t kDriverPfn = 0x80, kSharedPfn = 0x81, kPoolPfn = 0x82, kTablePfn = 0x10;
constexpr std::uint64_t kAmd64 = 0x8664, kArm = 0xAA64;

struct Reading {
  TableKind kind;
  Machine machine;
  PageTableForm form;
  std::uint64_t image_machine;
};
const Reading kAll[] = {{TableKind::kX64, Machine::kX64, PageTableForm::kUsual, kAmd64},
                        {TableKind::kLa57, Machine::kX64, PageTableForm::kLa57, kAmd64},
                        {TableKind::kArm64, Machine::kArm64, PageTableForm::kUsual, kArm}};

/// Tables of `kind` that map three pages, filled with a byte that no evidence is made of.
PhysicalMemory MemoryWith(TableKind kind) {
  PhysicalMemory memory;
  PageTables(memory, kind, kTablePfn)
      .MapSelf()
      .Map(kDriver, kDriverPfn)
      .Map(kShared, kSharedPfn)
      .Map(kPoolPage, kPoolPfn);
  for (const std::uint64_t pfn : {kDriverPfn, kSharedPfn, kPoolPfn, std::uint64_t{0x90}}) memory.Add(pfn, 0x42);
  return memory;
}

/// Takes from every entry of the tables what tells one machine's from another's.
void Unmark(PhysicalMemory& memory) {
  for (std::uint64_t place = kTablePfn * 4096; place < 0x40 * 4096; place += 8)
    if (const std::uint64_t entry = memory.Read(place, 8); entry != 0)
      memory.Write(place, (entry & ~std::uint64_t{0xFFF}) | 3, 8);
}

void PutImage(PhysicalMemory& memory, std::uint64_t machine) {
  memory.Write(kDriverPfn * 4096, 0x5A4D, 2);  // `MZ`
  memory.Write(kDriverPfn * 4096 + 0x3C, 0x80, 4);
  memory.Write(kDriverPfn * 4096 + 0x80, 0x4550, 4);  // `PE`
  memory.Write(kDriverPfn * 4096 + 0x84, machine, 2);
}

void PutSharedData(PhysicalMemory& memory, std::uint64_t machine) {
  const std::uint64_t page = kSharedPfn * 4096;
  memory.Write(page + 0x2C, machine, 2);
  memory.Write(page + 0x30, 0x005C'003A'0043, 6);  // "C:\"
  memory.Write(page + 0x26C, 10, 4);
  memory.Write(page + 0x270, 0, 4);
}

void ExpectReading(const PhysicalMemory& memory, const Reading& wanted, const char* what) {
  const OpenedImage opened = Open(RawImage(memory));
  const ImageFacts& facts = opened.image.facts();
  EXPECT_EQ(facts.machine, wanted.machine) << what;
  EXPECT_EQ(facts.form, wanted.form) << what;
  EXPECT_EQ(facts.directory_table_base, PhysAddr{kTablePfn * 4096}) << what;
  EXPECT_THAT(facts.notes, IsEmpty()) << what;
  const AddressSpace space(opened.image);
  ASSERT_EQ(space.Page(VirtAddr{kPoolPage}).presence, Presence::kPresent) << what;
  EXPECT_EQ(space.Page(VirtAddr{kPoolPage}).pfn, kPoolPfn) << what;
}

TEST(PageTableEvidence, EntriesAloneTellMachineAndDepth) {
  for (const Reading& reading : kAll) ExpectReading(MemoryWith(reading.kind), reading, "entries");
}

TEST(PageTableEvidence, DriversTellBothWhereEntriesDoNot) {
  for (const Reading& reading : kAll) {
    PhysicalMemory memory = MemoryWith(reading.kind);
    Unmark(memory);
    PutImage(memory, reading.image_machine);
    ExpectReading(memory, reading, "drivers");
  }
}

TEST(PageTableEvidence, SharedDataTellsBothWhereEntriesDoNot) {
  for (const Reading& reading : kAll) {
    PhysicalMemory memory = MemoryWith(reading.kind);
    Unmark(memory);
    PutSharedData(memory, reading.image_machine);
    ExpectReading(memory, reading, "shared data");
  }
}

TEST(PageTableEvidence, SharedDataThatCannotBeTellsNothing) {
  const struct {
    std::uint64_t offset, value;
  } cases[] = {{0x26C, 11}, {0x26C, 4}, {0x270, 9}, {0x30, 0x30}, {0x32, 'x'}};
  for (const auto& test : cases) {
    PhysicalMemory memory = MemoryWith(TableKind::kX64);
    PutSharedData(memory, kArm);  // against the entries, and believed if it were sane
    memory.Write(kSharedPfn * 4096 + test.offset, test.value, 2);
    ExpectReading(memory, kAll[0], "broken shared data");
  }
}

TEST(PageTableEvidence, WhereNothingTellsTheMachineThatIsSaid) {
  PhysicalMemory memory = MemoryWith(TableKind::kArm64);
  Unmark(memory);
  const OpenedImage opened = Open(RawImage(memory));
  EXPECT_EQ(opened.image.facts().machine, Machine::kX64);
  EXPECT_THAT(opened.image.facts().notes,
              ElementsAre(HasSubstr("nothing in memory tells which these are: taken as x64")));
  OpenOptions options;
  options.machine = Machine::kArm64;
  const OpenedImage told = Open(RawImage(memory), options);
  EXPECT_EQ(told.image.facts().machine, Machine::kArm64);
  EXPECT_THAT(told.image.facts().notes, IsEmpty());
}

TEST(PageTableEvidence, FiveLevelsSayAddressesThatFourCannot) {
  constexpr std::uint64_t kWide = 0xFF12FA8001234000;
  PhysicalMemory memory;
  PageTables(memory, TableKind::kLa57, kTablePfn).MapSelf().Map(kDriver, kDriverPfn).Map(kWide, kPoolPfn);
  memory.Add(kDriverPfn, 0x42).Add(kPoolPfn, 0x43);
  PutImage(memory, kAmd64);
  const OpenedImage opened = Open(RawImage(memory));
  const AddressSpace space(opened.image);
  EXPECT_EQ(space.kernel_base(), VirtAddr{0xFF00000000000000});
  EXPECT_EQ(space.Page(VirtAddr{kWide}).pfn, kPoolPfn);
  EXPECT_EQ(space.Translate(VirtAddr{kWide & ~(std::uint64_t{1} << 63)}).presence, Presence::kNotPresent);
  EXPECT_THAT(PagesOfKernelSpace(space), ::testing::SizeIs(2));
}

/// A full dump of memory whose header names the driver's page as the list of modules.
OpenedImage DumpOf(const PhysicalMemory& memory, std::uint64_t list) {
  Bytes file = FullDump64(memory, RunsOf(memory), {.table_base = kTablePfn * 4096});
  file.U64(0x20, list).U64(0x80, 0);
  return Open(file);
}

TEST(PageTableEvidence, AHeaderThatNamesAMappedAddressTellsTheLevels) {
  for (const Reading& reading : {kAll[0], kAll[1]}) {
    const OpenedImage opened = DumpOf(MemoryWith(reading.kind), kDriver);
    EXPECT_EQ(opened.image.facts().form, reading.form);
    EXPECT_EQ(AddressSpace(opened.image).Page(VirtAddr{kPoolPage}).pfn, kPoolPfn);
  }
  // Of an address that neither maps nothing is known: the usual four are taken.
  EXPECT_EQ(DumpOf(MemoryWith(TableKind::kLa57), 0xFFFFF90001234000).image.facts().form, PageTableForm::kUsual);
}

/// Memory begins where that of ARM64 machines does.
constexpr std::uint64_t kHighRoot = 0x80000;

/// The block that starts processors, in page 3, and the page tables that it names.
PhysicalMemory FarTables() {
  PhysicalMemory memory;
  PageTables(memory, TableKind::kX64, kHighRoot).MapSelf().Map(kDriver, kDriverPfn).Map(kPoolPage, kPoolPfn);
  memory.Add(kDriverPfn, 0x42).Add(kPoolPfn, 0x42);
  memory.Write(0x3000, 0x00000001000612E9, 8);
  memory.Write(0x3070, 0xFFFFF80001234000, 8);
  memory.Write(0x30A0, kHighRoot * 4096, 8);
  return memory;
}

TEST(NamedTables, TheBlockThatStartsProcessorsNamesThem) {
  const PhysicalMemory memory = FarTables();
  const OpenedImage opened = Open(LimeImage(memory, RunsOf(memory)));
  EXPECT_EQ(opened.image.facts().directory_table_base, PhysAddr{kHighRoot * 4096});
  EXPECT_EQ(opened.image.facts().root_source, RootSource::kStartBlock);
}

TEST(NamedTables, ABlockWithAWordThatCannotBeIsNone) {
  for (const std::uint64_t word : {0x3000U, 0x3070U, 0x30A0U}) {
    PhysicalMemory memory = FarTables();
    memory.Write(word, 0x1234567890ABCDEF, 8);
    const OpenedImage opened = Open(LimeImage(memory, RunsOf(memory)));
    EXPECT_EQ(opened.image.facts().directory_table_base, PhysAddr{kHighRoot * 4096}) << word;
    EXPECT_EQ(opened.image.facts().root_source, RootSource::kSelfMap) << word;
  }
}

TEST(NamedTables, AShadowOfTheKernelLosesToTheWhole) {
  PhysicalMemory memory = FarTables();
  PageTables whole(memory, TableKind::kX64, kTablePfn);
  whole.MapSelf().Map(kDriver, kDriverPfn).Map(kPoolPage, kPoolPfn).Map(kShared, kSharedPfn);
  memory.Add(kSharedPfn, 0x42);
  const OpenedImage opened = Open(LimeImage(memory, RunsOf(memory)));
  EXPECT_EQ(opened.image.facts().directory_table_base, PhysAddr{kTablePfn * 4096});
  EXPECT_EQ(opened.image.facts().root_source, RootSource::kSelfMap);
}

TEST(NamedTables, ANamedPageThatIsNoTableIsPassedBy) {
  PhysicalMemory memory = MemoryWith(TableKind::kX64);
  memory.Write(0x3000, 0x00000001000612E9, 8);
  memory.Write(0x3070, 0xFFFFF80001234000, 8);
  memory.Write(0x30A0, kDriverPfn * 4096, 8);
  const OpenedImage opened = Open(RawImage(memory));
  EXPECT_EQ(opened.image.facts().directory_table_base, PhysAddr{kTablePfn * 4096});
  EXPECT_EQ(opened.image.facts().root_source, RootSource::kSelfMap);
}

}  // namespace
}  // namespace poolblame::testing

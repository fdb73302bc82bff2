// Page tables that only the System process tells: which objects are believed, and which are not.
#include "parser/image/system_process.h"

#include <gmock/gmock.h>

#include "parser/image/address_space.h"
#include "parser/image/page_table_search.h"
#include "tests/image/open.h"
#include "tests/image/range_builder.h"

namespace poolblame::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr std::uint64_t kTopPfn = 0x10, kObjectPfn = 0x80, kNextPfn = 0x95, kPlainPfn = 0x90;
constexpr std::uint64_t kObjectOffset = 0x7C0;

struct Kind {
  TableKind tables;
  Machine machine;
  PageTableForm form;
  std::uint64_t page;  // of the object, in kernel space
  std::uint64_t name_at;
};
const Kind kKinds[] = {{TableKind::kX86, Machine::kX86, PageTableForm::kUsual, 0x81A45000, 0x174},
                       {TableKind::kPae, Machine::kX86, PageTableForm::kPae, 0x84C45000, 0x16C},
                       {TableKind::kX64, Machine::kX64, PageTableForm::kUsual, 0xFFFFFA8001234000, 0x2E0},
                       {TableKind::kLa57, Machine::kX64, PageTableForm::kLa57, 0xFF11FA8001234000, 0x5A8},
                       {TableKind::kArm64, Machine::kArm64, PageTableForm::kUsual, 0xFFFF8A8001234000, 0x450}};
const Kind& kX64 = kKinds[2];

int PointerBytes(const Kind& kind) { return kind.machine == Machine::kX86 ? 4 : 8; }
std::uint64_t ListAt(const Kind& kind) { return kind.machine == Machine::kX86 ? 0x10 : 0x18; }
std::uint64_t TableAt(const Kind& kind) { return kind.machine == Machine::kX86 ? 0x18 : 0x28; }

void PutText(PhysicalMemory& memory, std::uint64_t place, const char* text) {
  for (; *text != 0; ++text) memory.Write(place++, static_cast<std::uint8_t>(*text), 1);
}

/// What a process begins with, at a physical place, for an object that says it lies at `address`.
void PutHead(PhysicalMemory& memory, const Kind& kind, std::uint64_t place, std::uint64_t address,
             std::uint64_t table_base) {
  memory.Write(place, 0x00B60003, 4);  // type, and a size of KPROCESS
  for (const int i : {0, 1})
    memory.Write(place + ListAt(kind) + static_cast<std::uint64_t>(i * PointerBytes(kind)), address + ListAt(kind),
                 PointerBytes(kind));
  memory.Write(place + TableAt(kind), table_base, PointerBytes(kind));
}

struct Scene {
  Kind kind;
  PhysicalMemory memory;
  std::uint64_t place = kObjectPfn * 4096 + kObjectOffset;
  std::uint64_t address = 0;

  /// The System process, and tables that map its page, the one behind it and another, but not themselves.
  explicit Scene(const Kind& what, std::uint64_t offset = kObjectOffset) : kind(what) {
    place = kObjectPfn * 4096 + offset;
    address = kind.page + offset;
    for (const std::uint64_t pfn : {kObjectPfn, kNextPfn}) memory[pfn];
    memory.Add(kPlainPfn, 0x42);
    PageTables(memory, kind.tables, kTopPfn)
        .Map(kind.page, kObjectPfn)
        .Map(kind.page + 0x1000, kNextPfn)
        .Map(kind.page + 0x2000, kPlainPfn);
    PutHead(memory, kind, place, address, kTopPfn * 4096);
    PutText(memory, NamePlace(), "System");
  }

  [[nodiscard]] std::uint64_t NamePlace() const {
    const std::uint64_t offset = place % 4096 + kind.name_at;
    return offset < 4096 ? kObjectPfn * 4096 + offset : kNextPfn * 4096 + offset - 4096;
  }
};

/// Opens as raw memory of a machine that nobody names.
void ExpectFound(const Scene& scene, const char* what) {
  const OpenedImage opened = Open(RawImage(scene.memory));
  const ImageFacts& facts = opened.image.facts();
  EXPECT_EQ(facts.machine, scene.kind.machine) << what;
  EXPECT_EQ(facts.form, scene.kind.form) << what;
  EXPECT_EQ(facts.directory_table_base, PhysAddr{kTopPfn * 4096}) << what;
  EXPECT_EQ(facts.root_source, RootSource::kSystemProcess) << what;
  EXPECT_THAT(facts.notes, IsEmpty()) << what;
  EXPECT_EQ(AddressSpace(opened.image).Page(VirtAddr{scene.kind.page + 0x2000}).pfn, kPlainPfn) << what;
}

void ExpectNone(const Scene& scene, const char* what) {
  const OpenedImage opened = Open(RawImage(scene.memory));
  EXPECT_EQ(opened.image.facts().directory_table_base, std::nullopt) << what;
  EXPECT_THAT(opened.image.facts().notes, ElementsAre(HasSubstr("no page tables were found"))) << what;
}

TEST(SystemProcess, TellsTablesThatDoNotMapThemselves) {
  for (const Kind& kind : kKinds) ExpectFound(Scene(kind), "no self-map");
}

TEST(SystemProcess, TellsTablesThatTwoEntriesName) {
  for (const Kind& kind : {kKinds[2], kKinds[3], kKinds[4]}) {
    Scene scene(kind);
    const std::uint64_t flags = kind.machine == Machine::kArm64 ? 0x703 : 0x63;
    for (const std::uint64_t index : {0x1ED, 0x1EE})
      scene.memory.Write(kTopPfn * 4096 + index * 8, kTopPfn * 4096 | flags, 8);
    ExpectFound(scene, "two entries");
  }
}

TEST(SystemProcess, ItsNameMayLieOnAnotherPageFarAway) {
  for (const Kind& kind : kKinds) ExpectFound(Scene(kind, 0xF00), "the name crosses");
  Scene torn(kKinds[0], 0x1000 - kKinds[0].name_at - 4);  // "Syst", "em"
  torn.memory.Write(kNextPfn * 4096, 'e' | 'm' << 8, 2);
  ExpectFound(torn, "the name is torn");
}

TEST(SystemProcess, FlagBitsOfTheTableBaseAreNoAddress) {
  Scene scene(kX64);
  scene.memory.Write(scene.place + 0x28, kTopPfn * 4096 | 2, 8);  // a process-context identifier
  ExpectFound(scene, "flags");
}

TEST(SystemProcess, ANameWithoutAnObjectTellsNothing) {
  Scene scene(kX64);
  for (std::uint64_t i = 0; i < 0x30; i += 8) scene.memory.Write(scene.place + i, 0, 8);
  ExpectNone(scene, "a file's text");
}

TEST(SystemProcess, AnObjectThatIsNoProcessTellsNothing) {
  for (const Kind& kind : kKinds) {
    Scene thread(kind);
    thread.memory.Write(thread.place, 6, 1);
    ExpectNone(thread, "a thread's type");
    Scene profiled(kind);
    profiled.memory.Write(profiled.place + ListAt(kind), profiled.address + 0x40, PointerBytes(kind));
    ExpectNone(profiled, "a list that is not empty");
    Scene moved(kind);
    PutHead(moved.memory, kind, moved.place, moved.address + 0x10, kTopPfn * 4096);
    ExpectNone(moved, "an address that is not its own");
  }
}

TEST(SystemProcess, AnotherProcessTellsNothing) {
  for (const char* name : {"Registry", "Systems", "system", "smss.exe"}) {
    Scene scene(kX64);
    PutText(scene.memory, scene.NamePlace(), name);
    ExpectNone(scene, name);
  }
  Scene longer(kX64);
  longer.memory.Write(longer.NamePlace() + 14, 'x', 1);
  ExpectNone(longer, "not padded with zeros");
  Scene secure(kX64);
  PutText(secure.memory, secure.NamePlace(), "Secure System");
  ExpectNone(secure, "ends like it");
}

TEST(SystemProcess, TablesThatLeadElsewhereAreNotBelieved) {
  for (const Kind& kind : kKinds) {
    Scene copy(kind);  // as of a page of the object in a file's cache
    copy.memory[kPlainPfn] = copy.memory[kObjectPfn];
    copy.memory.Write(copy.place, 0, 1);
    ExpectNone(copy, "a copy elsewhere");
    for (const std::uint64_t base : {kPlainPfn * 4096, kNextPfn * 4096, std::uint64_t{0}, std::uint64_t{0xFFFFF000}}) {
      Scene scene(kind);
      scene.memory.Write(scene.place + TableAt(kind), base, PointerBytes(kind));
      ExpectNone(scene, "no tables there");
    }
    Scene user(kind);  // mapped, but where programs live
    PutHead(user.memory, kind, user.place, 0x400000 + kObjectOffset, kTopPfn * 4096);
    PageTables(user.memory, kind.tables, kTopPfn + 0x20).Map(0x400000, kObjectPfn);
    user.memory.Write(user.place + TableAt(kind), (kTopPfn + 0x20) * 4096, PointerBytes(kind));
    EXPECT_THAT(FindSystemProcess(Open(RawImage(user.memory)).image.pages(), Machine::kUnknown), IsEmpty());
  }
}

TEST(SystemProcess, AnImageThatEndsBeforeTheNameTellsNothing) {
  for (const Kind& kind : kKinds) {
    Scene scene(kind, 0xF00);
    scene.memory.Remove(kNextPfn);
    ExpectNone(scene, "no page of the name");
  }
}

TEST(SystemProcess, OneOfAnotherMachineTellsNothing) {
  Scene scene(kX64);
  PutHead(scene.memory, kKinds[0], scene.place, 0x81A45000 + kObjectOffset, kTopPfn * 4096);
  ExpectNone(scene, "x86's object, x64's tables");
  OpenOptions options;
  options.machine = Machine::kX86;
  EXPECT_EQ(Open(RawImage(Scene(kX64).memory), options).image.facts().directory_table_base, std::nullopt);
  options.machine = Machine::kX64;
  EXPECT_EQ(Open(RawImage(Scene(kKinds[0]).memory), options).image.facts().directory_table_base, std::nullopt);
  EXPECT_EQ(Open(RawImage(Scene(kX64).memory), options).image.facts().root_source, RootSource::kSystemProcess);
}

TEST(SystemProcess, LosesToATableThatMapsItselfAndAsMuch) {
  Scene scene(kX64);
  scene.memory.Write(kTopPfn * 4096 + 0x1ED * 8, kTopPfn * 4096 | 0x63, 8);
  EXPECT_EQ(Open(RawImage(scene.memory)).image.facts().root_source, RootSource::kSelfMap);
}

TEST(SystemProcess, WinsOverATableThatMapsLess) {
  Scene scene(kX64);
  PageTables(scene.memory, TableKind::kX64, kTopPfn + 0x20).MapSelf().Map(kX64.page, kObjectPfn);
  ExpectFound(scene, "a shadow maps itself");
}

/// A map of pages of `file`, in runs that may repeat them.
PageMap MapOf(const std::vector<std::uint8_t>& file, const std::vector<PageRun>& runs) {
  return PageMap::FromRuns({file.data(), file.size()}, runs);
}

TEST(SystemProcess, TellsTablesBeyondTheFirstGigabyte) {
  Scene scene(kX64);
  PhysicalMemory high;
  PageTables tables(high, TableKind::kX64, 0x50000);
  tables.MapSelf().Map(kX64.page, kObjectPfn);
  PutHead(scene.memory, kX64, scene.place, scene.address, tables.base());
  std::vector<std::uint8_t> file(0x100000);  // the first gigabyte is this megabyte of zeros, over and over
  std::vector<PageRun> runs;
  const auto append = [&](const std::map<std::uint64_t, TestPage>& pages) {
    for (const auto& [pfn, page] : pages) {
      runs.push_back({pfn, 1, FileOffset{file.size()}});
      file.insert(file.end(), page.begin(), page.end());
    }
  };
  append({{kObjectPfn, scene.memory[kObjectPfn]}});
  append(high.pages());
  for (Pfn pfn = 0x100; pfn < 0x40100; pfn += 0x100) runs.push_back({pfn, 0x100, FileOffset{0}});
  const auto root = FindPageTables(MapOf(file, runs), Machine::kUnknown, {});
  ASSERT_TRUE(root.has_value());
  EXPECT_EQ(root->source, RootSource::kSystemProcess);
  EXPECT_EQ(root->base, PhysAddr{tables.base()});
}

TEST(SystemProcess, NoMoreThanAFewTakePartInTheContest) {
  PhysicalMemory memory;  // on one page, with tables of their own and one name for all
  for (std::uint64_t i = 0; i < kMostSystemProcesses + 4; ++i) {
    const std::uint64_t top = 0x100 + i * 0x10;
    PageTables(memory, TableKind::kX64, top).Map(kX64.page, kObjectPfn);
    PutHead(memory, kX64, kObjectPfn * 4096 + i * 0x30, kX64.page + i * 0x30, top * 4096);
  }
  PutText(memory, kObjectPfn * 4096 + 0x500, "System");
  const OpenedImage opened = Open(RawImage(memory));
  EXPECT_THAT(FindSystemProcess(opened.image.pages(), Machine::kUnknown), SizeIs(kMostSystemProcesses));
  EXPECT_THAT(FindSystemProcess(opened.image.pages(), Machine::kX86), IsEmpty());
}

TEST(SystemProcess, TwoThatNameTheSameTablesAreOne) {
  Scene scene(kX64);
  scene.memory[kNextPfn] = scene.memory[kObjectPfn];
  PutHead(scene.memory, kX64, kNextPfn * 4096 + kObjectOffset, scene.address + 0x1000, kTopPfn * 4096);
  const OpenedImage opened = Open(RawImage(scene.memory));
  EXPECT_THAT(FindSystemProcess(opened.image.pages(), Machine::kX64), SizeIs(1));
}

TEST(SystemProcess, NobodyLooksOnBehindTooManyForgeries) {
  constexpr std::uint64_t kApart = 0x30, kOnAPage = 0xF90 / kApart, kHighPfn = 0x10000, kForgedFirst = 0x1000;
  PhysicalMemory memory, forged;
  PageTables(memory, TableKind::kX64, kTopPfn).Map(kX64.page, kHighPfn);
  PutHead(memory, kX64, kHighPfn * 4096, kX64.page, kTopPfn * 4096);
  PutText(memory, kHighPfn * 4096 + kX64.name_at, "System");
  for (std::uint64_t i = 0; i < kOnAPage; ++i)
    PutHead(forged, kX64, i * kApart, 0xFFFFFA8000000000 + i * kApart, kTopPfn * 4096);
  std::vector<std::uint8_t> file(forged[0].begin(), forged[0].end());
  std::vector<PageRun> runs;
  for (const auto& [pfn, page] : memory.pages()) {
    runs.push_back({pfn, 1, FileOffset{file.size()}});
    file.insert(file.end(), page.begin(), page.end());
  }
  std::uint64_t next = kForgedFirst;
  while ((next - kForgedFirst) * kOnAPage < kMostProcessObjects - kOnAPage) runs.push_back({next++, 1, FileOffset{0}});
  EXPECT_THAT(FindSystemProcess(MapOf(file, runs), Machine::kX64), SizeIs(1));
  runs.push_back({next++, 1, FileOffset{0}});
  EXPECT_THAT(FindSystemProcess(MapOf(file, runs), Machine::kX64), IsEmpty());
}

}  // namespace
}  // namespace poolblame::testing

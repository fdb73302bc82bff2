// VMware's state files and the memory files beside them, offsets and tags typed by hand.
#include "parser/image/vmware.h"

#include <gmock/gmock.h>
#include <unistd.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>

#include "parser/image/address_space.h"
#include "tests/image/open.h"
#include "tests/image/range_builder.h"

namespace poolblame::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::Not;
using ::testing::StartsWith;

constexpr std::uint64_t kTagsAt = 0x0C + 0x50;

/// A state file whose only group is `memory`; tags are appended behind its header.
Bytes StateFile(std::uint32_t magic = 0xBED2BED2) {
  return Bytes().U32(0, magic).U32(4, 8).U32(8, 1).Text(0x0C, "memory").U64(0x4C, kTagsAt).U64(0x54, 0).Resize(kTagsAt);
}

void AppendTag(Bytes& file, std::uint8_t flags, const std::string& name, const std::vector<std::uint32_t>& indices) {
  const std::uint64_t at = file.size();
  file.U8(at, flags | indices.size() << 6).U8(at + 1, name.size()).Text(at + 2, name);
  for (const std::uint32_t index : indices) file.U32(file.size(), index);
}

void AppendNumber(Bytes& file, const std::string& name, const std::vector<std::uint32_t>& indices,
                  std::uint64_t value) {
  AppendTag(file, 4, name, indices);
  file.U32(file.size(), value);
}

void AppendRegion(Bytes& file, std::uint32_t index, std::uint64_t ppn, std::uint64_t page, std::uint64_t size) {
  AppendNumber(file, "regionPPN", {index}, ppn);
  AppendNumber(file, "regionPageNum", {index}, page);
  AppendNumber(file, "regionSize", {index}, size);
}

/// Two regions with a hole between them: pages 0 to 2 and, behind 4 GiB, 2 pages.
Bytes TwoRegions() {
  Bytes file = StateFile();
  AppendTag(file, 3, "mainMemSize", {});  // what is not asked for is passed over
  file.Text(file.size(), "abc");
  AppendNumber(file, "regionsCount", {}, 2);
  AppendRegion(file, 0, 0, 0, 3);
  AppendRegion(file, 1, 0x100000, 3, 2);
  return file;
}

std::vector<std::uint8_t> FivePages() {
  std::vector<std::uint8_t> memory;
  for (int i = 1; i <= 5; ++i) memory.insert(memory.end(), 4096, static_cast<std::uint8_t>(i));
  return memory;
}

void AppendMemory(Bytes& file, const std::vector<std::uint8_t>& memory, std::uint8_t code = 62, int width = 8) {
  AppendTag(file, code, "Memory", {0, 0});
  for (int i = 0; i < 2; ++i) width == 8 ? file.U64(file.size(), memory.size()) : file.U32(file.size(), memory.size());
  file.U8(file.size(), 5).U8(file.size(), 0).Resize(file.size() + 5);  // five bytes of padding
  file.Append(memory.data(), memory.size());
}

Bytes End(Bytes file) { return file.Resize(file.size() + 2); }

/// A folder with files in it, gone at the end.
class Folder {
 public:
  Folder() {
    std::string name = (std::filesystem::temp_directory_path() / "vmware_test-XXXXXX").string();
    path_ = mkdtemp(name.data());
  }
  ~Folder() { std::filesystem::remove_all(path_); }
  Folder(const Folder&) = delete;
  Folder& operator=(const Folder&) = delete;

  std::string Add(const std::string& name, const std::vector<std::uint8_t>& content) {
    const std::string path = (path_ / name).string();
    std::ofstream(path, std::ios::binary)
        .write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
    return path;
  }

 private:
  std::filesystem::path path_;
};

void ExpectFivePages(const Image& image) {
  EXPECT_EQ(image.facts().container, "vmware");
  EXPECT_EQ(image.pages().page_count(), 5u);
  for (const Pfn pfn : {0, 1, 2}) EXPECT_EQ(FirstByte(image.pages(), pfn), static_cast<int>(pfn) + 1);
  EXPECT_EQ(FirstByte(image.pages(), 3), -1);
  EXPECT_EQ(FirstByte(image.pages(), 0x100000), 4);
  EXPECT_EQ(FirstByte(image.pages(), 0x100001), 5);
}

TEST(Vmware, TheStateOfAProcessorNamesThePageTables) {
  constexpr std::uint64_t kRoot = 0x41000, kMappedAt = 0xFFFFFA8001234000;
  PhysicalMemory memory;
  PageTables(memory, TableKind::kX64, kRoot).MapSelf().Map(kMappedAt, kRoot + 4);
  memory.Add(kRoot + 4, 0xAA);
  const std::vector<TestRun> runs = RunsOf(memory);
  const struct {
    const char* name;
    std::uint32_t number;
    std::uint64_t value;
  } cases[] = {{"CR64", 3, kRoot * 4096}, {"CR", 3, kRoot * 4096}, {"CR64", 2, kRoot * 4096}, {"CR64", 3, 0x1000}};
  for (const auto& test : cases) {
    constexpr std::uint64_t kCpuAt = 0x0C + 2 * 0x50;
    Bytes file = Bytes().U32(0, 0xBED2BED2).U32(4, 8).U32(8, 2).Text(0x0C, "cpu").U64(0x4C, kCpuAt);
    file.Text(0x5C, "memory").U64(0xA4, 0).Resize(kCpuAt);
    const bool wide = test.name == std::string("CR64");
    AppendTag(file, wide ? 8 : 4, test.name, {0, test.number});
    wide ? file.U64(file.size(), test.value) : file.U32(file.size(), test.value);
    file.Resize(file.size() + 2);
    file.U64(0x9C, file.size());
    AppendNumber(file, "regionsCount", {}, 1);
    AppendRegion(file, 0, runs.at(0).first, 0, runs.at(0).count);
    AppendMemory(file, PagesOf(memory, runs.at(0)));
    const OpenedImage opened = Open(End(file));
    const bool is_named = test.number == 3 && test.value == kRoot * 4096;
    EXPECT_EQ(opened.image.facts().root_source, is_named ? RootSource::kProcessor : RootSource::kSelfMap)
        << test.name << test.number;
    EXPECT_EQ(AddressSpace(opened.image).Page(VirtAddr{kMappedAt}).bytes[0], 0xAA);
  }
}

TEST(Vmware, MemoryFileAndStateFileBesideIt) {
  for (const char* state_name : {"vm.vmss", "vm.vmsn"}) {
    Folder folder;
    const std::string memory = folder.Add("vm.vmem", FivePages()),
                      state = folder.Add(state_name, End(TwoRegions()).vector());
    for (const bool memory_given : {true, false}) {
      const Result<Image> image = Image::Open(memory_given ? memory : state, {});
      ASSERT_TRUE(image) << image.error().what;
      ExpectFivePages(*image);
      EXPECT_EQ(image->facts().path, memory_given ? memory : state);
      EXPECT_EQ(image->facts().member, memory_given ? state_name : "vm.vmem");
      EXPECT_EQ(image->facts().size, 5 * 4096u);
      EXPECT_FALSE(image->facts().truncated);
    }
  }
}

TEST(Vmware, MemoryInTheStateFile) {
  for (const bool old : {true, false}) {
    Bytes file = StateFile(old ? 0xBED2BED0 : 0xBED2BED2);
    AppendNumber(file, "regionsCount", {}, 2);
    AppendRegion(file, 0, 0, 0, 3);
    AppendRegion(file, 1, 0x100000, 3, 2);
    AppendMemory(file, FivePages(), old ? 63 : 62, old ? 4 : 8);
    const OpenedImage opened = Open(End(file));
    ExpectFivePages(opened.image);
    EXPECT_THAT(opened.image.facts().member, IsEmpty());
  }
}

TEST(Vmware, OneRegionIsMemoryFromZeroOn) {
  Bytes file = StateFile(0xBAD1BAD1);
  AppendNumber(file, "regionsCount", {}, 0);
  AppendMemory(file, FivePages());
  const OpenedImage opened = Open(End(file));
  for (const Pfn pfn : {0, 4}) EXPECT_EQ(FirstByte(opened.image.pages(), pfn), static_cast<int>(pfn) + 1);
  const OpenedImage cut = Open(file.Resize(file.size() - 4096));
  EXPECT_TRUE(cut.image.facts().truncated);
  EXPECT_EQ(cut.image.pages().page_count(), 4u);
}

TEST(Vmware, RegionsThatTheMemoryFileLacksAreNoted) {
  Folder folder;
  std::vector<std::uint8_t> memory = FivePages();
  memory.resize(4 * 4096);
  folder.Add("vm.vmss", End(TwoRegions()).vector());
  const Result<Image> image = Image::Open(folder.Add("vm.vmem", memory), {});
  ASSERT_TRUE(image);
  EXPECT_TRUE(image->facts().truncated);
  EXPECT_EQ(image->facts().notes.front(),
            "the file ends before 1 of its 2 memory ranges do: they promise 5 pages, the file holds 4");
}

TEST(Vmware, AStateFileAloneIsHalf) {
  Folder folder;
  const Result<Image> alone = Image::Open(folder.Add("vm.vmss", End(TwoRegions()).vector()), {});
  ASSERT_FALSE(alone);
  EXPECT_EQ(alone.error().kind, ErrorKind::kUnsupported);
  EXPECT_THAT(alone.error().what, StartsWith("VMware saved state without the memory in it: put the .vmem file of the "
                                             "same name beside it"));
  const Result<Image> memory = Image::Open(folder.Add("other.vmem", FivePages()), {});
  ASSERT_TRUE(memory) << "another machine's state is not its own";
  EXPECT_EQ(memory->facts().container, "raw");
}

TEST(Vmware, StatesThatSayNothingOfUse) {
  EXPECT_EQ(ErrorOf(Bytes().U32(0, 0xBED2BED2).U32(4, 0).vector()).what, "VMware saved state header");
  EXPECT_THAT(ErrorOf(Bytes().U32(0, 0xBED3BED3).Resize(0x1000).vector()).what,
              StartsWith("VMware saved state without a word about memory: "));
  Bytes missing = StateFile();
  AppendNumber(missing, "regionsCount", {}, 2);
  AppendRegion(missing, 0, 0, 0, 3);
  EXPECT_EQ(ErrorOf(End(missing).vector()).what, "VMware memory region 1");
  Bytes many = StateFile();
  AppendNumber(many, "regionsCount", {}, 1025);
  EXPECT_EQ(ErrorOf(End(many).vector()).kind, ErrorKind::kLimit);
  Bytes packed = StateFile();
  AppendTag(packed, 63, "Memory", {0, 0});
  packed.U64(packed.size(), 8).U64(packed.size(), 4096).U32(packed.size(), 0).Resize(packed.size() + 64);
  EXPECT_THAT(ErrorOf(packed.vector()).what, StartsWith("VMware saved state with compressed memory: "));
}

TEST(Vmware, AnUnknownHoleIsSaid) {
  const auto notes = [](const char* container, const std::string& name, std::uint64_t size) {
    ImageFacts facts;
    facts.container = container;
    NoteVmwareHole(name, size, facts);
    return facts.notes;
  };
  constexpr std::uint64_t kThreeGib = 0xC0000000;
  EXPECT_THAT(notes("raw", "a/VM.VMEM", kThreeGib), ElementsAre(HasSubstr("without its .vmss or .vmsn file")));
  EXPECT_THAT(notes("raw", "vm.vmem", kThreeGib - 1), IsEmpty());
  EXPECT_THAT(notes("raw", "vm.raw", kThreeGib), IsEmpty());
  EXPECT_THAT(notes("vmware", "vm.vmem", kThreeGib), IsEmpty());
}

}  // namespace
}  // namespace poolblame::testing

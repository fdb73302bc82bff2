// Every container at every prefix length and under thousands of small mutations: an Error or an image whose every view
// can be read, never a crash. The mutations come from a fixed seed, so a failure names itself.
#include <gmock/gmock.h>

#include <random>

#include "parser/image/address_space.h"
#include "parser/image/reverse_map.h"
#include "tests/image/open.h"
#include "tests/image/range_builder.h"

namespace poolblame::testing {
namespace {

struct Sample {
  std::string name;
  std::vector<std::uint8_t> file;
  OpenOptions options;

  friend void PrintTo(const Sample& sample, std::ostream* out) { *out << sample.name; }
};

PhysicalMemory OnePageOf(TableKind kind) {
  PhysicalMemory memory;
  PageTables tables(memory, kind, 1);
  const std::uint64_t kernel = kind == TableKind::kX64 ? 0xFFFFFA8001234000 : 0x81234000;
  tables.MapSelf()
      .Map(kernel, 7)
      .Map(kernel + 0x1000, 8)
      .Set(kernel + 0x400000, kind == TableKind::kX86 ? 22 : 21, 0xE3);
  memory.Add(7, 0xAA).Add(8, 0xBB);
  return memory;
}

TestTriage SmallTriage(bool wide) {
  TestTriage triage;
  const std::uint64_t top = wide ? 0xFFFFFA8000000000 : 0x80000000;
  triage.blocks = {{top + 0x1000, std::vector<std::uint8_t>(0x1000, 1)},
                   {top + 0x1800, std::vector<std::uint8_t>(0x900, 2)}};
  triage.stack = {top + 0x7000, std::vector<std::uint8_t>(64, 3)};
  triage.data_page = {top + 0x9000, std::vector<std::uint8_t>(64, 4)};
  triage.debugger_data = std::vector<std::uint8_t>(64, 5);
  triage.debugger_data_address = top + 0xA000;
  return triage;
}

Bytes WithGuestNote(const PhysicalMemory& memory, const Bytes& header) {
  std::vector<TestSegment> segments = SegmentsOf(memory);
  segments.insert(segments.begin(), {0, ElfNoteBytes("VMCOREINFO", header.vector()), 0, 4});
  return ElfCore(segments);
}

std::vector<Sample> Samples() {
  const PhysicalMemory x64 = OnePageOf(TableKind::kX64), x86 = OnePageOf(TableKind::kX86),
                       pae = OnePageOf(TableKind::kPae);
  const TestHeader header{.table_base = 0x1000}, pae_header{.table_base = 0x1000, .pae = true};
  const TestHeader full{.type = 5, .table_base = 0x1000}, kernel{.type = 6, .table_base = 0x1000};
  OpenOptions base;
  base.base = VirtAddr{0xFFFFFA8000000000};
  return {
      {"FullX64", FullDump64(x64, RunsOf(x64), header).vector(), {}},
      {"FullX86", FullDump32(x86, RunsOf(x86), header).vector(), {}},
      {"FullPae", FullDump32(pae, RunsOf(pae), pae_header).vector(), {}},
      {"SummaryX64", SummaryDump64(x64, 100, header).vector(), {}},
      {"SummaryX86", SummaryDump32(x86, 100, header).vector(), {}},
      {"BitmapX64", BitmapDump64(x64, 100, "FDMP", full).vector(), {}},
      {"BitmapX86", BitmapDump32(x86, 100, "FDMP", full).vector(), {}},
      {"KernelBitmapX64", BitmapDump64(x64, 100, "SDMP", kernel).vector(), {}},
      {"TriageX64", TriageDump64(SmallTriage(true)).vector(), {}},
      {"TriageX86Stride12", TriageDump32(SmallTriage(false), 12).vector(), {}},
      {"TriageX86Stride16", TriageDump32(SmallTriage(false), 16).vector(), {}},
      {"RawX64", RawImage(x64).vector(), {}},
      {"RawPae", RawImage(pae).vector(), {}},
      {"LimeX64", LimeImage(x64, RunsOf(x64)).vector(), {}},
      {"AvmlX64", AvmlImage(x64, RunsOf(x64)).vector(), {}},
      {"ElfX64", WithGuestNote(x64, Header64(header)).vector(), {}},
      {"ElfX86", ElfCore(SegmentsOf(x86), false).vector(), {}},
      {"PoolPages", std::vector<std::uint8_t>(3 * 4096, 0x42), base},
  };
}

/// Reads everything an image offers; the sum keeps the compiler from leaving it out.
std::uint64_t ReadAll(const Image& image) {
  std::uint64_t sum = 0;
  std::vector<Pfn> pfns;
  image.pages().ForEachRun(0, image.pages().page_count(), [&](const PageRun& run) {
    for (const std::uint8_t byte : image.pages().Bytes(run)) sum += byte;
    for (std::uint64_t i = 0; i < run.count; ++i) pfns.push_back(run.first + i);
  });
  EXPECT_EQ(pfns.size(), image.pages().page_count());
  EXPECT_TRUE(std::is_sorted(pfns.begin(), pfns.end()));
  for (const VirtualRange& range : image.virtual_ranges().ranges())
    for (const std::uint8_t byte : range.bytes) sum += byte;
  const AddressSpace space(image);
  for (const std::uint64_t address :
       {0xFFFFFA8001234000, 0xFFFFFA8001634000, 0x81234000ul, 0x81634000ul, 0xFFFFFFFFFFFFFFFF}) {
    std::array<std::uint8_t, 8> out{};
    if (space.Read(VirtAddr{address}, out) == Presence::kPresent) sum += out[0];
    sum += space.Page(VirtAddr{address}).bytes.size();
  }
  const ReverseMap map = ReverseMap::Build(space, pfns);
  for (const Pfn pfn : pfns) sum += map.Find(pfn).value_or(VirtAddr{}).value;
  if (const auto& triage = image.facts().triage) {
    EXPECT_TRUE(image.bytes().Contains(triage->string_pool.value, triage->string_pool_size));
    EXPECT_TRUE(image.bytes().Contains(triage->debugger_data.value, triage->debugger_data_size));
    EXPECT_TRUE(image.bytes().Contains(triage->driver_list.value, triage->driver_count * 0x4C));
  }
  return sum;
}

/// A file of ranges that ends where another one would start is a smaller image, too.
bool StartsRange(const std::vector<std::uint8_t>& file, std::size_t at) {
  const std::string magic(file.begin() + static_cast<std::ptrdiff_t>(at),
                          file.begin() + static_cast<std::ptrdiff_t>(std::min(at + 4, file.size())));
  return magic == "EMiL" || magic == "AVML";
}

/// One test a container, so that ctest can run them side by side.
class Hostile : public ::testing::TestWithParam<Sample> {};

INSTANTIATE_TEST_SUITE_P(Containers, Hostile, ::testing::ValuesIn(Samples()),
                         [](const auto& sample) { return sample.param.name; });

TEST_P(Hostile, EveryPrefixIsAnErrorOrATruncatedImage) {
  const Sample& sample = GetParam();
  // Bare memory has no length of its own: a prefix of it is a smaller image.
  const bool bare = sample.name.starts_with("Raw") || sample.name == "PoolPages";
  for (std::size_t length = 0; length < sample.file.size(); ++length) {
    const Result<Image> image = Image::FromBytes({sample.file.data(), length}, sample.name, sample.options);
    ASSERT_TRUE(!image || bare || StartsRange(sample.file, length) || image->facts().truncated) << length;
  }
}

TEST_P(Hostile, NothingIsReadBehindAPrefix) {
  const Sample& sample = GetParam();
  for (std::size_t length = 0; length < sample.file.size(); length += 29) {
    // Copied to the exact size, so that the sanitizers see a byte too far.
    const std::vector<std::uint8_t> prefix(sample.file.begin(),
                                           sample.file.begin() + static_cast<std::ptrdiff_t>(length));
    if (const Result<Image> image = TryOpen(prefix, sample.options)) ReadAll(*image);
  }
}

void Mutate(std::vector<std::uint8_t>& file, std::mt19937_64& random) {
  constexpr std::uint64_t kValues[] = {0,          1,          0xFFFFFFFF, 0xFFFFFFFFFFFFFFFF,
                                       0x7FFFFFFF, 0x80000000, 0x1000,     0x45474150};
  const std::size_t edits = 1 + random() % 4;
  for (std::size_t i = 0; i < edits; ++i) {
    // Half of the edits go to the headers, where the decisions are.
    const std::size_t area = random() % 2 == 0 ? std::min<std::size_t>(file.size(), 0x2100) : file.size();
    const std::size_t width = std::size_t{1} << random() % 4;
    const std::size_t at = random() % area / width * width;
    const std::uint64_t value = random() % 3 == 0 ? random() : kValues[random() % std::size(kValues)];
    for (std::size_t b = 0; b < width && at + b < file.size(); ++b)
      file[at + b] = static_cast<std::uint8_t>(value >> 8 * b);
  }
}

TEST_P(Hostile, MutatedImagesAreReadOrRefused) {
  constexpr int kRounds = 400;  // a sample; the campaigns in tests/fuzz do many more
  std::mt19937_64 random(20221026);
  int opened = 0;
  for (int round = 0; round < kRounds; ++round) {
    std::vector<std::uint8_t> file = GetParam().file;
    Mutate(file, random);
    const Result<Image> image = TryOpen(file, GetParam().options);
    if (!image) continue;
    ++opened;
    ReadAll(*image);
  }
  EXPECT_GT(opened, kRounds / 2);
}

}  // namespace
}  // namespace poolblame::testing

// Containers: magics and offsets against numbers typed by hand from the public header layouts.
#include <gtest/gtest.h>

#include <algorithm>
#include <bit>
#include <string>

#include "samples/builder.h"
#include "samples/bytes.h"

namespace poolblame::samples {
namespace {

BuiltImage Build(const std::string& words) {
  const auto built = BuildSample(words + " pages=112 seed=8 fault=overrun bytes=16 content=fill fill=65");
  EXPECT_TRUE(built.has_value()) << words << ": " << built.error().what;
  return built ? *built : BuiltImage{};
}

std::uint64_t U64(const Bytes& b, std::size_t at) { return Load<std::uint64_t>(&b.at(at)); }
std::uint32_t U32(const Bytes& b, std::size_t at) { return Load<std::uint32_t>(&b.at(at)); }
std::string Text(const Bytes& b, std::size_t at, std::size_t size) {
  return {b.begin() + static_cast<std::ptrdiff_t>(at), b.begin() + static_cast<std::ptrdiff_t>(at + size)};
}

TEST(Container, FullX64) {
  const Bytes b = Build("windows=9600 container=full").bytes;
  EXPECT_EQ(Text(b, 0, 8), "PAGEDU64");
  EXPECT_EQ(U32(b, 0x0C), 9600U);
  EXPECT_EQ(U32(b, 0x30), 0x8664U);
  EXPECT_EQ(U32(b, 0xF98), 1U);
  EXPECT_EQ(U32(b, 0x88), 3U) << "runs of 38, 56 and 18 pages";
  EXPECT_EQ(U64(b, 0x90), 112U);
  EXPECT_EQ(U64(b, 0x98), 1U);
  EXPECT_EQ(U64(b, 0xA0), 38U);
  EXPECT_EQ(U64(b, 0xA8), 0x100U);
  EXPECT_EQ(U64(b, 0xB0), 56U);
  EXPECT_EQ(U64(b, 0xB8), 0x158U);
  EXPECT_EQ(U64(b, 0xC0), 18U);
  EXPECT_EQ(b.size(), 0x2000U + 112 * 0x1000);
  EXPECT_EQ(U64(b, 0xFA0), b.size());
  EXPECT_EQ(Text(b, 0x60, 4), "PAGE") << "VersionUser is never set";
}

TEST(Container, IdleMemoryIsARunOfZerosBeforeTheLast) {
  const Bytes b = Build("windows=9600 container=full idle=1").bytes;
  EXPECT_EQ(U32(b, 0x88), 4U);
  EXPECT_EQ(U64(b, 0x90), 112U + 256);
  EXPECT_EQ(U64(b, 0xB8), 0x158U);
  EXPECT_EQ(U64(b, 0xC0), 256U);
  EXPECT_EQ(U64(b, 0xC8), 0x258U) << "the last run, behind it";
  EXPECT_EQ(U64(b, 0xD0), 18U);
  ASSERT_EQ(b.size(), 0x2000U + (112 + 256) * 0x1000);
  const auto idle = b.begin() + 0x2000 + (38 + 56) * 0x1000;
  EXPECT_TRUE(std::all_of(idle, idle + 256 * 0x1000, [](std::uint8_t byte) { return byte == 0; }));
  EXPECT_FALSE(std::all_of(idle + 256 * 0x1000, b.end(), [](std::uint8_t byte) { return byte == 0; }));
}

TEST(Container, FullX86) {
  const Bytes b = Build("windows=2600 machine=x86 paging=plain container=full").bytes;
  EXPECT_EQ(Text(b, 0, 8), "PAGEDUMP");
  EXPECT_EQ(U32(b, 0x0C), 2600U);
  EXPECT_EQ(U32(b, 0x20), 0x14CU);
  EXPECT_EQ(b[0x5C], 0U);
  EXPECT_EQ(U32(b, 0xF88), 1U);
  EXPECT_EQ(U32(b, 0x68), 112U);
  EXPECT_EQ(b.size(), 0x1000U + 112 * 0x1000);
  EXPECT_EQ(Build("windows=7601 machine=x86 paging=pae container=full").bytes[0x5C], 1U);
}

TEST(Container, Summary) {
  const Bytes b = Build("windows=6002 container=summary").bytes;
  EXPECT_EQ(U32(b, 0xF98), 2U);
  EXPECT_EQ(Text(b, 0x2000, 8), "SDMPDUMP");
  EXPECT_EQ(U32(b, 0x200C), 0x3000U) << "first page";
  EXPECT_EQ(U32(b, 0x2010), U32(b, 0x2018));
  EXPECT_EQ(b.size(), 0x3000U + std::size_t{U32(b, 0x2014)} * 0x1000);
  EXPECT_LT(U32(b, 0x2014), 112U) << "pages of nobody are left out";
  std::uint32_t bits = 0;
  for (std::size_t i = 0; i < (U32(b, 0x2010) + 7) / 8; ++i)
    bits += static_cast<std::uint32_t>(std::popcount(b[0x2028 + i]));
  EXPECT_EQ(bits, U32(b, 0x2014));
  const Bytes x86 = Build("windows=2600 machine=x86 container=summary").bytes;
  EXPECT_EQ(Text(x86, 0x1000, 8), "SDMPDUMP");
  EXPECT_EQ(U32(x86, 0x100C), 0x2000U);
}

TEST(Container, Bitmaps) {
  const Bytes full = Build("windows=9600 container=bitmap").bytes;
  EXPECT_EQ(U32(full, 0xF98), 5U);
  EXPECT_EQ(Text(full, 0x2000, 8), "FDMPDUMP");
  EXPECT_EQ(U64(full, 0x2020), 0x3000U);
  EXPECT_EQ(U64(full, 0x2028), 112U);
  EXPECT_EQ(full[0x2038] & 1U, 0U) << "frame 0 is no RAM";
  EXPECT_EQ(full[0x2038] & 2U, 2U);
  const Bytes kernel = Build("windows=9600 container=kernel-bitmap").bytes;
  EXPECT_EQ(U32(kernel, 0xF98), 6U);
  EXPECT_EQ(Text(kernel, 0x2000, 4), "SDMP");
  EXPECT_LT(U64(kernel, 0x2028), 112U);
  EXPECT_EQ(kernel.size(), 0x3000U + U64(kernel, 0x2028) * 0x1000);
}

TEST(Container, TriageX64) {
  const BuiltImage image = Build("windows=7601 container=triage");
  const Bytes& b = image.bytes;
  EXPECT_EQ(U32(b, 0xF98), 4U);
  EXPECT_EQ(U32(b, 0x2004), b.size());
  EXPECT_EQ(Text(b, U32(b, 0x2008), 4), "TRGD");
  EXPECT_EQ(U32(b, 0x200C), 0x348U);
  EXPECT_EQ(U32(b, 0x2070), 0x2080U) << "debugger data";
  EXPECT_EQ(Text(b, 0x2090, 4), "KDBG");
  EXPECT_EQ(U32(b, 0x2074), 0x340U);
  EXPECT_EQ(U32(b, 0x2034), 22U) << "drivers";
  const std::size_t drivers = U32(b, 0x2030);
  const std::size_t name = U32(b, drivers);
  EXPECT_EQ(U32(b, name), 12U);
  EXPECT_EQ(b[name + 4], 'n');
  EXPECT_EQ(b[name + 6], 't');
  const std::size_t blocks = U32(b, 0x2078);
  EXPECT_EQ(U32(b, 0x207C), 3U);
  EXPECT_EQ(U64(b, blocks), image.truth.page);
  EXPECT_EQ(U32(b, blocks + 12), 0x1000U);
  const std::size_t damage = U32(b, blocks + 8) + image.truth.damage_start % 0x1000;
  EXPECT_EQ(Text(b, damage, 8), "AAAAAAAA");
}

TEST(Container, TriageX86) {
  const BuiltImage image = Build("windows=7601 machine=x86 container=triage");
  const Bytes& b = image.bytes;
  EXPECT_EQ(U32(b, 0xF88), 4U);
  EXPECT_EQ(Text(b, U32(b, 0x1008), 4), "TRGD");
  const std::size_t blocks = U32(b, 0x1060);
  EXPECT_EQ(U32(b, 0x1064), 3U);
  EXPECT_EQ(U32(b, blocks), image.truth.page) << "12-byte rows: address, offset, size";
  EXPECT_EQ(U32(b, blocks + 8), 0x1000U);
}

TEST(Container, RawHasHolesOfZero) {
  const Bytes b = Build("windows=7601 container=raw").bytes;
  EXPECT_EQ(Text(b, 0, 4), std::string(4, '\0')) << "frame 0";
  EXPECT_GT(b.size(), 0x100000U);
  EXPECT_EQ(b.size() % 0x1000, 0U);
}

TEST(Container, Lime) {
  const Bytes b = Build("windows=7601 container=lime").bytes;
  EXPECT_EQ(Text(b, 0, 4), "EMiL");
  EXPECT_EQ(U32(b, 4), 1U);
  EXPECT_EQ(U64(b, 8), 0x1000U);
  EXPECT_EQ(U64(b, 0x10), 0x26FFFU) << "38 pages, the end inclusive";
  const std::size_t second = 0x20 + 38 * 0x1000;
  EXPECT_EQ(Text(b, second, 4), "EMiL");
  EXPECT_EQ(U64(b, second + 8), 0x100000U);
  EXPECT_EQ(b.size(), 3 * 0x20U + 112 * 0x1000);
}

TEST(Container, Avml) {
  const Bytes b = Build("windows=7601 container=avml").bytes;
  EXPECT_EQ(Text(b, 0, 4), "AVML");
  EXPECT_EQ(U32(b, 4), 2U);
  EXPECT_EQ(U64(b, 8), 0x1000U);
  EXPECT_EQ(U64(b, 0x10), 0x26FFFU);
  EXPECT_EQ(U32(b, 0x20), 0x6FFU) << "the stream's identifier";
  EXPECT_EQ(Text(b, 0x24, 6), "sNaPpY");
  std::size_t at = 0x2A;
  for (int chunk = 0; chunk < 3; ++chunk) at += 4 + (U32(b, at) >> 8);  // 38 pages, 16 a chunk
  EXPECT_EQ(U64(b, at), at - 0x20) << "the stream's length";
  EXPECT_EQ(Text(b, at + 8, 4), "AVML");
  EXPECT_LT(b.size(), 112U * 0x1000);
}

TEST(Container, ElfCores) {
  const Bytes b = Build("windows=9600 container=elf").bytes;
  EXPECT_EQ(Text(b, 1, 3), "ELF");
  EXPECT_EQ(b[4], 2) << "64 bits";
  EXPECT_EQ(U32(b, 0x10), 0x3E0004U) << "a core of x86-64";
  EXPECT_EQ(U64(b, 0x20), 0x40U);
  EXPECT_EQ(b[0x38], 4) << "notes and three runs";
  EXPECT_EQ(U32(b, 0x40), 4U) << "PT_NOTE";
  const std::size_t notes = U64(b, 0x48), notes_end = notes + U64(b, 0x60);
  EXPECT_EQ(notes, 0x40U + 4 * 0x38);
  EXPECT_EQ(Text(b, notes_end - 0x2018 + 12, 10), "VMCOREINFO") << "QEMU counts 0x2018 bytes for this note";
  EXPECT_EQ(Text(b, notes_end - 0x2000, 8), "PAGEDU64");
  EXPECT_EQ(U32(b, 0x78), 1U) << "PT_LOAD";
  EXPECT_EQ(U64(b, 0x78 + 0x08), notes_end);
  EXPECT_EQ(U64(b, 0x78 + 0x18), 0x1000U);
  EXPECT_EQ(U64(b, 0x78 + 0x20), 38 * 0x1000U);
  EXPECT_EQ(b.size(), notes_end + 112 * 0x1000);
  const Bytes x86 = Build("windows=2600 machine=x86 container=elf").bytes;
  EXPECT_EQ(x86[4], 1) << "32 bits";
  EXPECT_EQ(U32(x86, 0x10), 0x30004U) << "a core of 80386";
  EXPECT_EQ(U32(x86, 0x34 + 0x20 + 0x0C), 0x1000U);
  const Bytes bare = Build("windows=9600 container=elf-bare").bytes;
  EXPECT_EQ(bare.size(), b.size() - 0x2018);
}

TEST(Container, Vmware) {
  const Bytes memory = Build("windows=7601 container=vmem").bytes;
  EXPECT_EQ(memory.size(), 112U * 0x1000) << "no hole";
  const Bytes b = Build("windows=7601 container=vmss").bytes;
  EXPECT_EQ(U32(b, 0), 0xBED2BED2U);
  EXPECT_EQ(U32(b, 8), 2U) << "groups";
  EXPECT_EQ(Text(b, 0x5C, 6), "memory");
  const std::size_t tags = U64(b, 0x5C + 0x40);
  EXPECT_EQ(Text(b, tags, 12), std::string("\x04\x0A") + "align_mask");
  EXPECT_EQ(Text(b, tags + 16, 14), std::string("\x04\x0C") + "regionsCount");
  EXPECT_EQ(U32(b, tags + 30), 3U);
  EXPECT_EQ(Text(b, tags + 34, 15), std::string("\x44\x0D") + "regionPageNum");
  EXPECT_EQ(Text(b, tags + 57, 11), std::string("\x44\x09") + "regionPPN");
  EXPECT_EQ(U32(b, tags + 72), 1U) << "the first page of RAM";
  const Bytes whole = Build("windows=7601 container=vmsn").bytes;
  EXPECT_TRUE(std::equal(memory.begin(), memory.end(), whole.end() - 2 - std::ptrdiff_t(memory.size())));
  EXPECT_EQ((whole.size() - 2) % 0x1000, 0U);
}

TEST(Container, HibernationTables) {
  const Bytes b = Build("windows=7601 container=hibernation").bytes;
  EXPECT_EQ(Text(b, 0, 4), "hibr");
  EXPECT_EQ(U32(b, 0x0C), 0x128U);
  const std::size_t table = U64(b, 0x60) * 0x1000;
  EXPECT_EQ(U64(b, table), 0U) << "no other table";
  EXPECT_EQ(U32(b, table + 8), 3U) << "ranges";
  EXPECT_EQ(U64(b, table + 16), 1U);
  EXPECT_EQ(U64(b, table + 24), 0x27U) << "the end exclusive";
  EXPECT_EQ(Text(b, table + 0x1000, 8), "\x81\x81xpress");
  const Bytes xp = Build("windows=2600 machine=x86 container=hibernation").bytes;
  EXPECT_EQ(U32(xp, 0x0C), 0xA8U);
  EXPECT_EQ(U32(xp, U32(xp, 0x58) * 0x1000 + 0x0C), 3U);
}

TEST(Container, HibernationSets) {
  const Bytes b = Build("windows=9600 container=hibernation").bytes;
  EXPECT_EQ(Text(b, 0, 4), "HIBR");
  EXPECT_EQ(U32(b, 0x0C), 0x360U);
  EXPECT_EQ(U64(b, 0x58) + U64(b, 0x1C8), 112U) << "the loader's pages and the kernel's";
  const std::size_t boot = U64(b, 0x60) * 0x1000, kernel = U64(b, 0x68) * 0x1000;
  EXPECT_EQ(U32(b, boot) & 0xFF, 1U) << "descriptors";
  EXPECT_EQ(U32(b, boot) >> 30, 0U) << "plain Xpress";
  EXPECT_EQ(U64(b, boot + 4), 1U << 4 | 15) << "16 pages from the first one of RAM on";
  EXPECT_EQ(U32(b, kernel) >> 30, 2U) << "with Huffman codes";
}

TEST(Container, Rdmp) {
  const Bytes b = Build("windows=9600 container=rdmp").bytes;
  EXPECT_EQ(U32(b, 0xF98), 10U);
  EXPECT_EQ(U32(b, 0x2000), 0x40U);
  EXPECT_EQ(Text(b, 0x2004, 8), "RDMPDUMP");
  const std::size_t first_page = U64(b, 0x2018);
  EXPECT_EQ(U64(b, 0x2010) - 0x20, first_page - 0x2040);
  EXPECT_EQ(U32(b, 0x2020), 3U) << "ranges";
  EXPECT_EQ(U64(b, 0x2028), 112U) << "pages";
  EXPECT_EQ(U64(b, 0x2030), 1U);
  EXPECT_EQ(U64(b, 0x2038), 38U);
  EXPECT_EQ(b.size(), first_page + 112 * 0x1000);
  EXPECT_FALSE(BuildSample("windows=7601 machine=x86 container=rdmp"));
}

TEST(Container, PoolPagesAreBareAndSayTheirBase) {
  const BuiltImage image = Build("windows=7601 container=pool-pages");
  ASSERT_NE(image.truth.base, 0U);
  const std::size_t damage = image.truth.damage_start - image.truth.base;
  EXPECT_EQ(Text(image.bytes, damage, 16), std::string(16, 'A'));
}

TEST(Container, CutFilesAreShorterAndOtherwiseEqual) {
  const Bytes whole = Build("windows=7601 container=full").bytes;
  const Bytes cut = Build("windows=7601 container=full cut=25").bytes;
  EXPECT_EQ(cut.size(), whole.size() - whole.size() / 4);
  EXPECT_TRUE(std::equal(cut.begin(), cut.end(), whole.begin()));
}

TEST(Container, HeaderCarriesTheBugCheck) {
  const auto built = BuildSample("windows=7601 fault=double-free variant=caught pages=112 seed=8");
  ASSERT_TRUE(built.has_value());
  EXPECT_EQ(U32(built->bytes, 0x38), 0xC2U);
  EXPECT_EQ(U64(built->bytes, 0x40), 7U);
  EXPECT_EQ(U64(built->bytes, 0x48), 0x1097U);
  EXPECT_EQ(U64(built->bytes, 0x58), built->truth.victim_header + 0x10);
  EXPECT_EQ(built->truth.bugcheck, 0xC2U);
}

}  // namespace
}  // namespace poolblame::samples

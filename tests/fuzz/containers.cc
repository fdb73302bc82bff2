#include "tests/fuzz/containers.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <vector>

namespace poolblame::fuzz {
namespace {

using std::string_view_literals::operator""sv;

// DumpType lies at 0xF98 of a 64-bit header and at 0xF88 of a 32-bit one: 1 full, 2 summary, 4 triage, 5 bitmap.
constexpr std::array<Stamp, 2> kFullX64 = {{{0, "PAGEDU64"}, {0xF98, "\x01\0\0\0"sv}}};
constexpr std::array<Stamp, 2> kSummaryX64 = {{{0, "PAGEDU64"}, {0xF98, "\x02\0\0\0"sv}}};
constexpr std::array<Stamp, 2> kTriageX64 = {{{0, "PAGEDU64"}, {0xF98, "\x04\0\0\0"sv}}};
constexpr std::array<Stamp, 2> kBitmapX64 = {{{0, "PAGEDU64"}, {0xF98, "\x05\0\0\0"sv}}};
constexpr std::array<Stamp, 2> kKernelBitmapX64 = {{{0, "PAGEDU64"}, {0xF98, "\x06\0\0\0"sv}}};
constexpr std::array<Stamp, 2> kRdmpX64 = {{{0, "PAGEDU64"}, {0xF98, "\x0A\0\0\0"sv}}};
constexpr std::array<Stamp, 2> kFullX86 = {{{0, "PAGEDUMP"}, {0xF88, "\x01\0\0\0"sv}}};
constexpr std::array<Stamp, 2> kSummaryX86 = {{{0, "PAGEDUMP"}, {0xF88, "\x02\0\0\0"sv}}};
constexpr std::array<Stamp, 2> kTriageX86 = {{{0, "PAGEDUMP"}, {0xF88, "\x04\0\0\0"sv}}};
constexpr std::array<Stamp, 1> kLime = {{{0, "EMiL\x01\0\0\0"sv}}};
constexpr std::array<Stamp, 1> kAvml = {{{0, "AVML\x02\0\0\0"sv}}};
// Class, byte order, ET_CORE, and where the program headers are.
constexpr std::array<Stamp, 3> kElf64 = {{{0,
                                           "\x7F"
                                           "ELF\x02\x01"sv},
                                          {0x10, "\x04\0"sv},
                                          {0x20, "\x40\0\0\0\0\0\0\0"sv}}};
constexpr std::array<Stamp, 3> kElf32 = {{{0,
                                           "\x7F"
                                           "ELF\x01\x01"sv},
                                          {0x10, "\x04\0"sv},
                                          {0x1C, "\x34\0\0\0"sv}}};
constexpr std::array<Stamp, 1> kZstd = {{{0, "\x28\xB5\x2F\xFD"sv}}};
constexpr std::array<Stamp, 1> kGzip = {{{0, "\x1F\x8B\x08"sv}}};
constexpr std::array<Stamp, 1> kBzip2 = {{{0, "BZh9"}}};
constexpr std::array<Stamp, 1> kXz = {{{0,
                                        "\xFD"
                                        "7zXZ\0"sv}}};
constexpr std::array<Stamp, 1> kVmware = {{{0, "\xD2\xBE\xD2\xBE"}}};
constexpr std::array<Stamp, 2> kHibernationX86 = {{{0, "hibr"}, {0x0C, "\xE0\0\0\0"sv}}};
constexpr std::array<Stamp, 2> kHibernationX64 = {{{0, "hibr"}, {0x0C, "\x28\x01\0\0"sv}}};
constexpr std::array<Stamp, 2> kHibernationTen = {{{0, "HIBR"}, {0x0C, "\xE0\x03\0\0"sv}}};
constexpr std::array<Stamp, 1> kZip = {{{0, "PK\x03\x04"}}};
constexpr std::array<Stamp, 1> kSevenZip = {{{0, "7z\xBC\xAF\x27\x1C"}}};
constexpr std::array<Stamp, 1> kCabinet = {{{0, "MSCF\0\0\0\0"sv}}};
constexpr std::array<Stamp, 1> kTar = {{{257, "ustar"}}};

OpenOptions PoolPagesAt(std::uint64_t base) {
  OpenOptions options;
  options.base = VirtAddr{base};
  options.machine = Machine::kX64;
  options.build = 7601;
  return options;
}

// A bomb must end sooner here than for a user, or one input takes all of the second it has.
OpenOptions SmallBomb() {
  OpenOptions options;
  options.max_decompressed_bytes = std::uint64_t{1} << 22;
  return options;
}

OpenOptions RawX64() {
  OpenOptions options;
  options.machine = Machine::kX64;
  return options;
}

}  // namespace

std::span<const Container> Containers() {
  static const std::vector<Container> kContainers = {
      {"full-x64", "windows=7601 machine=x64 container=full", kFullX64, {}},
      {"full-x86", "windows=2600 machine=x86 paging=plain container=full", kFullX86, {}},
      {"full-pae", "windows=7601 machine=x86 paging=pae container=full", kFullX86, {}},
      {"summary-x64", "windows=6002 machine=x64 container=summary tracker=yes", kSummaryX64, {}},
      {"summary-x86", "windows=3790 machine=x86 container=summary", kSummaryX86, {}},
      {"bitmap-x64", "windows=9200 machine=x64 container=bitmap tracker=yes nx=yes", kBitmapX64, {}},
      {"kernel-bitmap-x64", "windows=9600 machine=x64 container=kernel-bitmap", kKernelBitmapX64, {}},
      {"live-x64", "windows=19041 machine=x64 container=kernel-bitmap live=200 secondary=4", kKernelBitmapX64, {}},
      {"rdmp", "windows=9600 machine=x64 container=rdmp", kRdmpX64, {}},
      {"segment-heap-1903", "windows=18362 machine=x64 container=full tracker=yes", kFullX64, {}},
      {"segment-heap-24h2", "windows=26100 machine=x64 container=bitmap", kBitmapX64, {}},
      {"special-pool", "windows=7601 machine=x64 container=full special=6", kFullX64, {}},
      {"triage-x64", "windows=7601 machine=x64 container=triage", kTriageX64, {}},
      {"triage-x86", "windows=2600 machine=x86 container=triage", kTriageX86, {}},
      {"triage-secondary", "windows=9600 machine=x64 container=triage secondary=6", kTriageX64, {}},
      {"segment-heap-triage", "windows=22621 machine=x64 container=triage", kTriageX64, {}},
      {"raw-x64", "windows=7601 machine=x64 container=raw", {}, RawX64()},
      {"lime", "windows=7601 machine=x64 container=lime system=yes self_map=hidden", kLime, RawX64()},
      {"avml", "windows=7601 machine=x64 container=avml", kAvml, SmallBomb()},
      {"elf-x64", "windows=9600 machine=x64 container=elf", kElf64, {}},
      {"elf-x86", "windows=7601 machine=x86 container=elf-bare", kElf32, {}},
      {"vmware", "windows=7601 machine=x64 container=vmsn", kVmware, RawX64()},
      {"hibernation-x86", "windows=7601 machine=x86 container=hibernation", kHibernationX86, SmallBomb()},
      {"hibernation-x64", "windows=7601 machine=x64 container=hibernation", kHibernationX64, SmallBomb()},
      {"hibernation-ten", "windows=19041 machine=x64 container=hibernation", kHibernationTen, SmallBomb()},
      {"pool-pages-x64", "windows=7601 machine=x64 container=pool-pages", {}, PoolPagesAt(0xFFFFFA8000000000)},
      {"zstd", "windows=7601 machine=x64 container=full", kZstd, SmallBomb(), Packing::kZstd},
      {"gzip", "windows=7601 machine=x64 container=full", kGzip, SmallBomb(), Packing::kGzip},
      // These two are slow and check sums: what is inside matters little, so it is small.
      {"bzip2", "windows=7601 machine=x64 container=triage", kBzip2, SmallBomb(), Packing::kBzip2},
      {"xz", "windows=7601 machine=x64 container=triage", kXz, SmallBomb(), Packing::kXz},
      {"zip", "windows=7601 machine=x64 container=full", kZip, SmallBomb(), Packing::kZip},
      {"sevenzip", "windows=7601 machine=x64 container=triage", kSevenZip, SmallBomb(), Packing::kSevenZip},
      {"cabinet", "windows=7601 machine=x64 container=triage", kCabinet, SmallBomb(), Packing::kCabinet},
      {"tar", "windows=7601 machine=x64 container=triage", kTar, SmallBomb(), Packing::kTar},
  };
  return kContainers;
}

const Container* FindContainer(std::string_view name) {
  const auto all = Containers();
  const auto found = std::find_if(all.begin(), all.end(), [&](const Container& c) { return c.name == name; });
  return found == all.end() ? nullptr : &*found;
}

void ApplyStamps(const Container& container, std::uint8_t* bytes, std::size_t size) {
  for (const Stamp& stamp : container.stamps)
    if (stamp.offset <= size && stamp.bytes.size() <= size - stamp.offset)
      std::memcpy(bytes + stamp.offset, stamp.bytes.data(), stamp.bytes.size());
}

}  // namespace poolblame::fuzz

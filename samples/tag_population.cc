// The two tables of tag_population.h. Windows tags are from public pooltag lists; the drivers marked third party and
// their tags are invented.
#include "samples/tag_population.h"

#include <array>

namespace poolblame::samples {
namespace {

constexpr auto kDrivers = std::to_array<DriverSpec>({
    {"ntoskrnl.exe", 0x5E0000, false}, {"hal.dll", 0x49000, false},      {"fltmgr.sys", 0x4C000, false},
    {"ntfs.sys", 0x1A3000, false},     {"ndis.sys", 0xF3000, false},     {"tcpip.sys", 0x1FD000, false},
    {"afd.sys", 0x89000, false},       {"storport.sys", 0x5E000, false}, {"usbport.sys", 0x56000, false},
    {"win32k.sys", 0x316000, false},   {"http.sys", 0xC9000, false},     {"srv2.sys", 0x69000, false},
    {"vxfilter.sys", 0x1C000, true},   {"acmenet.sys", 0x2E000, true},   {"kguardx.sys", 0x37000, true},
    {"zebrafs.sys", 0x41000, true},    {"lumidisk.sys", 0x19000, true},  {"pxcapt.sys", 0x12000, true},
    {"orbitvpn.sys", 0x24000, true},   {"tgscan.sys", 0x3A000, true},    {"mirasnd.sys", 0x55000, true},
    {"hoopusb.sys", 0x16000, true},
});

//           tag   driver paged session content            min    max   weight fill stride quota
constexpr auto kTags = std::to_array<TagSpec>({
    {"Proc", 0, false, false, Content::kObject, 0x560, 0x560, 2, 100, 0, 0},
    {"Thre", 0, false, false, Content::kObject, 0x4E8, 0x4E8, 3, 100, 0, 60},
    {"File", 0, false, false, Content::kObject, 0x140, 0x150, 14, 100, 0, 40},
    {"Even", 0, false, false, Content::kObject, 0x68, 0x80, 16, 100, 0, 50},
    {"Sema", 0, false, false, Content::kObject, 0x70, 0x78, 7, 100, 0, 40},
    {"Muta", 0, false, false, Content::kObject, 0x90, 0x98, 5, 100, 0, 40},
    {"Symb", 0, true, false, Content::kObject, 0xA8, 0xA8, 5, 100, 0, 0},
    {"Sect", 0, true, false, Content::kObject, 0x90, 0x90, 8, 100, 0, 30},
    {"Toke", 0, true, false, Content::kObject, 0x4F0, 0x580, 4, 90, 0, 0},
    {"Key ", 0, true, false, Content::kObject, 0x90, 0xA0, 12, 100, 0, 40},
    {"Dire", 0, true, false, Content::kObject, 0x1B0, 0x1B0, 1, 100, 0, 0},
    {"Irp ", 0, false, false, Content::kStruct, 0x118, 0x3E8, 9, 85, 0, 0},
    {"Mdl ", 0, false, false, Content::kStruct, 0x38, 0xC0, 8, 100, 0, 0},
    {"Io  ", 0, false, false, Content::kPacket, 0x30, 0x500, 9, 90, 0, 20},
    {"MmCa", 0, false, false, Content::kStruct, 0xE0, 0x108, 14, 100, 0, 0},
    {"MmSt", 0, true, false, Content::kRecords, 0x40, 0x800, 9, 100, 8, 0},
    {"MmCi", 0, false, false, Content::kStruct, 0x130, 0x250, 5, 95, 0, 0},
    {"Vad ", 0, false, false, Content::kStruct, 0x80, 0x80, 12, 100, 0, 40},
    {"VadS", 0, false, false, Content::kStruct, 0x40, 0x40, 10, 100, 0, 40},
    {"EtwR", 0, false, false, Content::kStruct, 0xD0, 0xD0, 14, 100, 0, 0},
    {"ReTa", 0, false, false, Content::kRecords, 0x30, 0x80, 8, 60, 16, 0},
    {"CcSc", 0, false, false, Content::kStruct, 0x210, 0x210, 5, 100, 0, 0},
    {"ALPC", 0, false, false, Content::kStruct, 0x1C0, 0x220, 5, 95, 0, 30},
    {"ObNm", 0, true, false, Content::kUnicode, 0x18, 0x120, 12, 100, 0, 0},
    {"SeTd", 0, true, false, Content::kRecords, 0x1F0, 0x200, 5, 80, 12, 0},
    {"CMVa", 0, true, false, Content::kAscii, 0x18, 0x240, 9, 95, 0, 0},
    {"Pool", 0, false, false, Content::kZero, 0x80, 0x400, 1, 20, 0, 0},
    {"Wmii", 0, false, false, Content::kStruct, 0x60, 0x98, 3, 100, 0, 0},
    {"PnpF", 0, true, false, Content::kUnicode, 0x30, 0x90, 3, 100, 0, 0},
    {"FMsl", 2, false, false, Content::kStruct, 0x110, 0x118, 8, 100, 0, 0},
    {"FMfn", 2, true, false, Content::kUnicode, 0xC0, 0x420, 9, 75, 0, 0},
    {"Ntfx", 3, false, false, Content::kStruct, 0xF0, 0xF0, 14, 100, 0, 0},
    {"Ntff", 3, true, false, Content::kStruct, 0x4B0, 0x4C0, 7, 100, 0, 0},
    {"NtfF", 3, true, false, Content::kStruct, 0x1A8, 0x1C0, 6, 100, 0, 0},
    {"NtFs", 3, true, false, Content::kBitmap, 0x40, 0x600, 6, 100, 0, 0},
    {"NDpb", 4, false, false, Content::kPacket, 0x180, 0x600, 4, 85, 0, 0},
    {"NDnd", 4, false, false, Content::kZero, 0x60, 0x300, 3, 15, 0, 0},
    {"TcpE", 5, false, false, Content::kStruct, 0x3F0, 0x3F0, 4, 100, 0, 0},
    {"TcpP", 5, false, false, Content::kRecords, 0x60, 0x280, 3, 100, 24, 0},
    {"UdpA", 5, false, false, Content::kStruct, 0x1B0, 0x1B0, 4, 100, 0, 0},
    {"AfdE", 6, false, false, Content::kStruct, 0x1E8, 0x1F0, 5, 100, 0, 20},
    {"AfdB", 6, false, false, Content::kPacket, 0x100, 0xA00, 4, 70, 0, 20},
    {"ScsP", 7, false, false, Content::kStruct, 0x58, 0x2A0, 3, 90, 0, 0},
    {"usbp", 8, false, false, Content::kStruct, 0x90, 0x3C0, 4, 90, 0, 0},
    {"Ustx", 9, true, true, Content::kUnicode, 0x20, 0x130, 5, 100, 0, 20},
    {"Gla1", 9, true, true, Content::kStruct, 0x120, 0x148, 5, 100, 0, 0},
    {"Usti", 9, true, true, Content::kPointers, 0x50, 0x180, 3, 100, 0, 0},
    {"Gcac", 9, true, true, Content::kRandom, 0x200, 0xC00, 3, 90, 0, 0},
    {"VxFc", 12, false, false, Content::kStruct, 0x48, 0x48, 7, 100, 0, 0},
    {"VxNm", 12, true, false, Content::kUnicode, 0x40, 0x228, 6, 100, 0, 0},
    {"AcmR", 13, false, false, Content::kPacket, 0x60, 0x640, 7, 100, 0, 0},
    {"AcmT", 13, false, false, Content::kRecords, 0x80, 0x300, 4, 100, 28, 0},
    {"Kgx1", 14, false, false, Content::kPointers, 0x40, 0x100, 4, 100, 0, 0},
    {"Kgx2", 14, true, false, Content::kAscii, 0x20, 0x260, 6, 100, 0, 0},
    {"ZbFi", 15, true, false, Content::kStruct, 0x178, 0x190, 6, 100, 0, 0},
    {"ZbBm", 15, true, false, Content::kBitmap, 0x80, 0x400, 3, 100, 0, 0},
    {"LmIo", 16, false, false, Content::kRandom, 0x200, 0x820, 4, 100, 0, 0},
    {"PxCp", 17, false, false, Content::kPacket, 0x44, 0x5EA, 6, 100, 0, 0},
    {"OvpK", 18, false, false, Content::kRandom, 0x30, 0x140, 4, 100, 0, 0},
    {"OvpS", 18, false, false, Content::kStruct, 0x88, 0x88, 5, 100, 0, 0},
    {"TgSg", 19, true, false, Content::kAscii, 0x60, 0x500, 5, 90, 0, 0},
    {"TgCt", 19, false, false, Content::kRecords, 0x90, 0x210, 4, 100, 20, 0},
    {"MiBf", 20, false, false, Content::kZero, 0x100, 0x900, 3, 30, 0, 0},
    {"HpUr", 21, false, false, Content::kStruct, 0xA0, 0xC8, 5, 95, 0, 0},
});

}  // namespace

std::span<const DriverSpec> Drivers() { return kDrivers; }
std::span<const TagSpec> Tags() { return kTags; }

std::uint32_t ScaledSize(const TagSpec& spec, std::uint32_t x64_bytes, bool x64) {
  const bool pointers =
      spec.content == Content::kObject || spec.content == Content::kStruct || spec.content == Content::kPointers;
  if (x64 || !pointers) return x64_bytes;
  return (x64_bytes * 5 / 8 + 3) & ~3U;
}

}  // namespace poolblame::samples

// Rows of windows_profile.h. Sources: POOL_DESCRIPTOR and POOL_TRACKER_BIG_PAGES from PDB-derived headers
// (vergilius, ntdiff), KDBG sizes from Volatility 2's kdbg overlays, 0xFF0/0xFE0 thresholds from published disassembly.
#include "samples/windows_profile.h"

#include <array>

namespace poolblame::samples {
namespace {

constexpr auto kBit4 = InUseEncoding::kBasePlusOneBit4;
constexpr auto kBit2 = InUseEncoding::kBit2;

//                 name     build  x64    enc    prot   nx     quota  align  check  desc    index pend   heads  kdbg big
//                 ldr
constexpr std::array<WindowsProfile, 28> kProfiles = {{
    {"xp", 2600, false, kBit4, true, false, false, false, false, 0x1028, 0x04, 0x020, 0x028, 0x290, 0x0C, 0x44},
    {"2003", 3790, false, kBit4, true, false, false, false, false, 0x1030, 0x04, 0x020, 0x030, 0x318, 0x10, 0x44},
    {"2003", 3790, true, kBit4, true, false, false, false, false, 0x1048, 0x04, 0x028, 0x048, 0x318, 0x18, 0x80},
    {"vista", 6000, false, kBit2, true, false, false, false, false, 0x1034, 0x04, 0x020, 0x034, 0x328, 0x10, 0x44},
    {"vista", 6000, true, kBit2, true, false, false, false, false, 0x1048, 0x04, 0x028, 0x048, 0x328, 0x18, 0x80},
    {"vistasp2", 6002, false, kBit2, true, false, false, false, false, 0x1034, 0x04, 0x020, 0x034, 0x330, 0x10, 0x44},
    {"vistasp2", 6002, true, kBit2, true, false, false, false, false, 0x1048, 0x04, 0x028, 0x048, 0x330, 0x18, 0x80},
    {"win7rtm", 7600, false, kBit2, true, false, false, false, true, 0x1140, 0x80, 0x100, 0x140, 0x340, 0x10, 0x44},
    {"win7rtm", 7600, true, kBit2, true, false, false, false, true, 0x1140, 0x80, 0x100, 0x140, 0x340, 0x18, 0x80},
    {"win7", 7601, false, kBit2, true, false, false, false, true, 0x1140, 0x80, 0x100, 0x140, 0x340, 0x10, 0x44},
    {"win7", 7601, true, kBit2, true, false, false, false, true, 0x1140, 0x80, 0x100, 0x140, 0x340, 0x18, 0x80},
    {"win8", 9200, false, kBit2, false, true, false, false, true, 0x1140, 0x80, 0x100, 0x140, 0x360, 0x10, 0x44},
    {"win8", 9200, true, kBit2, false, true, true, true, true, 0x1140, 0x80, 0x100, 0x140, 0x360, 0x18, 0x80},
    {"win81", 9600, false, kBit2, false, true, false, false, true, 0x1140, 0x80, 0x100, 0x140, 0x360, 0x10, 0x44},
    {"win81", 9600, true, kBit2, false, true, true, true, true, 0x1140, 0x80, 0x100, 0x140, 0x360, 0x18, 0x80},
    {"win10th2", 10586, false, kBit2, false, true, false, false, true, 0x1140, 0x80, 0x100, 0x140, 0x360, 0x10, 0x58},
    {"win10th2", 10586, true, kBit2, false, true, true, true, true, 0x1140, 0x80, 0x100, 0x140, 0x360, 0x18, 0x9C},
    {"win10rs1", 14393, false, kBit2, false, true, false, false, true, 0x1140, 0xC0, 0x100, 0x140, 0x368, 0x10, 0x58},
    {"win10rs1", 14393, true, kBit2, false, true, true, true, true, 0x1140, 0xC0, 0x100, 0x140, 0x368, 0x18, 0x9C},
    {"win10", 17134, false, kBit2, false, true, false, false, true, 0x1140, 0xC0, 0x100, 0x140, 0x368, 0x10, 0x58},
    {"win10", 17134, true, kBit2, false, true, true, true, true, 0x1140, 0xC0, 0x100, 0x140, 0x368, 0x18, 0x9C},
    {"win10rs2", 15063, true, kBit2, false, true, true, true, true, 0x1140, 0xC0, 0x100, 0x140, 0x368, 0x18, 0x9C},
    {"win10rs3", 16299, true, kBit2, false, true, true, true, true, 0x1140, 0xC0, 0x100, 0x140, 0x368, 0x18, 0x9C},
    // With the segment heap: no descriptors. The size of KDBG is that of 17134 (unsure: later ones may be longer).
    {"win10-1903", 18362, true, kBit2, false, true, true, true, true, 0, 0, 0, 0, 0x368, 0x18, 0x9C, true},
    {"win10-2004", 19041, true, kBit2, false, true, true, true, true, 0, 0, 0, 0, 0x368, 0x18, 0x9C, true},
    {"win11", 22000, true, kBit2, false, true, true, true, true, 0, 0, 0, 0, 0x368, 0x20, 0x9C, true},
    {"win11-22h2", 22621, true, kBit2, false, true, true, true, true, 0, 0, 0, 0, 0x368, 0x20, 0x9C, true},
    {"win11-24h2", 26100, true, kBit2, false, true, true, true, true, 0, 0, 0, 0, 0x368, 0x20, 0x9C, true},
}};

}  // namespace

std::optional<WindowsProfile> FindProfile(std::string_view windows, bool x64) {
  for (const WindowsProfile& row : kProfiles) {
    if (row.x64 == x64 && (windows == row.name || windows == std::to_string(row.build))) return row;
  }
  return std::nullopt;
}

std::string ProfileWords() {
  std::string words;
  for (const WindowsProfile& row : kProfiles) {
    if (!row.x64 && words.find(row.name) != std::string::npos) continue;
    const std::string word = std::string(row.name) + "=" + std::to_string(row.build);
    if (words.find(word) == std::string::npos) words += (words.empty() ? "" : ", ") + word;
  }
  return words;
}

}  // namespace poolblame::samples

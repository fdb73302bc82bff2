// KUSER_SHARED_DATA, the page that the kernel shares with every program, as far as it tells one Windows from another.
// It lies at an address that never moves; programs see the same page at 0x7FFE0000. The fields used have kept their
// places since Windows XP; NtBuildNumber is a reserved word before Windows 10.
//
// Sources: WDK (ntddk.h, KUSER_SHARED_DATA), PDB-derived headers (Volatility, ntdiff), QEMU's contrib/elf2dmp.
#pragma once

#include <cstddef>
#include <cstdint>

#include "parser/base/address.h"
#include "parser/base/little_endian.h"

namespace poolblame {

inline constexpr VirtAddr kSharedUserData64{0xFFFFF78000000000};
inline constexpr VirtAddr kSharedUserData32{0xFFDF0000};
inline constexpr std::uint32_t kFirstMajorWithBuildNumber = 10;

struct SharedUserData {
  /* 0x000 */ std::uint8_t Clocks[0x2C];
  /* 0x02C */ Le16 ImageNumberLow;  // IMAGE_FILE_MACHINE of the programs that run natively: lowest and highest
  /* 0x02E */ Le16 ImageNumberHigh;
  /* 0x030 */ Le16 NtSystemRoot[260];  // "C:\Windows"
  /* 0x238 */ std::uint8_t Unused238[0x28];
  /* 0x260 */ Le32 NtBuildNumber;  // Windows 10 and later; bits 28 to 31 say free or checked
  /* 0x264 */ std::uint8_t Unused264[0x08];
  /* 0x26C */ Le32 NtMajorVersion;
  /* 0x270 */ Le32 NtMinorVersion;

  /// Windows' version can be, and its folder is on a drive: chance hardly makes that.
  [[nodiscard]] bool sane() const {
    const std::uint32_t letter = NtSystemRoot[0] | 0x20u;
    return NtMajorVersion >= 5 && NtMajorVersion <= 10 && NtMinorVersion <= 3 && letter >= 'a' && letter <= 'z' &&
           NtSystemRoot[1] == ':' && NtSystemRoot[2] == '\\';
  }
};
static_assert(offsetof(SharedUserData, NtBuildNumber) == 0x260 && offsetof(SharedUserData, NtMajorVersion) == 0x26C);
static_assert(sizeof(SharedUserData) == 0x274 && alignof(SharedUserData) == 1);

}  // namespace poolblame

// A pool tag: four bytes in memory order, the letters of ExAllocatePoolWithTag's last argument.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace poolblame {

/// A pool tag as the little-endian ULONG of the header: 0x636F7250 is `Proc`.
/// Bit 31 is the "protected" mark that object tags carried before Windows 8; it is not part of the name.
struct PoolTag {
  std::uint32_t value = 0;

  friend constexpr auto operator<=>(PoolTag, PoolTag) = default;

  static constexpr std::uint32_t kProtectedBit = 0x80000000;
  /// `Free`: what a split leaves in the remainder's header.
  static constexpr std::uint32_t kFree = 0x65657246;
  [[nodiscard]] constexpr bool is_protected() const { return (value & kProtectedBit) != 0; }
  /// The tag without the protected bit: what the tables are searched by.
  [[nodiscard]] constexpr PoolTag name() const { return {value & ~kProtectedBit}; }
  /// All four bytes (without the protected bit) are printable ASCII and one of them is a letter or digit
  /// (0xC2/0x9D refuses tags without any).
  [[nodiscard]] bool plausible() const;
  /// As `!pool` shows it: printable bytes as they are, others as '.', the protected bit dropped. Never parse this back.
  [[nodiscard]] std::string text() const;
  /// Eight hex digits of the raw ULONG: "636f7250".
  [[nodiscard]] std::string hex() const;
  /// One to four characters, padded with spaces: "Ntf" is `Ntf `.
  static PoolTag FromText(std::string_view text);
};

}  // namespace poolblame

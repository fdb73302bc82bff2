// Letters as ASCII has them: the bytes of an image and the names of drivers do not depend on a locale.
#pragma once

#include <cstdint>
#include <string>

namespace poolblame {

/// A letter, digit, mark or space.
constexpr bool IsPrintable(std::uint8_t c) { return c >= 0x20 && c < 0x7F; }

constexpr char Lower(char c) { return c >= 'A' && c <= 'Z' ? static_cast<char>(c - 'A' + 'a') : c; }
/// Names of drivers are the same whatever their case.
inline std::string Lower(std::string text) {
  for (char& c : text) c = Lower(c);
  return text;
}

/// As a debugger's dump shows a byte: itself, or '.'.
constexpr char ShownAs(std::uint8_t c) { return IsPrintable(c) ? static_cast<char>(c) : '.'; }

/// "1 byte", "12 bytes".
inline std::string CountOfBytes(std::uint64_t n) { return std::to_string(n) + (n == 1 ? " byte" : " bytes"); }

}  // namespace poolblame

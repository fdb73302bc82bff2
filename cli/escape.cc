#include "cli/escape.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <cstdint>

namespace poolblame::cli {
namespace {

struct CodePointRange {
  std::uint32_t first, last;
};

// Characters that change what the reader sees without being seen. Source: Unicode 15, general categories Cc, Cf, Zl, Zp
// (the blocks that hold them, whole).
constexpr std::array<CodePointRange, 9> kUnsafe = {{
    {0x00, 0x1F},           // C0 controls
    {0x7F, 0x9F},           // DEL and C1 controls: 0x9B is CSI
    {0xAD, 0xAD},           // soft hyphen
    {0x61C, 0x61C},         // Arabic letter mark
    {0x200B, 0x200F},       // zero-width characters, direction marks
    {0x2028, 0x202E},       // line separators, direction overrides
    {0x2060, 0x206F},       // invisible operators, direction isolates
    {0xFEFF, 0xFEFF},       // byte-order mark
    {0xE0000, 0xFFFFFFFF},  // tags, private planes, no character at all
}};

bool IsSafe(std::uint32_t code_point) {
  return std::none_of(kUnsafe.begin(), kUnsafe.end(),
                      [&](CodePointRange r) { return code_point >= r.first && code_point <= r.last; });
}

bool IsContinuation(char c) { return (static_cast<unsigned char>(c) & 0xC0) == 0x80; }

/// Bytes of the UTF-8 sequence that `lead` opens; 0 when no sequence starts so.
std::size_t SequenceLength(unsigned char lead) {
  if (lead < 0x80) return 1;
  if (lead >= 0xC2 && lead < 0xE0) return 2;
  if (lead >= 0xE0 && lead < 0xF0) return 3;
  if (lead >= 0xF0 && lead < 0xF5) return 4;
  return 0;
}

/// Length of the valid, safe character at the front of `text`; 0 when its first byte must be escaped.
std::size_t SafeCharacter(std::string_view text) {
  const auto lead = static_cast<unsigned char>(text.front());
  const std::size_t length = SequenceLength(lead);
  if (length == 0 || length > text.size()) return 0;
  std::uint32_t code_point = length == 1 ? lead : lead & (0xFFU >> (length + 1));
  for (std::size_t i = 1; i < length; ++i) {
    if (!IsContinuation(text[i])) return 0;
    code_point = code_point << 6 | (static_cast<unsigned char>(text[i]) & 0x3FU);
  }
  constexpr std::array<std::uint32_t, 5> kSmallest = {0, 0, 0x80, 0x800, 0x10000};
  const bool surrogate = code_point >= 0xD800 && code_point < 0xE000;
  return code_point >= kSmallest[length] && !surrogate && IsSafe(code_point) ? length : 0;
}

}  // namespace

std::string Escaped(std::string_view text) {
  std::string out;
  out.reserve(text.size());
  while (!text.empty()) {
    const std::size_t length = SafeCharacter(text);
    if (length == 0) out += fmt::format("\\x{:02x}", static_cast<unsigned char>(text.front()));
    out += text.substr(0, length);
    text.remove_prefix(std::max<std::size_t>(length, 1));
  }
  return out;
}

std::size_t Columns(std::string_view text) {
  return static_cast<std::size_t>(std::count_if(text.begin(), text.end(), [](char c) { return !IsContinuation(c); }));
}

}  // namespace poolblame::cli

#include "parser/base/pool_tag.h"

#include <array>
#include <cstdio>

#include "parser/base/ascii.h"

namespace poolblame {
namespace {

constexpr bool IsAlnum(std::uint8_t c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z');
}
constexpr std::uint8_t ByteOf(std::uint32_t value, unsigned i) { return static_cast<std::uint8_t>(value >> (8 * i)); }

}  // namespace

bool PoolTag::plausible() const {
  bool any_alnum = false;
  for (unsigned i = 0; i < 4; ++i) {
    const std::uint8_t c = ByteOf(name().value, i);
    if (!IsPrintable(c)) return false;
    any_alnum = any_alnum || IsAlnum(c);
  }
  return any_alnum;
}

std::string PoolTag::text() const {
  std::string out(4, '.');
  for (unsigned i = 0; i < 4; ++i) {
    const std::uint8_t c = ByteOf(name().value, i);
    if (IsPrintable(c)) out[i] = static_cast<char>(c);
  }
  return out;
}

std::string PoolTag::hex() const {
  std::array<char, 9> out{};
  std::snprintf(out.data(), out.size(), "%08x", value);
  return out.data();
}

PoolTag PoolTag::FromText(std::string_view text) {
  std::uint32_t value = 0;
  for (unsigned i = 0; i < 4; ++i) {
    const char c = i < text.size() ? text[i] : ' ';
    value |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(c)) << (8 * i);
  }
  return {value};
}

}  // namespace poolblame

// A special-pool page written by hand, byte for byte as the public descriptions have it: header, filler, data, slop.
// Shares nothing with the reader.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "parser/base/byte_view.h"

namespace poolblame::test {

struct SpecialPage {
  std::vector<std::uint8_t> bytes;
  std::uint32_t header = 0, data = 0, data_end = 0;

  SpecialPage& Put(std::uint32_t at, const std::vector<std::uint8_t>& more) {
    for (std::size_t i = 0; i < more.size(); ++i) bytes[at + i] = more[i];
    return *this;
  }
  SpecialPage& Flip(std::uint32_t at, unsigned bit) {
    bytes[at] = static_cast<std::uint8_t>(bytes[at] ^ 1U << bit);
    return *this;
  }
  [[nodiscard]] ByteView view() const { return {bytes.data(), bytes.size()}; }
};

struct SpecialWish {
  bool is_64bit = true;
  bool at_start = false;
  std::uint32_t size = 0x123;
  std::uint16_t flags = 0;
  std::uint8_t fill = 0xA7;
  std::string_view tag = "Leak";
  bool tracked = false;  // eight bytes of something behind the header
};

inline SpecialPage MakeSpecialPage(const SpecialWish& wish) {
  const std::uint32_t unit = wish.is_64bit ? 16 : 8;
  SpecialPage page;
  page.bytes.assign(4096, wish.fill);
  page.header = wish.at_start ? 4096 - unit : 0;
  page.data = wish.at_start ? 0 : (4096 - wish.size) / unit * unit;
  page.data_end = page.data + wish.size;
  page.Put(page.header, std::vector<std::uint8_t>(unit, 0));
  page.bytes[page.header] = static_cast<std::uint8_t>(wish.size);
  page.bytes[page.header + 1] = static_cast<std::uint8_t>((wish.size | wish.flags) >> 8);
  page.bytes[page.header + 2] = wish.fill;
  page.Put(page.header + 4, {wish.tag.begin(), wish.tag.end()});
  if (wish.tracked) page.Put(unit, {0x40, 0x13, 0x22, 0x31, 0x0A, 0xFA, 0xFF, 0xFF});
  for (std::uint32_t at = page.data; at < page.data_end; ++at)
    page.bytes[at] = static_cast<std::uint8_t>(0x61 + at * 7 % 26);
  return page;
}

}  // namespace poolblame::test

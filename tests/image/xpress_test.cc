// Xpress: the examples that [MS-XCA] prints (3.1 and 3.2), what Windows itself made, and what nobody should make.
#include "parser/image/xpress.h"

#include <gmock/gmock.h>

#include <numeric>

#include "samples/xpress_writer.h"

namespace poolblame::testing {
namespace {

using XpressBytes = std::vector<std::uint8_t>;
using Unpacker = std::optional<std::size_t> (*)(ByteView, std::span<std::uint8_t>);

/// What comes out with room for `room` bytes, or "damaged".
std::string Unpack(Unpacker unpack, const XpressBytes& packed, std::size_t room) {
  std::vector<std::uint8_t> out(room);
  const auto length = unpack({packed.data(), packed.size()}, out);
  if (!length) return "damaged";
  return {out.begin(), out.begin() + static_cast<std::ptrdiff_t>(*length)};
}

const std::string kAlphabet = "abcdefghijklmnopqrstuvwxyz";

std::string Repeated(const std::string& words, int times) {
  std::string all;
  for (int i = 0; i < times; ++i) all += words;
  return all;
}

XpressBytes PlainAlphabet() {
  XpressBytes packed = {0x3F, 0, 0, 0};
  packed.insert(packed.end(), kAlphabet.begin(), kAlphabet.end());
  return packed;
}

const XpressBytes kPlainRepeated = {0xFF, 0xFF, 0xFF, 0x1F, 0x61, 0x62, 0x63, 0x17, 0x00, 0x0F, 0xFF, 0x26, 0x01};

/// A table of code lengths, two symbols a byte: pairs of place and value, the rest zero; and the bits behind it.
XpressBytes WithTable(const std::vector<std::pair<std::size_t, std::uint8_t>>& lengths, const XpressBytes& bits) {
  XpressBytes packed(256, 0);
  for (const auto& [at, value] : lengths) packed[at] = value;
  packed.insert(packed.end(), bits.begin(), bits.end());
  return packed;
}

XpressBytes HuffmanAlphabet() {
  std::vector<std::pair<std::size_t, std::uint8_t>> lengths = {{48, 0x50}, {59, 0x45}, {60, 0x44}, {61, 4}, {128, 4}};
  for (std::size_t at = 49; at < 59; ++at) lengths.emplace_back(at, 0x55);
  return WithTable(lengths, {0xD8, 0x52, 0x3E, 0xD7, 0x94, 0x11, 0x5B, 0xE9, 0x19, 0x5F,
                             0xF9, 0xD6, 0x7C, 0xDF, 0x8D, 0x04, 0x00, 0x00, 0x00, 0x00});
}

XpressBytes HuffmanRepeated() {
  return WithTable({{48, 0x30}, {49, 0x23}, {128, 0x02}, {143, 0x20}}, {0xA8, 0xDC, 0x00, 0x00, 0xFF, 0x26, 0x01});
}

TEST(Xpress, ExamplesOfTheSpecification) {
  for (const std::size_t more : {0, 1, 1000}) {  // with room to spare the data's own end ends it
    EXPECT_EQ(Unpack(UnpackXpress, PlainAlphabet(), 26 + more), kAlphabet);
    EXPECT_EQ(Unpack(UnpackXpress, kPlainRepeated, 300 + more), Repeated("abc", 100));
    EXPECT_EQ(Unpack(UnpackXpressHuffman, HuffmanAlphabet(), 26 + more), kAlphabet);
    EXPECT_EQ(Unpack(UnpackXpressHuffman, HuffmanRepeated(), 300 + more), Repeated("abc", 100));
  }
}

TEST(Xpress, WhatWindowsMade) {
  // RtlCompressBuffer of ntdll 10.0.20348.4050, both engines, as the tests of the Python package ntcompress print them.
  std::string plain;
  for (int i = 1; i <= 4096; ++i) plain += static_cast<char>('A' + i % 26);
  std::vector<std::pair<std::size_t, std::uint8_t>> standard = {{32, 0x50}, {44, 0x45}, {45, 4}, {128, 4}, {167, 0x40}};
  std::vector<std::pair<std::size_t, std::uint8_t>> maximum = {{32, 0x50}, {33, 0x54}, {45, 4}, {128, 4}, {167, 0x40}};
  for (std::size_t at = 33; at < 44; ++at) standard.emplace_back(at, 0x55);
  for (std::size_t at = 34; at < 45; ++at) maximum.emplace_back(at, 0x55);
  const XpressBytes standard_bits = {0x96, 0x4A, 0xB9, 0xC6, 0x8C, 0xF0, 0x4A, 0xA7, 0xF8, 0xDA, 0xB7, 0xCE,
                                     0xFB, 0xCE, 0x28, 0xE0, 0x20, 0x3A, 0x00, 0x00, 0xFF, 0xE3, 0x0F};
  const XpressBytes maximum_bits = {0xA9, 0x04, 0x6B, 0x6C, 0x08, 0x9F, 0x74, 0xCA, 0xAF, 0xAD, 0xEB, 0x8C,
                                    0xEF, 0x7C, 0x28, 0xBE, 0xA2, 0x03, 0x00, 0x00, 0xFF, 0xE2, 0x0F};
  EXPECT_EQ(Unpack(UnpackXpressHuffman, WithTable(standard, standard_bits), 4096), plain);
  EXPECT_EQ(Unpack(UnpackXpressHuffman, WithTable(maximum, maximum_bits), 4096), plain);
}

TEST(Xpress, TwoLongMatchesShareAByte) {
  // a, 16 times a from one before (13 = 7 + 6), b, 17 times b (7 + 7): the lengths' rest is 6 and 7 in one byte.
  const XpressBytes packed = {0xFF, 0xFF, 0xFF, 0x5F, 'a', 0x07, 0x00, 0x76, 'b', 0x07, 0x00};
  EXPECT_EQ(Unpack(UnpackXpress, packed, 100), std::string(17, 'a') + std::string(18, 'b'));
}

TEST(Xpress, LengthsOf32Bits) {
  const XpressBytes packed = {0xFF, 0xFF, 0xFF, 0x7F, 'x', 0x07, 0x00, 0x0F, 0xFF, 0x00, 0x00, 0x6D, 0x11, 0x01, 0x00};
  EXPECT_EQ(Unpack(UnpackXpress, packed, 80000), std::string(0x1116D + 3 + 1, 'x'));
  EXPECT_EQ(Unpack(UnpackXpress, packed, 10), std::string(10, 'x')) << "no more than there is room for";
}

TEST(Xpress, WhatCannotBeIsDamaged) {
  const XpressBytes early = {0xFF, 0xFF, 0xFF, 0x7F, 'x', 0x08, 0x00};  // two before, and there is one
  const XpressBytes half_word = {0xFF, 0xFF, 0xFF, 0x7F, 'x', 0x07};
  const XpressBytes no_length = {0xFF, 0xFF, 0xFF, 0x7F, 'x', 0x07, 0x00};
  const XpressBytes short_length = {0xFF, 0xFF, 0xFF, 0x7F, 'x', 0x07, 0x00, 0x0F, 0xFF, 0x15, 0x00};  // less than 22
  for (const XpressBytes& packed : {early, half_word, no_length, short_length, XpressBytes{0, 0, 0}})
    EXPECT_EQ(Unpack(UnpackXpress, packed, 100), "damaged");
  XpressBytes incomplete = HuffmanRepeated(), too_many = HuffmanRepeated(), cut = HuffmanRepeated();
  incomplete[48] = 0;
  too_many[47] = 0x01;
  cut.resize(255);
  for (const XpressBytes& packed : {incomplete, too_many, cut, XpressBytes(256, 0), XpressBytes(300, 0x11)})
    EXPECT_EQ(Unpack(UnpackXpressHuffman, packed, 300), "damaged");
  XpressBytes no_bits = HuffmanAlphabet();
  no_bits.resize(256 + 6);
  EXPECT_EQ(Unpack(UnpackXpressHuffman, no_bits, 26), "damaged");
}

TEST(Xpress, WhatTheBuilderPacksComesOut) {
  std::uint32_t state = 1;
  const auto random = [&] { return state = state * 1664525 + 1013904223, state >> 16; };
  for (int round = 0; round < 60; ++round) {
    std::vector<std::uint8_t> plain;
    const std::size_t size = round == 0 ? 0x10000 : 1 + random() % 0x8000;
    while (plain.size() < size) {
      const std::size_t length =
          std::min<std::size_t>(size - plain.size(), 1 + random() % (round % 3 == 0 ? 3000 : 30));
      const auto value = static_cast<std::uint8_t>(random());
      for (std::size_t i = 0; i < length; ++i) plain.push_back(round % 2 == 0 ? value : std::uint8_t(random() % 7));
    }
    const std::string wanted(plain.begin(), plain.end());
    EXPECT_EQ(Unpack(UnpackXpress, samples::PackXpress(plain), size), wanted) << round;
    EXPECT_EQ(Unpack(UnpackXpressHuffman, samples::PackXpressHuffman(plain), size), wanted) << round;
  }
  EXPECT_EQ(samples::PackXpress(XpressBytes(kAlphabet.begin(), kAlphabet.end())), PlainAlphabet());
  const std::string repeated = Repeated("abc", 100);
  EXPECT_EQ(samples::PackXpress(XpressBytes(repeated.begin(), repeated.end())), kPlainRepeated);
}

}  // namespace
}  // namespace poolblame::testing

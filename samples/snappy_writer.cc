#include "samples/snappy_writer.h"

#include <algorithm>

namespace poolblame::samples {
namespace {

constexpr std::size_t kChunk = 0x10000;
constexpr std::size_t kShortestRun = 8;  // a copy takes three bytes and ends a literal
constexpr std::size_t kLongestCopy = 64;

/// CRC-32C, bit by bit: images of the builder are small.
std::uint32_t Crc32c(std::span<const std::uint8_t> bytes) {
  std::uint32_t crc = ~std::uint32_t{0};
  for (const std::uint8_t byte : bytes) {
    crc ^= byte;
    for (int bit = 0; bit < 8; ++bit) crc = crc >> 1 ^ (crc & 1 ? 0x82F63B78U : 0U);
  }
  return ~crc;
}

void AppendLiteral(std::span<const std::uint8_t> bytes, Bytes& out) {
  if (bytes.empty()) return;
  const std::size_t less_one = bytes.size() - 1;
  if (less_one < 60) {
    out.push_back(static_cast<std::uint8_t>(less_one << 2));
  } else {  // 61: the length stands in two bytes
    out.push_back(61 << 2);
    out.push_back(static_cast<std::uint8_t>(less_one));
    out.push_back(static_cast<std::uint8_t>(less_one >> 8));
  }
  out.insert(out.end(), bytes.begin(), bytes.end());
}

/// The byte before, `count` times.
void AppendRun(std::size_t count, Bytes& out) {
  for (; count > 0; count -= std::min(count, kLongestCopy)) {
    out.push_back(static_cast<std::uint8_t>((std::min(count, kLongestCopy) - 1) << 2 | 2));
    out.push_back(1);
    out.push_back(0);
  }
}

Bytes Compressed(std::span<const std::uint8_t> plain) {
  Bytes out;
  std::size_t length = plain.size();
  for (; length >= 0x80; length >>= 7) out.push_back(static_cast<std::uint8_t>(length | 0x80));
  out.push_back(static_cast<std::uint8_t>(length));
  std::size_t literal = 0, at = 1;
  while (at < plain.size()) {
    std::size_t end = at;
    while (end < plain.size() && plain[end] == plain[at - 1]) ++end;
    if (end - at >= kShortestRun) {
      AppendLiteral(plain.subspan(literal, at - literal), out);
      AppendRun(end - at, out);
      literal = end;
    }
    at = end + 1;
  }
  AppendLiteral(plain.subspan(literal), out);
  return out;
}

}  // namespace

Bytes SnappyStream(const Bytes& plain) {
  Bytes out = {0xFF, 6, 0, 0, 's', 'N', 'a', 'P', 'p', 'Y'};
  for (std::size_t at = 0; at < plain.size(); at += kChunk) {
    const auto piece = std::span(plain).subspan(at, std::min(kChunk, plain.size() - at));
    const Bytes packed = Compressed(piece);
    const bool smaller = packed.size() < piece.size();
    const std::span<const std::uint8_t> data = smaller ? std::span<const std::uint8_t>(packed) : piece;
    const std::uint32_t crc = Crc32c(piece);
    Bytes header(8, 0);
    Put32(header, 0, (data.size() + 4) << 8 | (smaller ? 0 : 1));
    Put32(header, 4, (crc >> 15 | crc << 17) + 0xA282EAD8);
    out.insert(out.end(), header.begin(), header.end());
    out.insert(out.end(), data.begin(), data.end());
  }
  return out;
}

}  // namespace poolblame::samples

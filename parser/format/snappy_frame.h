// The framing format of snappy: chunks of a type byte and a length of three bytes. Data chunks start with a checksum of
// what is unpacked.
//
// Source: framing_format.txt of google/snappy (2013-10-25).
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>

#include "parser/base/little_endian.h"

namespace poolblame {

inline constexpr std::uint8_t kSnappyChunkPacked = 0x00;
inline constexpr std::uint8_t kSnappyChunkPlain = 0x01;
inline constexpr std::uint8_t kSnappyFirstSkippable = 0x80;  // to 0xFE, which is padding; 0x02 to 0x7F must be known
inline constexpr std::uint8_t kSnappyChunkIdentifier = 0xFF;

inline constexpr std::string_view kSnappyIdentifier = "sNaPpY";
inline constexpr std::size_t kSnappyChunkBytes = 0x10000;  // a data chunk never unpacks to more

struct SnappyChunkHeader {
  /* 0x00 */ std::uint8_t Type;
  /* 0x01 */ std::uint8_t Length[3];  // bytes behind this header, the checksum included

  [[nodiscard]] std::uint32_t length() const {
    return std::uint32_t{Length[0]} | std::uint32_t{Length[1]} << 8 | std::uint32_t{Length[2]} << 16;
  }
};
static_assert(sizeof(SnappyChunkHeader) == 4 && alignof(SnappyChunkHeader) == 1);

/// What the file holds instead of a CRC-32C, so that a checksum of checksums is no special number.
constexpr std::uint32_t MaskedSnappyChecksum(std::uint32_t crc) { return (crc >> 15 | crc << 17) + 0xA282EAD8; }

}  // namespace poolblame

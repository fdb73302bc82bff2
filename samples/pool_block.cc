#include "samples/pool_block.h"

#include "samples/bytes.h"

namespace poolblame::samples {

std::array<std::uint8_t, 8> EncodeHeader(const HeaderFields& fields, bool x64) {
  const std::uint32_t word =
      x64 ? fields.previous_units | fields.index << 8 | fields.units << 16 | fields.type << 24
          : (fields.previous_units & 0x1FF) | fields.index << 9 | (fields.units & 0x1FF) << 16 | fields.type << 25;
  std::array<std::uint8_t, 8> bytes{};
  Store(&bytes[0], word);
  Store(&bytes[4], fields.tag);
  return bytes;
}

HeaderFields DecodeHeader(const std::uint8_t* bytes, bool x64) {
  const auto word = Load<std::uint32_t>(bytes);
  const auto tag = Load<std::uint32_t>(bytes + 4);
  if (x64) return {word & 0xFF, word >> 8 & 0xFF, word >> 16 & 0xFF, word >> 24, tag};
  return {word & 0x1FF, word >> 9 & 0x7F, word >> 16 & 0x1FF, word >> 25, tag};
}

std::uint32_t BusyType(InUseEncoding encoding, std::uint32_t base, bool quota) {
  const std::uint32_t flags = (base & 0x20) | (quota ? 8U : 0U);
  const std::uint32_t paged = base & 1;
  switch (encoding) {
    case InUseEncoding::kBasePlusOneBit4:
      return (paged + 1) | 4 | flags;
    case InUseEncoding::kBasePlusOne:
      return (paged + 1) | flags;
    case InUseEncoding::kBit2:
      break;
  }
  return paged | 2 | flags;
}

std::uint32_t ListedType(InUseEncoding encoding, std::uint32_t base) {
  const std::uint32_t paged = base & 1;
  if (encoding == InUseEncoding::kBit2) return paged | 4 | (base & 0x20);
  return (paged + 1) | (base & 0x20);
}

}  // namespace poolblame::samples

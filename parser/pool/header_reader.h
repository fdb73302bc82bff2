// POOL_HEADER at the speed of a scan: one layout turned into a lookup table, a header read without a branch that the
// data decides. Everything in parser/pool reads headers through this; parser/format has the slow, general form.
#pragma once

#include <array>
#include <cstdint>

#include "parser/base/pool_tag.h"
#include "parser/format/pool_header.h"

namespace poolblame {

inline constexpr std::uint32_t kPoolPageBytes = 4096;

/// A header as read, sizes in units.
struct QuickHeader {
  std::uint32_t previous = 0, index = 0, size = 0, type = 0;
  std::uint32_t tag = 0;
  std::uint32_t ulong1 = 0;  // the first four bytes
  BlockState state = BlockState::kUnknown;
};

/// All four tag bytes printable, the protected bit aside; a NUL in the last place counts as printable, because drivers
/// that give a three-letter constant get one (`BUS`, `FDO` of the Xen drivers).
constexpr bool TagIsPrintable(std::uint32_t tag) {
  std::uint32_t name = tag & ~PoolTag::kProtectedBit;
  if ((name >> 24) == 0) name |= 0x20000000U;
  return (((name - 0x20202020U) | (name + 0x01010101U)) & 0x80808080U) == 0;
}

/// True when all four bytes are ASCII text: printable, tab, line feed or carriage return.
constexpr bool IsText(std::uint32_t word) {
  for (int i = 0; i < 4; ++i, word >>= 8) {
    const std::uint32_t c = word & 0xFF;
    if ((c < 0x20 || c > 0x7E) && c != 0x09 && c != 0x0A && c != 0x0D) return false;
  }
  return true;
}

/// Headers of one layout. 300 bytes, cheap to copy to each worker.
class HeaderReader {
 public:
  explicit HeaderReader(const PoolHeaderLayout& layout);

  [[nodiscard]] const PoolHeaderLayout& layout() const { return *layout_; }
  [[nodiscard]] std::uint32_t unit() const { return 1U << unit_shift_; }
  [[nodiscard]] std::uint32_t units_in_page() const { return kPoolPageBytes >> unit_shift_; }
  [[nodiscard]] std::uint32_t max_units() const { return is_64bit_ ? 0xFF : 0x1FF; }
  [[nodiscard]] BlockState StateOf(std::uint32_t type) const { return states_[type & 0xFF]; }

  /// The header at unit `place` of a page of 4096 bytes; `place` is below units_in_page().
  [[nodiscard]] QuickHeader At(const std::uint8_t* page, std::uint32_t place) const {
    const std::uint8_t* p = page + (place << unit_shift_);
    QuickHeader header;
    header.tag = Load32(p + 4);
    const std::uint32_t word = Load32(p);
    header.ulong1 = word;
    if (is_64bit_) {
      header.previous = word & 0xFF;
      header.index = word >> 8 & 0xFF;
      header.size = word >> 16 & 0xFF;
      header.type = word >> 24;
    } else {
      header.previous = word & 0x1FF;
      header.index = word >> 9 & 0x7F;
      header.size = word >> 16 & 0x1FF;
      header.type = word >> 25;
    }
    header.state = states_[header.type];
    return header;
  }

  /// Only the tag of the header at `place`: the cheapest test there is.
  [[nodiscard]] std::uint32_t TagAt(const std::uint8_t* page, std::uint32_t place) const {
    return Load32(page + (place << unit_shift_) + 4);
  }

  /// A header that could start a block at `place`: legal type, a size that stays in the page, and, because a type of
  /// zero and a small size are common in any data, a printable tag. Four letters are text and no header: PoolIndex
  /// would be 32 or more (x86: 16), and it counts a handful of descriptors.
  [[nodiscard]] bool LooksLikeBlock(const QuickHeader& header, std::uint32_t place) const {
    return header.state != BlockState::kUnknown && header.size != 0 && header.size <= units_in_page() - place &&
           TagIsPrintable(header.tag) && !IsText(header.ulong1);
  }

 private:
  static std::uint32_t Load32(const std::uint8_t* p) {
    return static_cast<std::uint32_t>(p[0]) | static_cast<std::uint32_t>(p[1]) << 8 |
           static_cast<std::uint32_t>(p[2]) << 16 | static_cast<std::uint32_t>(p[3]) << 24;
  }

  const PoolHeaderLayout* layout_;
  bool is_64bit_;
  std::uint32_t unit_shift_;
  std::array<BlockState, 256> states_{};
};

}  // namespace poolblame

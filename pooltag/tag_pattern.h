// What a row of a tag table stands for: four bytes, some of which may be "any". Built once a row, compared often.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>

#include "parser/base/pool_tag.h"

namespace poolblame {

/// A tag as a table writes it. The protected bit is never part of the comparison.
struct TagPattern {
  std::uint32_t value = 0;  // bytes in memory order, zero where any byte fits
  std::uint32_t mask = 0;   // bits that have to agree
  unsigned literals = 0;    // bytes that are not wildcards, 0–4: how specific the row is

  [[nodiscard]] constexpr bool is_exact() const { return literals == 4; }
  [[nodiscard]] constexpr bool Matches(PoolTag tag) const { return ((tag.value ^ value) & mask) == 0; }

  /// "Ntf?", "CM*", "Dh 0", "Ddk": one to four characters; shorter ones are padded with spaces; `*` at the end means
  /// any rest. `?` is any one character in a user's pooltag.txt and itself in our own table. Nothing for an empty text,
  /// one that is longer than a tag, and one without any literal character (it would own every block).
  static std::optional<TagPattern> FromText(std::string_view text, bool question_mark_is_wildcard);
  /// Exactly this tag.
  static TagPattern Exact(PoolTag tag);
};

}  // namespace poolblame

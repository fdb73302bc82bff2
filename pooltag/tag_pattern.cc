#include "pooltag/tag_pattern.h"

namespace poolblame {

std::optional<TagPattern> TagPattern::FromText(std::string_view text, bool question_mark_is_wildcard) {
  const bool any_rest = text.size() > 1 && text.back() == '*';
  if (any_rest) text.remove_suffix(1);
  if (text.empty() || text.size() > 4 || text == "*") return std::nullopt;
  TagPattern pattern;
  for (unsigned i = 0; i < 4; ++i) {
    const bool given = i < text.size();
    if (!given && any_rest) break;
    const char c = given ? text[i] : ' ';
    if (c == '?' && question_mark_is_wildcard) continue;
    pattern.value |= static_cast<std::uint32_t>(static_cast<std::uint8_t>(c)) << (8 * i);
    pattern.mask |= std::uint32_t{0xFF} << (8 * i);
    ++pattern.literals;
  }
  if (pattern.literals == 0) return std::nullopt;
  pattern.value &= ~PoolTag::kProtectedBit;
  pattern.mask &= ~PoolTag::kProtectedBit;
  return pattern;
}

TagPattern TagPattern::Exact(PoolTag tag) { return {tag.name().value, ~PoolTag::kProtectedBit, 4}; }

}  // namespace poolblame

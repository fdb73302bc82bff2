#include "pooltag/builtin_table.h"

#include <charconv>

namespace poolblame {
namespace {

constexpr std::string_view kHexPrefix = "hex:";

std::string_view NextColumn(std::string_view& line) {
  const std::size_t end = line.find('\t');
  const std::string_view column = line.substr(0, end);
  line = end == std::string_view::npos ? std::string_view() : line.substr(end + 1);
  return column;
}

/// Eight digits in memory order: `42555300` is the bytes 'B' 'U' 'S' NUL.
std::optional<PoolTag> TagFromHex(std::string_view digits) {
  std::uint32_t big_endian = 0;
  const auto [end, error] = std::from_chars(digits.data(), digits.data() + digits.size(), big_endian, 16);
  if (digits.size() != 8 || error != std::errc() || end != digits.data() + digits.size()) return std::nullopt;
  PoolTag tag;
  for (unsigned i = 0; i < 4; ++i) tag.value |= ((big_endian >> (8 * (3 - i))) & 0xFF) << (8 * i);
  return tag;
}

}  // namespace

std::optional<TagPattern> BuiltInPattern(std::string_view line) {
  const std::string_view tag = NextColumn(line);
  if (tag.substr(0, kHexPrefix.size()) != kHexPrefix) return TagPattern::FromText(tag, false);
  const auto value = TagFromHex(tag.substr(kHexPrefix.size()));
  if (!value) return std::nullopt;
  return TagPattern::Exact(*value);
}

TagEntry BuiltInEntry(std::string_view line) {
  TagEntry entry;
  if (const auto pattern = BuiltInPattern(line)) entry.literals = pattern->literals;
  entry.pattern = NextColumn(line);
  entry.driver = NextColumn(line);
  entry.component = NextColumn(line);
  entry.vendor = NextColumn(line);
  entry.note = NextColumn(line);
  entry.source = "tag-database";
  return entry;
}

}  // namespace poolblame

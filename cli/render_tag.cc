#include "cli/render_tag.h"

#include <fmt/format.h>

#include <algorithm>
#include <charconv>
#include <optional>

#include "cli/escape.h"

namespace poolblame::cli {
namespace {

/// Eight hex digits, with or without 0x, are the raw ULONG of a header.
std::optional<PoolTag> FromHex(std::string_view typed) {
  if (typed.starts_with("0x") || typed.starts_with("0X")) typed.remove_prefix(2);
  if (typed.size() != 8) return std::nullopt;
  std::uint32_t value = 0;
  const auto [end, error] = std::from_chars(typed.data(), typed.data() + typed.size(), value, 16);
  if (error != std::errc() || end != typed.data() + typed.size()) return std::nullopt;
  return PoolTag{value};
}

std::string Quoted(PoolTag tag) { return "'" + Escaped(tag.text()) + "'"; }

PoolTag Reversed(PoolTag tag) {
  const std::uint32_t v = tag.name().value;
  return {v << 24 | (v & 0xFF00) << 8 | (v >> 8 & 0xFF00) | v >> 24};
}

std::string EntryText(const TagEntry& entry) {
  std::string text = fmt::format("  {:<6} {}", Escaped(entry.pattern),
                                 entry.driver.empty() ? "(driver unknown)" : Escaped(entry.driver));
  for (const std::string* part : {&entry.component, &entry.vendor, &entry.note})
    if (!part->empty()) text += ", " + Escaped(*part);
  return text + " [" + Escaped(entry.source) + "]\n";
}

}  // namespace

std::optional<PoolTag> TypedTag(const std::string& typed) {
  if (const auto raw = FromHex(typed)) return raw;
  return typed.empty() || typed.size() > 4 ? std::nullopt : std::optional(PoolTag::FromText(typed));
}

TagAnswer RenderTag(const std::string& typed, const TagDatabase& tags) {
  const std::optional<PoolTag> asked = TypedTag(typed);
  if (!asked)
    return {false, fmt::format("'{}': a tag has one to four characters, or eight hex digits\n", Escaped(typed))};
  const PoolTag tag = *asked;
  std::string text = fmt::format("{} (0x{}){}{}\n", Quoted(tag), tag.hex(),
                                 tag.is_protected() ? ", protected: the top bit is not part of the name" : "",
                                 TagDatabase::IsGeneric(tag) ? ", used by many: it names no driver" : "");
  const std::vector<TagEntry> entries = tags.Find(tag);
  for (const TagEntry& entry : entries) text += EntryText(entry);
  if (!entries.empty()) return {true, text};
  text += "  in no table\n";
  if (const PoolTag reversed = Reversed(tag); !tags.Find(reversed).empty())
    text += fmt::format("  did you mean {}? tags are written as they lie in memory\n", Quoted(reversed));
  return {false, text};
}

}  // namespace poolblame::cli

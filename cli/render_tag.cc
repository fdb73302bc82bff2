#include "cli/render_tag.h"

#include <fmt/format.h>

#include <charconv>
#include <optional>

#include "cli/escape.h"
#include "cli/text_writer.h"

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

std::string EntryText(const TagEntry& entry) {
  std::string text = fmt::format("  {:<6} {}", Escaped(entry.pattern),
                                 entry.driver.empty() ? "(driver unknown)" : Escaped(entry.driver));
  for (const std::string* part : {&entry.component, &entry.vendor, &entry.note})
    if (!part->empty()) text += ", " + Escaped(*part);
  return text + " [" + Escaped(entry.file.empty() ? entry.source : entry.file) + "]";
}

std::string ConflictText(const TagConflict& conflict) {
  const std::string counts = conflict.users.empty() ? "the one that is loaded counts, and none where several are"
                                                    : Escaped(conflict.users) + " counts, as your file says";
  return fmt::format("  the tables differ, {}: {}\n", Escaped(fmt::format("{}", fmt::join(conflict.drivers, ", "))),
                     counts);
}

std::string ReversedText(const ReversedTag& reversed) {
  return fmt::format("  did you mean {}{}? tags are written as they lie in memory\n", Quoted(reversed.tag),
                     reversed.known ? "" : ", in no table either");
}

std::string QueryText(const TagSearchAnswer& answer) {
  std::string text;
  if (!answer.typed.empty()) text += ", tag '" + Escaped(answer.typed) + "'";
  if (!answer.query.driver.empty()) text += ", driver '" + Escaped(answer.query.driver) + "'";
  if (!answer.query.vendor.empty()) text += ", vendor '" + Escaped(answer.query.vendor) + "'";
  return text;
}

std::string RowText(const FoundTagRow& row) {
  std::string text = EntryText(row.entry);
  if (row.pattern.is_exact() && TagDatabase::IsGeneric({row.pattern.value})) text += ", names no driver";
  if (!row.rivals.empty())
    text += fmt::format(", the tables differ: {}", Escaped(fmt::format("{}", fmt::join(row.rivals, ", "))));
  return text + "\n";
}

}  // namespace

std::optional<PoolTag> TypedTag(const std::string& typed) {
  if (const auto raw = FromHex(typed)) return raw;
  return typed.empty() || typed.size() > 4 ? std::nullopt : std::optional(PoolTag::FromText(typed));
}

std::optional<TagPattern> TypedWildcard(const std::string& typed) {
  const bool has_wildcard = typed.find('?') != std::string::npos || typed.ends_with('*');
  return has_wildcard ? TagPattern::FromText(typed, true) : std::nullopt;
}

TagAnswer AnswerTag(const std::string& typed, const TagDatabase& tags) {
  TagAnswer answer{typed, TypedTag(typed), {}, {}, {}};
  if (!answer.tag) return answer;
  answer.entries = tags.Find(*answer.tag);
  answer.conflict = FindConflict(answer.entries);
  answer.reversed = tags.ReversedOf(*answer.tag);
  return answer;
}

std::string TagText(const TagAnswer& answer) {
  if (!answer.tag)
    return fmt::format("'{}': a tag has one to four characters, or eight hex digits\n", Escaped(answer.typed));
  const PoolTag tag = *answer.tag;
  const std::string_view generic = TagDatabase::GenericReason(tag);
  std::string text = fmt::format("{} (0x{}){}\n", Quoted(tag), tag.hex(),
                                 tag.is_protected() ? ", protected: the top bit is not part of the name" : "");
  if (!generic.empty()) text += fmt::format("  names no driver: {}\n", generic);
  for (const TagEntry& entry : answer.entries) text += EntryText(entry) + "\n";
  if (answer.entries.empty()) text += "  in no table\n";
  if (answer.conflict && generic.empty()) text += ConflictText(*answer.conflict);
  if (answer.reversed) text += ReversedText(*answer.reversed);
  return text;
}

std::string TagSearchText(const TagSearchAnswer& answer, std::size_t top) {
  std::string text = fmt::format("{}{}\n", Counted(answer.rows.size(), "row"), QueryText(answer));
  const std::size_t shown = RowsShown(answer.rows.size(), top);
  for (std::size_t i = 0; i < shown; ++i) text += RowText(answer.rows[i]);
  if (shown < answer.rows.size()) text += AndMore(answer.rows.size() - shown) + "\n";
  return text;
}

}  // namespace poolblame::cli

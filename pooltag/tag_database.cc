#include "pooltag/tag_database.h"

#include <algorithm>
#include <utility>

#include "parser/base/ascii.h"
#include "pooltag/builtin_table.h"
#include "pooltag/tag_file.h"

namespace poolblame {
namespace {

PoolTag Reversed(PoolTag tag) {
  const std::uint32_t v = tag.value;
  return {v >> 24 | (v >> 8 & 0xFF00) | (v & 0xFF00) << 8 | v << 24};
}

/// The capital stands last and a small letter first, or what pads a tag stands before it. One in a hundred of the tags
/// in our table is like that as it stands, which is why this makes a suggestion and nothing else.
bool LooksReversed(PoolTag tag) {
  const auto first = static_cast<char>(tag.value & 0xFF), last = static_cast<char>(tag.value >> 24);
  const auto is_capital = [](char c) { return Lower(c) != c; };
  const auto is_small = [](char c) { return c >= 'a' && c <= 'z'; };
  return (is_small(first) || first == ' ') && is_capital(last);
}

}  // namespace

TagDatabase TagDatabase::BuiltIn() {
  TagDatabase database;
  std::vector<TagPattern> patterns;
  for (std::string_view piece : BuiltInTagTable()) {
    while (!piece.empty()) {
      const std::size_t end = std::min(piece.find('\n'), piece.size());
      const std::string_view line = piece.substr(0, end);
      piece.remove_prefix(std::min(end + 1, piece.size()));
      const auto pattern = BuiltInPattern(line);
      if (!pattern) continue;
      patterns.push_back(*pattern);
      database.builtin_lines_.push_back(line);
    }
  }
  database.builtin_ = TagIndex::Build(patterns);
  return database;
}

std::size_t TagDatabase::AddFile(ByteView bytes, std::string_view name, std::string_view driver) {
  TagRows read = ReadTagFile(bytes, name, driver);
  for (auto& [pattern, entry] : read.rows) {
    user_patterns_.push_back(pattern);
    user_entries_.push_back(std::move(entry));
  }
  user_ = TagIndex::Build(user_patterns_);
  return read.skipped_lines;
}

std::vector<TagEntry> TagDatabase::Find(PoolTag tag) const {
  const std::vector<TagIndex::Match> ours = builtin_.Find(tag);
  std::vector<TagEntry> found;
  auto our = ours.begin();
  for (const TagIndex::Match& theirs : user_.Find(tag)) {
    for (; our != ours.end() && our->literals > theirs.literals; ++our)
      found.push_back(BuiltInEntry(builtin_lines_[our->row]));
    found.push_back(user_entries_[theirs.row]);
  }
  for (; our != ours.end(); ++our) found.push_back(BuiltInEntry(builtin_lines_[our->row]));
  return found;
}

std::vector<std::pair<TagPattern, TagEntry>> TagDatabase::Rows() const {
  std::vector<std::pair<TagPattern, TagEntry>> rows;
  for (std::size_t i = 0; i < user_entries_.size(); ++i) rows.emplace_back(user_patterns_[i], user_entries_[i]);
  for (const std::string_view line : builtin_lines_)
    if (const auto pattern = BuiltInPattern(line)) rows.emplace_back(*pattern, BuiltInEntry(line));
  return rows;
}

std::optional<ReversedTag> TagDatabase::ReversedOf(PoolTag tag) const {
  const PoolTag reversed = Reversed(tag.name());
  const auto has_name = [this](PoolTag t) { return builtin_.HasExact(t) || user_.HasExact(t); };
  if (reversed == tag.name() || reversed.is_protected() || has_name(tag)) return std::nullopt;
  if (has_name(reversed)) return ReversedTag{reversed, true};
  if (!LooksReversed(tag.name()) || !Find(tag).empty()) return std::nullopt;
  return ReversedTag{reversed, !Find(reversed).empty()};
}

}  // namespace poolblame

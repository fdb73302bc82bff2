#include "pooltag/tag_database.h"

#include <algorithm>
#include <utility>

#include "pooltag/builtin_table.h"
#include "pooltag/pooltag_text.h"

namespace poolblame {

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

void TagDatabase::AddPoolTagText(ByteView text) {
  PoolTagText parsed = ParsePoolTagText(text);
  for (auto& [pattern, entry] : parsed.rows) {
    user_patterns_.push_back(pattern);
    user_entries_.push_back(std::move(entry));
  }
  user_ = TagIndex::Build(user_patterns_);
  skipped_lines_ += parsed.skipped_lines;
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

std::optional<PoolTag> TagDatabase::ReversedIfKnown(PoolTag tag) const {
  const std::uint32_t v = tag.name().value;
  const PoolTag reversed{(v >> 24) | ((v >> 8) & 0xFF00) | ((v << 8) & 0xFF0000) | (v << 24)};
  const auto known = [this](PoolTag t) { return builtin_.HasExact(t) || user_.HasExact(t); };
  if (reversed == tag.name() || reversed.is_protected() || known(tag) || !known(reversed)) return std::nullopt;
  return reversed;
}

}  // namespace poolblame

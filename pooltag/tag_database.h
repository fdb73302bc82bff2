// Whose tag is it? Our own table (pooltag/pooltags.tsv, built into the program) and a user's pooltag.txt over it.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <vector>

#include "parser/base/byte_view.h"
#include "parser/base/pool_tag.h"
#include "pooltag/tag_entry.h"
#include "pooltag/tag_index.h"

namespace poolblame {

class TagDatabase {
 public:
  /// The built-in table. Cost: under a millisecond and a quarter of a megabyte; nothing is read from disk.
  static TagDatabase BuiltIn();
  /// Adds a pooltag.txt (grammar: pooltag/pooltag_text.h). Its entries win over built-in ones of the same exactness; a
  /// second file is read as if it stood behind the first. Malformed lines are skipped and counted.
  void AddPoolTagText(ByteView text);

  /// All entries that fit `tag`, best first: exact before wildcard, more literal characters before fewer, at equal
  /// exactness the user's before ours, then table order. The protected bit is ignored. Cost: microseconds.
  [[nodiscard]] std::vector<TagEntry> Find(PoolTag tag) const;
  /// The tag with its bytes reversed, where that one is in the tables by name and `tag` itself is not: drivers' source
  /// writes 'corP' for `Proc`, and people type what they read there.
  [[nodiscard]] std::optional<PoolTag> ReversedIfKnown(PoolTag tag) const;
  /// Tags that own nothing: `None`, `Ddk `, `Wdm `, `Free`, `Io  `, … never name a driver for these.
  /// Source: the table with a reason a row in pooltag/generic_tags.cc.
  [[nodiscard]] static bool IsGeneric(PoolTag tag);
  [[nodiscard]] std::size_t skipped_lines() const { return skipped_lines_; }

 private:
  TagIndex builtin_;
  std::vector<std::string_view> builtin_lines_;  // row i of builtin_; the text is part of the program
  TagIndex user_;
  std::vector<TagPattern> user_patterns_;
  std::vector<TagEntry> user_entries_;  // row i of user_
  std::size_t skipped_lines_ = 0;
};

}  // namespace poolblame

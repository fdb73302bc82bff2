// Whose tag is it? Our own table (pooltag/pooltags.tsv, built into the program) and the user's files over it.
#pragma once

#include <cstddef>
#include <optional>
#include <string_view>
#include <utility>
#include <vector>

#include "parser/base/byte_view.h"
#include "parser/base/pool_tag.h"
#include "pooltag/tag_entry.h"
#include "pooltag/tag_index.h"

namespace poolblame {

struct ReversedTag {
  PoolTag tag;
  bool known = false;  // the tables have it; else it only looks right: people begin a tag with a capital
};

class TagDatabase {
 public:
  /// The built-in table. Cost: under a millisecond and a quarter of a megabyte; nothing is read from disk.
  static TagDatabase BuiltIn();
  /// Adds a pooltag.txt, localtag.txt or C header (pooltag/tag_file.h), under the name it is shown by; `driver` is the
  /// one of rows that name none. Its entries win over built-in ones of the same exactness; a further file is read as if
  /// it stood behind the first. Returns how many malformed lines were skipped.
  std::size_t AddFile(ByteView bytes, std::string_view name = "pooltag.txt", std::string_view driver = {});

  /// All entries that fit `tag`, best first: exact before wildcard, more literal characters before fewer, at equal
  /// exactness the user's before ours, then table order. The protected bit is ignored. Cost: microseconds.
  [[nodiscard]] std::vector<TagEntry> Find(PoolTag tag) const;
  /// Every row with its pattern, the user's first, in file order. Cost: some milliseconds and a megabyte.
  [[nodiscard]] std::vector<std::pair<TagPattern, TagEntry>> Rows() const;
  /// What was probably meant by a tag that is unknown: its bytes the other way round. Drivers' source writes 'corP' for
  /// `Proc`, and people type what they read there. Nothing where the tables have the tag by name, or where neither the
  /// tables nor its letters speak for it.
  [[nodiscard]] std::optional<ReversedTag> ReversedOf(PoolTag tag) const;
  /// Tags that own nothing: `None`, `Ddk `, `Wdm `, `Free`, `Io  `, … never name a driver for these.
  /// Source: the table with a reason a row in pooltag/generic_tags.cc.
  [[nodiscard]] static bool IsGeneric(PoolTag tag) { return !GenericReason(tag).empty(); }
  /// Why the tag owns nothing; empty where it may.
  [[nodiscard]] static std::string_view GenericReason(PoolTag tag);

 private:
  TagIndex builtin_;
  std::vector<std::string_view> builtin_lines_;  // row i of builtin_; the text is part of the program
  TagIndex user_;
  std::vector<TagPattern> user_patterns_;
  std::vector<TagEntry> user_entries_;  // row i of user_
};

}  // namespace poolblame

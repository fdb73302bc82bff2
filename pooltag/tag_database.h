// Whose tag is it? Our own table (pooltag/pooltags.tsv, built into the program) and a user's pooltag.txt over it.
#pragma once

#include <string>
#include <string_view>
#include <vector>

#include "parser/base/byte_view.h"
#include "parser/base/error.h"
#include "parser/base/pool_tag.h"

namespace poolblame {

struct TagEntry {
  std::string pattern;    // as the table writes it: "Ntf?", "CM*", "Proc"
  std::string driver;     // "ntfs.sys"; empty when unknown
  std::string component;  // "NTFS"
  std::string vendor;
  std::string note;
  std::string source;     // "tag-database" or "pooltag.txt": REPORT.md's owner.source
};

class TagDatabase {
 public:
  /// The built-in table. Cost: a few milliseconds; nothing is read from disk.
  static TagDatabase BuiltIn();
  /// Adds a pooltag.txt (grammar: TAG - binary - description; rem and // comments). Its entries win over built-in ones
  /// of the same exactness. Malformed lines are skipped and counted.
  void AddPoolTagText(ByteView text);

  /// All entries that fit `tag`, best first: user's before ours at equal exactness, exact before wildcard, more
  /// literal characters before fewer, then table order.
  [[nodiscard]] std::vector<TagEntry> Find(PoolTag tag) const;
  /// Tags that own nothing: `None`, `Ddk `, `Wdm `, `Free`, `Io  `, … never name a driver for these.
  [[nodiscard]] static bool IsGeneric(PoolTag tag);
  [[nodiscard]] std::size_t skipped_lines() const { return skipped_lines_; }

 private:
  std::vector<TagEntry> builtin_;
  std::vector<TagEntry> user_;
  std::size_t skipped_lines_ = 0;
};

}  // namespace poolblame

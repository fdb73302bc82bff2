// Which rows of a usage table are shown, and in which order: what `usage` sorts and filters by.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "heuristics/usage.h"
#include "pooltag/tag_pattern.h"

namespace poolblame::cli {

/// Words of --sort; numbers descending, words ascending; rows that are equal stand by tag, then type.
const std::vector<std::string>& UsageSortWords();

struct UsageView {
  std::string sort = "bytes";
  std::optional<TagPattern> tag;
  std::string driver;   // empty = any; with or without ".sys"
  std::size_t top = 0;  // rows shown; 0 = all
};

/// True where a row of this tag and owner is one of those asked for.
bool IsWanted(PoolTag tag, const Owner& owner, const UsageView& view);

/// Pointers into `usage`, which must outlive them.
std::vector<const UsageRow*> RowsOf(const Usage& usage, const UsageView& view);

/// Rows with executable bytes, most first.
std::vector<const UsageRow*> ExecutableRows(const Usage& usage);

/// Bytes outstanding over blocks outstanding; 0 where there are none.
std::uint64_t BytesEach(const UsageRow& row);

/// "Ntf?", "CM*", "Proc": `?` is any one character, `*` any rest. Nothing for what no tag can be.
std::optional<TagPattern> ParseTagPattern(const std::string& typed);

}  // namespace poolblame::cli

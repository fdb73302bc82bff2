// `poolblame tag`: whose tag is it, and which tags are there?
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "cli/json_sections.h"
#include "pooltag/tag_conflict.h"
#include "pooltag/tag_database.h"
#include "pooltag/tag_search.h"

namespace poolblame::cli {

/// The tag that was typed: one to four characters, or the raw ULONG in hex; nothing for anything else.
std::optional<PoolTag> TypedTag(const std::string& typed);
/// The pattern that was typed, where it is none but a pattern: "Nt*", "N?f".
std::optional<TagPattern> TypedWildcard(const std::string& typed);

/// What the tables say of one tag.
struct TagAnswer {
  std::string typed;                    // "Ntf", "Proc", "0xe56c6946" or "e56c6946" for the raw ULONG
  std::optional<PoolTag> tag;           // nothing: what was typed is none
  std::vector<TagEntry> entries;        // best first
  std::optional<TagConflict> conflict;  // of the best
  std::optional<ReversedTag> reversed;  // what may have been meant by an unknown tag
};

TagAnswer AnswerTag(const std::string& typed, const TagDatabase& tags);
std::string TagText(const TagAnswer& answer);
/// A record of "poolblame.tag/1"; `code` is what the drivers' code says of it, or null.
Json TagJson(const TagAnswer& answer, const Json& code);

/// Rows of the tables that were searched for.
struct TagSearchAnswer {
  std::string typed;  // the tag or pattern; empty for any
  TagQuery query;
  std::vector<FoundTagRow> rows;
};

/// At most `top` rows (0 = all), and how many there are.
std::string TagSearchText(const TagSearchAnswer& answer, std::size_t top);
/// A record for the search and one for each row, all of them.
std::vector<Json> TagSearchJson(const TagSearchAnswer& answer);

/// What stands above the records: the schema, and where an image was asked, its path.
Json TagJsonHead(const std::string& image);

}  // namespace poolblame::cli

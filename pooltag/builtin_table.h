// pooltag/pooltags.tsv as the program carries it: the text itself, cut into pieces at line ends, because compilers
// limit the length of a string literal. The pieces are made at build time by pooltag/generate_tag_table.cc.
#pragma once

#include <optional>
#include <span>
#include <string_view>

#include "pooltag/tag_entry.h"
#include "pooltag/tag_pattern.h"

namespace poolblame {

/// Pieces of the table, whole lines each, in file order. Defined in the generated source.
std::span<const std::string_view> BuiltInTagTable();

/// One line of the table, without its line end: the pattern of its tag, or nothing where the tag column is not one.
std::optional<TagPattern> BuiltInPattern(std::string_view line);
/// The same line as an entry.
TagEntry BuiltInEntry(std::string_view line);

}  // namespace poolblame

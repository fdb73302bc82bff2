// One answer to "whose tag is it?".
#pragma once

#include <cstddef>
#include <string>
#include <utility>
#include <vector>

#include "pooltag/tag_pattern.h"

namespace poolblame {

struct TagEntry {
  std::string pattern;    // as the table writes it: "Ntf?", "CM*", "Proc"
  std::string driver;     // "ntfs.sys"; empty when unknown
  std::string component;  // "NTFS"; of a header the name of the constant
  std::string vendor;
  std::string note;
  std::string source;     // "tag-database" or "pooltag.txt", which stands for all files of the user's
  std::string file;       // name of the user's file; empty for the built-in table
  unsigned literals = 0;  // bytes of the pattern that are no wildcards: how exact the row is
};

/// What was read of one of the user's files.
struct TagRows {
  std::vector<std::pair<TagPattern, TagEntry>> rows;  // file order, duplicates kept
  std::size_t skipped_lines = 0;                      // what should be a row and cannot be read as one
};

inline constexpr std::size_t kMostTagRows = 200'000;  // of a file; the largest public list has 5,000
inline constexpr std::size_t kMostTagField = 256;     // bytes; the longest description seen has 180

}  // namespace poolblame

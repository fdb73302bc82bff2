// Rows of the tag tables by tag, driver and vendor.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pooltag/tag_database.h"
#include "pooltag/tag_pattern.h"

namespace poolblame {

/// What is looked for; all that is given has to fit.
struct TagQuery {
  std::optional<TagPattern> tag = {};
  std::string driver = {}, vendor = {};  // empty = any; see IsDriver and IsVendor

  [[nodiscard]] bool empty() const { return !tag && driver.empty() && vendor.empty(); }
};

struct FoundTagRow {
  TagPattern pattern;
  TagEntry entry;
  std::vector<std::string> rivals;  // other drivers that rows of the same pattern name, whether these fit or not
};

/// Rows of which some tag fits, by their bytes, exact ones before families; of one pattern the user's before ours, then
/// as the tables have them. Cost: a walk over all rows.
std::vector<FoundTagRow> SearchTagRows(const TagDatabase& tags, const TagQuery& query);

}  // namespace poolblame

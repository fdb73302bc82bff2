#include "pooltag/tag_search.h"

#include <algorithm>
#include <map>
#include <tuple>
#include <utility>

#include "parser/base/ascii.h"
#include "pooltag/name_match.h"
#include "pooltag/tag_conflict.h"

namespace poolblame {
namespace {

/// First by what a reader sees: the first character is the lowest byte.
auto Place(const TagPattern& pattern) {
  const auto byte = [&](unsigned i) { return (pattern.value >> (8 * i)) & 0xFF; };
  return std::tuple(byte(0), byte(1), byte(2), byte(3), 4 - pattern.literals, pattern.mask);
}

bool Overlap(const TagPattern& a, const TagPattern& b) { return ((a.value ^ b.value) & a.mask & b.mask) == 0; }

bool Fits(const TagPattern& pattern, const TagEntry& entry, const TagQuery& query) {
  return (!query.tag || Overlap(pattern, *query.tag)) &&
         (query.driver.empty() || IsDriver(entry.driver, query.driver)) &&
         (query.vendor.empty() || IsVendor(entry.vendor, query.vendor));
}

std::vector<std::string> RivalsOf(const TagEntry& entry, const std::vector<TagEntry>& same_pattern) {
  const auto conflict = entry.driver.empty() ? std::nullopt : FindConflict(same_pattern);
  if (!conflict) return {};
  std::vector<std::string> rivals = conflict->drivers;
  std::erase_if(rivals, [&](const std::string& driver) { return Lower(driver) == Lower(entry.driver); });
  return rivals;
}

}  // namespace

std::vector<FoundTagRow> SearchTagRows(const TagDatabase& tags, const TagQuery& query) {
  std::map<decltype(Place({})), std::vector<TagEntry>> by_pattern;
  std::vector<FoundTagRow> found;
  for (auto& [pattern, entry] : tags.Rows()) {
    if (query.tag && !Overlap(pattern, *query.tag)) continue;
    by_pattern[Place(pattern)].push_back(entry);
    if (Fits(pattern, entry, query)) found.push_back({pattern, entry, {}});
  }
  for (FoundTagRow& row : found) row.rivals = RivalsOf(row.entry, by_pattern[Place(row.pattern)]);
  std::stable_sort(found.begin(), found.end(),
                   [](const FoundTagRow& a, const FoundTagRow& b) { return Place(a.pattern) < Place(b.pattern); });
  return found;
}

}  // namespace poolblame

#include "pooltag/tag_conflict.h"

#include <algorithm>

#include "parser/base/ascii.h"

namespace poolblame {
namespace {

void AddOnce(const std::string& driver, std::vector<std::string>& drivers) {
  const bool is_known = std::any_of(drivers.begin(), drivers.end(),
                                    [&](const std::string& known) { return Lower(known) == Lower(driver); });
  if (!is_known) drivers.push_back(driver);
}

}  // namespace

std::optional<TagConflict> FindConflict(const std::vector<TagEntry>& entries) {
  TagConflict conflict;
  std::vector<std::string> users;
  for (const TagEntry& entry : entries) {
    if (entry.literals != entries.front().literals) break;
    if (entry.driver.empty()) continue;
    AddOnce(entry.driver, conflict.drivers);
    if (!entry.file.empty()) AddOnce(entry.driver, users);
  }
  if (conflict.drivers.size() < 2) return std::nullopt;
  if (users.size() == 1) conflict.users = users.front();
  return conflict;
}

std::string AgreedOwner(const std::vector<TagEntry>& entries) {
  if (entries.empty()) return "";
  if (const auto conflict = FindConflict(entries)) return conflict->users;
  for (const TagEntry& entry : entries)
    if (entry.literals == entries.front().literals && !entry.driver.empty()) return entry.driver;
  return entries.front().component;
}

}  // namespace poolblame

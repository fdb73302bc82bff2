// The rules of the house that a machine can hold: who may include what, how long a file may be, what lies at the top,
// which names files share.
// The table is data; house_rules_test.cc holds it against the project and proves on planted violations that it bites.
#pragma once

#include <filesystem>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace poolblame::house {

/// A folder and what its files may include from this project, beside the folder itself.
struct FolderRule {
  std::string_view folder;
  std::vector<std::string_view> may_include;
};

/// A header that is not ours, by the beginning of its name, and the folders that may include it.
struct ForeignRule {
  std::string_view header_prefix;
  std::vector<std::string_view> folders;
};

/// A standard header that a folder may not include, and why.
struct BannedRule {
  std::string_view folder;
  std::string_view header;
  std::string_view reason;
};

std::span<const FolderRule> FolderRules();
std::span<const ForeignRule> ForeignRules();
std::span<const BannedRule> BannedRules();

inline constexpr std::size_t kMaxLines = 350;  // what a reader holds in the head; most files stay under 250

/// Every violation in the source tree at `root`, one sentence each ("parser/pool/x.cc:3: …"), sorted. Reads each
/// source file once; build folders and .git are not entered.
std::vector<std::string> FindViolations(const std::filesystem::path& root);

}  // namespace poolblame::house

// The include arrows, as in the README's table of folders: bytes, layouts, images, systems, pools, blame, front end.
#include "tests/architecture/house_rules.h"

#include <algorithm>
#include <array>
#include <fstream>
#include <map>
#include <optional>
#include <regex>
#include <set>

namespace poolblame::house {
namespace {

namespace fs = std::filesystem;

constexpr std::array<std::string_view, 6> kFolders = {"cli", "heuristics", "parser", "pooltag", "samples", "tests"};
constexpr std::array<std::string_view, 8> kTopFiles = {
    ".clang-format", ".clang-tidy", ".gitignore", ".ci", "CMakeLists.txt", "CMakePresets.json", "LICENSE", "README.md"};

/// "parser/pool/walk.cc" -> the rule of parser/pool; nullptr where no folder of the table holds the file.
const FolderRule* RuleOf(std::string_view file) {
  for (const FolderRule& rule : FolderRules())
    if (file.starts_with(rule.folder) && file.substr(rule.folder.size()).starts_with('/')) return &rule;
  return nullptr;
}

struct Include {
  std::string name;
  bool quoted = false;
};

std::optional<Include> ParseInclude(std::string_view line) {
  const std::size_t start = line.find_first_not_of(" \t");
  if (start == std::string_view::npos || line[start] != '#') return std::nullopt;
  const std::size_t word = line.find_first_not_of(" \t", start + 1);
  if (word == std::string_view::npos || !line.substr(word).starts_with("include")) return std::nullopt;
  const std::size_t open = line.find_first_of("<\"", word);
  if (open == std::string_view::npos) return std::nullopt;
  const char closing = line[open] == '<' ? '>' : '"';
  const std::size_t close = line.find(closing, open + 1);
  if (close == std::string_view::npos) return std::nullopt;
  return Include{std::string(line.substr(open + 1, close - open - 1)), closing == '"'};
}

std::optional<std::string> JudgeOwn(const FolderRule& rule, const std::string& name) {
  const FolderRule* target = RuleOf(name);
  if (target == nullptr) return "\"" + name + "\" is not written from the root of the project";
  if (target == &rule) return std::nullopt;
  if (std::find(rule.may_include.begin(), rule.may_include.end(), target->folder) != rule.may_include.end())
    return std::nullopt;
  return std::string(rule.folder) + " may not include \"" + name + "\" of " + std::string(target->folder);
}

std::optional<std::string> JudgeForeign(const FolderRule& rule, const std::string& name) {
  for (const BannedRule& banned : BannedRules())
    if (banned.folder == rule.folder && banned.header == name)
      return std::string(rule.folder) + " may not include <" + name + ">: " + std::string(banned.reason);
  if (name.find_first_of("/.") == std::string::npos) return std::nullopt;  // the standard library's own
  for (const ForeignRule& foreign : ForeignRules()) {
    if (!name.starts_with(foreign.header_prefix)) continue;
    if (std::find(foreign.folders.begin(), foreign.folders.end(), rule.folder) != foreign.folders.end())
      return std::nullopt;
    return std::string(rule.folder) + " may not include <" + name + ">";
  }
  return "<" + name + "> is no header that the table knows";
}

// Spelled in halves so that this file passes its own test.
constexpr std::array<std::string_view, 2> kUnfinished = {
    "TO"
    "DO",
    "FIX"
    "ME"};

void JudgeLine(const FolderRule& rule, std::string_view line, const std::string& where,
               std::vector<std::string>& violations) {
  for (std::string_view word : kUnfinished)
    if (line.find(word) != std::string_view::npos) violations.push_back(where + std::string(word) + " in the code");
  const std::optional<Include> include = ParseInclude(line);
  if (!include) return;
  const auto verdict = include->quoted ? JudgeOwn(rule, include->name) : JudgeForeign(rule, include->name);
  if (verdict) violations.push_back(where + *verdict);
}

/// Names that files of one folder give to constants and types of their own, and who was first. Several files are
/// compiled as one under the sanitizers.
using OwnNames = std::map<std::string, std::string>;

/// "constexpr std::size_t kMost = 3;" -> "kMost", "struct Entry {" -> "Entry".
std::string OwnName(const std::string& line) {
  static const std::regex kConstant(R"(^(?:constexpr|const|static|inline)\b.*?\b(k[A-Z]\w*)\b)");
  static const std::regex kType(R"(^(?:struct|class|enum class) (\w+) *(?::[^:].*)?\{)");
  std::smatch found;
  return std::regex_search(line, found, kConstant) || std::regex_search(line, found, kType) ? found[1].str() : "";
}

void JudgeOwnName(const std::string& file, const std::string& line, const std::string& where, OwnNames& names,
                  std::vector<std::string>& violations) {
  const std::string name = OwnName(line);
  if (name.empty()) return;
  const std::string folder = file.starts_with("heuristics/") ? "heuristics" : fs::path(file).parent_path().string();
  const auto [first, is_new] = names.emplace(folder + ":" + name, file);
  if (!is_new && first->second != file) violations.push_back(where + name + " is a name in " + first->second + ", too");
}

void JudgeFile(const fs::path& root, const std::string& file, OwnNames& names, std::vector<std::string>& violations) {
  const FolderRule* rule = RuleOf(file);
  if (rule == nullptr) {
    violations.push_back(file + ": lies in no folder of the table");
    return;
  }
  std::ifstream in(root / file);
  std::string line;
  std::size_t lines = 0;
  bool is_own = false;  // between the braces of an unnamed namespace
  while (std::getline(in, line)) {
    const std::string where = file + ":" + std::to_string(++lines) + ": ";
    JudgeLine(*rule, line, where, violations);
    is_own = line == "namespace {" || (is_own && line != "}  // namespace");
    if (is_own && rule->folder != "tests" && file.ends_with(".cc")) JudgeOwnName(file, line, where, names, violations);
  }
  if (lines > kMaxLines)
    violations.push_back(file + ": " + std::to_string(lines) + " lines, at most " + std::to_string(kMaxLines));
}

void JudgeTopLevel(const fs::path& root, std::vector<std::string>& violations) {
  std::set<std::string_view> wanted(kTopFiles.begin(), kTopFiles.end());
  wanted.insert(kFolders.begin(), kFolders.end());
  for (const fs::directory_entry& entry : fs::directory_iterator(root)) {
    const std::string name = entry.path().filename().string();
    const bool not_ours = name == ".git" || name == ".cache" || name == "build" || name.starts_with("build-");
    if (wanted.erase(name) == 0 && !not_ours) violations.push_back(name + ": does not belong at the top level");
  }
  for (std::string_view name : wanted) violations.push_back(std::string(name) + ": missing from the top level");
}

}  // namespace

std::span<const FolderRule> FolderRules() {
  static const std::vector<FolderRule> kRules = {
      {"parser/base", {}},
      {"parser/format", {"parser/base"}},
      {"parser/image", {"parser/base", "parser/format"}},
      {"parser/kernel", {"parser/base", "parser/format", "parser/image"}},
      {"parser/pool", {"parser/base", "parser/format", "parser/image", "parser/kernel"}},
      {"pooltag", {"parser/base", "parser/kernel"}},
      {"heuristics", {"parser/base", "parser/format", "parser/image", "parser/kernel", "parser/pool", "pooltag"}},
      {"samples", {"parser/base", "parser/format"}},
      {"cli",
       {"parser/base", "parser/format", "parser/image", "parser/kernel", "parser/pool", "pooltag", "heuristics",
        "samples"}},
      {"tests",
       {"parser/base", "parser/format", "parser/image", "parser/kernel", "parser/pool", "pooltag", "heuristics",
        "samples", "cli"}},
  };
  return kRules;
}

std::span<const ForeignRule> ForeignRules() {
  static const std::vector<ForeignRule> kRules = {
      {"tl/", {"parser/base", "tests"}},
      {"boost/", {"parser/image", "tests"}},
      {"zstd", {"parser/image", "tests"}},
      {"lzma.h", {"parser/image", "tests"}},
      {"archive.h", {"parser/image", "tests"}},
      {"archive_entry.h", {"parser/image", "tests"}},
      {"snappy", {"parser/image", "tests"}},
      {"Zydis/", {"pooltag", "tests"}},
      {"CLI/", {"cli", "tests"}},
      {"fmt/", {"cli", "tests"}},
      {"nlohmann/", {"cli", "tests"}},
      {"gtest/", {"tests"}},
      {"gmock/", {"tests"}},
      {"benchmark/", {"tests"}},
      {"sys/", {"parser/image", "cli", "tests"}},  // POSIX: mappings, terminals
      {"sanitizer/", {"tests"}},
      {"unistd.h", {"parser/image", "cli", "tests"}},
      {"fcntl.h", {"parser/image", "cli", "tests"}},
      {"io.h", {"parser/image", "cli"}},  // the same on Windows
      {"windows.h", {"parser/image", "cli"}},
      {"malloc.h", {"tests"}},
  };
  return kRules;
}

std::span<const BannedRule> BannedRules() {
  constexpr std::string_view kNoIo = "heuristics does no I/O";
  constexpr std::string_view kSilent = "a library that prints";
  static const std::vector<BannedRule> kRules = {
      {"heuristics", "fstream", kNoIo},      {"heuristics", "filesystem", kNoIo},
      {"heuristics", "cstdio", kNoIo},       {"heuristics", "iostream", kNoIo},
      {"parser/base", "iostream", kSilent},  {"parser/format", "iostream", kSilent},
      {"parser/image", "iostream", kSilent}, {"parser/kernel", "iostream", kSilent},
      {"parser/pool", "iostream", kSilent},  {"pooltag", "iostream", kSilent},
      {"samples", "iostream", kSilent},
  };
  return kRules;
}

std::vector<std::string> FindViolations(const fs::path& root) {
  std::vector<std::string> violations;
  JudgeTopLevel(root, violations);
  std::set<std::string> files;
  for (std::string_view folder : kFolders) {
    if (!fs::is_directory(root / folder)) continue;
    for (const fs::directory_entry& entry : fs::recursive_directory_iterator(root / folder)) {
      const fs::path extension = entry.path().extension();
      if (extension == ".h" || extension == ".cc") files.insert(fs::relative(entry.path(), root).generic_string());
    }
  }
  OwnNames names;
  for (const std::string& file : files) JudgeFile(root, file, names, violations);
  std::sort(violations.begin(), violations.end());
  return violations;
}

}  // namespace poolblame::house

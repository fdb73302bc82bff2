#include "pooltag/pooltag_text.h"

#include <optional>
#include <string>

#include "parser/base/ascii.h"

namespace poolblame {
namespace {

constexpr std::size_t kMaxRows = 200'000;    // the largest public list has 5,000; stops a file of short lines
constexpr std::size_t kMaxFieldBytes = 256;  // the longest description seen has 180
constexpr std::size_t kMaxIndent = 4;        // tags are indented by one or two columns, continuations by far more
constexpr std::size_t kTagColumns = 4;
constexpr std::string_view kByteOrderMark = "\xEF\xBB\xBF";

bool IsBlank(char c) { return c == ' ' || c == '\t'; }

std::string_view TrimRight(std::string_view text) {
  while (!text.empty() && (IsBlank(text.back()) || text.back() == '\r')) text.remove_suffix(1);
  return text;
}

std::string_view TrimLeft(std::string_view text) {
  while (!text.empty() && IsBlank(text.front())) text.remove_prefix(1);
  return text;
}

std::string_view Trim(std::string_view text) { return TrimLeft(TrimRight(text)); }

bool IsComment(std::string_view line) {
  const std::string_view text = TrimLeft(line);
  if (text.substr(0, 2) == "//") return true;
  if (text.size() < 3 || (text.size() > 3 && !IsBlank(text[3]))) return false;
  return (text[0] | 0x20) == 'r' && (text[1] | 0x20) == 'e' && (text[2] | 0x20) == 'm';
}

/// Place of the first hyphen that separates fields: one with a blank (or the line's end) on at least one side.
std::size_t FindSeparator(std::string_view text, std::size_t from) {
  for (std::size_t i = from; i < text.size(); ++i) {
    if (text[i] != '-') continue;
    if (IsBlank(text[i - 1]) || i + 1 == text.size() || IsBlank(text[i + 1])) return i;
  }
  return std::string_view::npos;
}

/// The hyphen that ends the tag; `Abc-driver.sys` has no blank at all, so a bare hyphen right behind a tag will do.
std::size_t FindTagEnd(std::string_view line) {
  const std::size_t separator = FindSeparator(line, 1);
  if (separator != std::string_view::npos) return separator;
  const std::size_t bare = line.find('-', 1);
  return bare <= kTagColumns ? bare : std::string_view::npos;
}

std::optional<std::string_view> TagField(std::string_view line, std::size_t end) {
  std::string_view field = line.substr(0, end);
  const std::size_t indent = field.size() - TrimLeft(field).size();
  if (indent > kMaxIndent) return std::nullopt;
  // `CLASS - …` is no tag; ` BIG - …` is a tag of four columns whose first is a space.
  if (field.size() == kTagColumns + 1 && field.back() == ' ') field.remove_suffix(1);
  if (field.size() != kTagColumns) field = Trim(field);
  field = TrimRight(field);
  const std::size_t limit = !field.empty() && field.back() == '*' ? kTagColumns + 1 : kTagColumns;
  if (TrimLeft(field).empty() || field.size() > limit) return std::nullopt;
  return field;
}

/// Latin-1 as UTF-8, without anything that a terminal would act on.
std::string Printable(std::string_view field) {
  std::string out;
  for (const char c : field.substr(0, kMaxFieldBytes)) {
    const auto byte = static_cast<std::uint8_t>(c);
    if (byte >= 0xA0) {
      out += static_cast<char>(0xC0 | (byte >> 6));
      out += static_cast<char>(0x80 | (byte & 0x3F));
    } else {
      out += ShownAs(byte);
    }
  }
  return out;
}

/// `nt!cm` is a part of the kernel, `<unknown>` is nobody.
void SetOwner(std::string_view binary, TagEntry& entry) {
  if (binary.empty() || binary.front() == '<') return;
  if (binary == "nt" || binary.substr(0, 3) == "nt!") {
    entry.driver = "ntoskrnl.exe";
    entry.component = Printable(binary);
    return;
  }
  entry.driver = Printable(binary);
}

std::optional<std::pair<TagPattern, TagEntry>> ParseRecord(std::string_view line) {
  const std::size_t tag_end = FindTagEnd(line);
  if (tag_end == std::string_view::npos) return std::nullopt;
  const auto tag = TagField(line, tag_end);
  if (!tag) return std::nullopt;
  const auto pattern = TagPattern::FromText(*tag, true);
  if (!pattern) return std::nullopt;

  const std::string_view rest = Trim(line.substr(tag_end + 1));
  const std::size_t second = rest.empty() ? std::string_view::npos : FindSeparator(rest, 1);
  TagEntry entry;
  entry.pattern = Printable(*tag);
  entry.source = "pooltag.txt";
  SetOwner(Trim(rest.substr(0, second)), entry);
  if (second != std::string_view::npos) entry.note = Printable(Trim(rest.substr(second + 1)));
  return std::pair(*pattern, std::move(entry));
}

}  // namespace

PoolTagText ParsePoolTagText(ByteView text) {
  PoolTagText result;
  std::string_view rest(reinterpret_cast<const char*>(text.data()), text.size());
  if (rest.substr(0, kByteOrderMark.size()) == kByteOrderMark) rest.remove_prefix(kByteOrderMark.size());
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = TrimRight(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (line.empty() || IsComment(line)) continue;
    auto record = result.rows.size() < kMaxRows ? ParseRecord(line) : std::nullopt;
    if (record)
      result.rows.push_back(std::move(*record));
    else
      ++result.skipped_lines;
  }
  return result;
}

}  // namespace poolblame

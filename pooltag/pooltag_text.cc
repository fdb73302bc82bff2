#include "pooltag/pooltag_text.h"

#include <optional>
#include <string>

#include "parser/base/ascii.h"

namespace poolblame {
namespace {

constexpr std::size_t kMaxIndent = 4;  // tags are indented by one or two columns, continuations by far more
constexpr std::size_t kTagColumns = 4;
constexpr std::size_t kMostDrivers = 32;  // of one row; more is no list that anybody wrote
constexpr std::string_view kDriverSuffix = ".sys";
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

/// Of a description; no tag is indented so far.
bool IsContinuation(std::string_view line) { return line.size() - TrimLeft(line).size() > kMaxIndent; }

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
  // `CLASS - …` is no tag; ` BIG - …` is a tag of four columns whose first is a space.
  if (field.size() == kTagColumns + 1 && field.back() == ' ') field.remove_suffix(1);
  if (field.size() != kTagColumns) field = Trim(field);
  field = TrimRight(field);
  const std::size_t limit = !field.empty() && field.back() == '*' ? kTagColumns + 1 : kTagColumns;
  if (TrimLeft(field).empty() || field.size() > limit) return std::nullopt;
  return field;
}

/// `nt!cm` is a part of the kernel, `<unknown>` is nobody.
void SetOwner(std::string_view binary, TagEntry& entry) {
  if (binary.empty() || binary.front() == '<') return;
  if (binary == "nt" || binary.substr(0, 3) == "nt!") {
    entry.driver = "ntoskrnl.exe";
    entry.component = PrintableField(binary);
    return;
  }
  entry.driver = PrintableField(binary);
}

bool IsDriverFile(std::string_view word) {
  return word.size() > kDriverSuffix.size() &&
         Lower(std::string(word.substr(word.size() - kDriverSuffix.size()))) == kDriverSuffix;
}

/// "a.sys, b.sys" and "a.sys b.sys" are two drivers; anything that is no list of driver files is one name.
std::vector<std::string_view> Binaries(std::string_view field) {
  std::vector<std::string_view> names;
  for (std::string_view rest = field; !rest.empty();) {
    const std::size_t begin = rest.find_first_not_of(" \t,");
    if (begin == std::string_view::npos) break;
    rest.remove_prefix(begin);
    const std::string_view word = rest.substr(0, rest.find_first_of(" \t,"));
    if (!IsDriverFile(word) || names.size() == kMostDrivers) return {field};
    names.push_back(word);
    rest.remove_prefix(word.size());
  }
  return names.empty() ? std::vector<std::string_view>{field} : names;
}

struct Record {
  std::string_view tag, binary, note;
};

/// `TAG - binary - description`.
std::optional<Record> HyphenatedRecord(std::string_view line) {
  const std::size_t tag_end = FindTagEnd(line);
  if (tag_end == std::string_view::npos) return std::nullopt;
  const auto tag = TagField(line, tag_end);
  if (!tag) return std::nullopt;
  const std::string_view rest = Trim(line.substr(tag_end + 1));
  const std::size_t second = rest.empty() ? std::string_view::npos : FindSeparator(rest, 1);
  Record record{*tag, Trim(rest.substr(0, second)), {}};
  if (second != std::string_view::npos) record.note = Trim(rest.substr(second + 1));
  return record;
}

/// `TAG  a.sys b.sys`: the tag in its four columns, then blanks and nothing but driver files.
std::optional<Record> BareRecord(std::string_view line) {
  if (line.size() <= kTagColumns || !IsBlank(line[kTagColumns])) return std::nullopt;
  const auto tag = TagField(line, kTagColumns);
  const std::string_view drivers = Trim(line.substr(kTagColumns));
  if (!tag || !IsDriverFile(Binaries(drivers).front())) return std::nullopt;
  return Record{*tag, drivers, {}};
}

/// Adds a row for each driver; false where the line is none.
bool AddRecord(std::string_view line, TagRows& result) {
  auto record = HyphenatedRecord(line);
  if (!record) record = BareRecord(line);
  const auto pattern = record ? TagPattern::FromText(record->tag, true) : std::nullopt;
  if (!pattern) return false;
  TagEntry entry;
  entry.pattern = PrintableField(record->tag);
  entry.note = PrintableField(record->note);
  entry.source = "pooltag.txt";
  entry.literals = pattern->literals;
  for (const std::string_view binary : Binaries(record->binary)) {
    TagEntry row = entry;
    SetOwner(binary, row);
    if (result.rows.size() == kMostTagRows) return false;
    result.rows.emplace_back(*pattern, std::move(row));
  }
  return true;
}

}  // namespace

std::string PrintableField(std::string_view field) {
  std::string out;
  for (const char c : field.substr(0, kMostTagField)) {
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

TagRows ParsePoolTagText(ByteView text) {
  TagRows result;
  std::string_view rest(reinterpret_cast<const char*>(text.data()), text.size());
  if (rest.substr(0, kByteOrderMark.size()) == kByteOrderMark) rest.remove_prefix(kByteOrderMark.size());
  while (!rest.empty()) {
    const std::size_t end = rest.find('\n');
    const std::string_view line = TrimRight(rest.substr(0, end));
    rest = end == std::string_view::npos ? std::string_view() : rest.substr(end + 1);
    if (line.empty() || IsComment(line) || IsContinuation(line)) continue;
    if (!AddRecord(line, result)) ++result.skipped_lines;
  }
  return result;
}

}  // namespace poolblame

#include "pooltag/tag_header.h"

#include <algorithm>
#include <optional>
#include <span>
#include <string>

#include "parser/base/ascii.h"
#include "pooltag/c_tokens.h"
#include "pooltag/pooltag_text.h"

namespace poolblame {
namespace {

using Tokens = std::span<const CToken>;

bool Is(const CToken& token, std::string_view text) {
  return token.kind != CTokenKind::kCharacters && token.text == text;
}

bool IsName(const CToken& token) { return token.kind == CTokenKind::kName; }
bool IsCharacters(const CToken& token) { return token.kind == CTokenKind::kCharacters; }

bool SaysTag(std::string_view name) {
  return Lower(std::string(name.substr(0, kMostTagField))).find("tag") != std::string::npos;
}

std::optional<unsigned> DigitOf(char c, unsigned base) {
  unsigned digit = base;
  if (c >= '0' && c <= '9') digit = static_cast<unsigned>(c - '0');
  if (Lower(c) >= 'a' && Lower(c) <= 'f') digit = static_cast<unsigned>(Lower(c) - 'a') + 10;
  return digit < base ? std::optional(digit) : std::nullopt;
}

/// Takes at most `most` digits; nothing where there are none or the number is no byte.
std::optional<std::uint8_t> TakeNumber(std::string_view& text, unsigned base, std::size_t most) {
  unsigned value = 0;
  std::size_t digits = 0;
  for (; digits < std::min(most, text.size()); ++digits) {
    const auto digit = DigitOf(text[digits], base);
    if (!digit) break;
    value = value * base + *digit;
    if (value > 0xFF) return std::nullopt;
  }
  text.remove_prefix(digits);
  return digits > 0 ? std::optional(static_cast<std::uint8_t>(value)) : std::nullopt;
}

/// One character, escaped or not.
std::optional<std::uint8_t> TakeCharacter(std::string_view& text) {
  constexpr std::string_view kLetters = "abfnrtv", kMeanings = "\a\b\f\n\r\t\v";
  const char first = text.front();
  if (first != '\\') return text.remove_prefix(1), static_cast<std::uint8_t>(first);
  text.remove_prefix(1);
  if (text.empty()) return std::nullopt;
  if (DigitOf(text.front(), 8)) return TakeNumber(text, 8, 3);
  const char letter = text.front();
  text.remove_prefix(1);
  if (letter == 'x') return TakeNumber(text, 16, text.size());
  if (const std::size_t place = kLetters.find(letter); place < kMeanings.size())
    return static_cast<std::uint8_t>(kMeanings[place]);
  if (letter == '\\' || letter == '\'' || letter == '"' || letter == '?') return static_cast<std::uint8_t>(letter);
  return std::nullopt;
}

struct Characters {
  std::uint32_t value = 0;
  unsigned count = 0;
};

/// The first character ends up highest; nothing for more than four, a bad escape, or no end.
std::optional<Characters> ReadCharacters(const CToken& token) {
  Characters read;
  for (std::string_view text = token.text; !text.empty(); ++read.count) {
    const auto byte = TakeCharacter(text);
    if (!byte || read.count == 4) return std::nullopt;
    read.value = read.value << 8 | *byte;
  }
  return token.is_terminated && read.count > 0 ? std::optional(read) : std::nullopt;
}

/// A constant by itself: parentheses, casts to a named type, one constant. `tokens` is all that stands behind the name.
const CToken* LoneConstant(Tokens tokens) {
  const CToken* constant = nullptr;
  for (std::size_t i = 0; i < tokens.size(); ++i) {
    const bool before_value = constant == nullptr;
    const CToken& token = tokens[i];
    if (IsCharacters(token) && before_value)
      constant = &token;
    else if (IsName(token) && before_value && i > 0 && (Is(tokens[i - 1], "(") || IsName(tokens[i - 1])))
      continue;
    else if (Is(token, "(") && before_value && (i == 0 || !IsName(tokens[i - 1])))
      continue;
    else if (!Is(token, ")") && !Is(token, ";"))  // people end a macro's line as they do others
      return nullptr;
  }
  return constant;
}

/// What a line gives a name to.
struct Definition {
  std::string_view name;
  Tokens value;
};

/// `#define NAME value`; a macro with parameters defines no constant.
std::optional<Definition> MacroOf(Tokens line) {
  if (line.size() < 4 || !Is(line[0], "#") || !Is(line[1], "define") || !IsName(line[2])) return std::nullopt;
  if (Is(line[3], "(") && !line[3].behind_blank) return std::nullopt;
  return Definition{line[2].text, line.subspan(3)};
}

/// `words NAME = value`, of the part of a line up to `,`, `;` or a brace. Members have more than names before the sign,
/// comparisons another sign behind it, and an assignment is one name up to a semicolon, which no enumerator is.
std::optional<Definition> ConstantOf(Tokens part, bool ends_statement) {
  const auto sign = std::find_if_not(part.begin(), part.end(), IsName);
  if (sign == part.end() || !Is(*sign, "=")) return std::nullopt;
  const auto names = static_cast<std::size_t>(sign - part.begin());
  const Tokens value = part.subspan(names + 1);
  if (names < (ends_statement ? 2U : 1U) || value.empty() || Is(value.front(), "=")) return std::nullopt;
  return Definition{part[names - 1].text, value};
}

/// As the built-in table writes it: four letters, or where they cannot be typed their bytes in memory order.
std::string PatternOf(PoolTag tag) {
  std::string text, hex = "hex:";
  for (unsigned i = 0; i < 4; ++i) {
    const auto byte = static_cast<std::uint8_t>(tag.name().value >> (8 * i));
    text += static_cast<char>(byte);
    for (const int digit : {byte >> 4, byte & 0xF}) hex += "0123456789abcdef"[digit];
  }
  return std::all_of(text.begin(), text.end(), [](char c) { return IsPrintable(static_cast<std::uint8_t>(c)); }) ? text
                                                                                                                 : hex;
}

class HeaderReader {
 public:
  void Line(Tokens line) {
    if (Is(line.front(), "#")) {
      if (const auto macro = MacroOf(line)) Take(*macro);
      return;
    }
    while (!line.empty()) {
      const auto end = std::find_if(line.begin(), line.end(), [](const CToken& token) {
        return Is(token, ",") || Is(token, ";") || Is(token, "{") || Is(token, "}");
      });
      const auto length = static_cast<std::size_t>(end - line.begin());
      Part(line, length);
      line = line.subspan(std::min(length + 1, line.size()));
    }
  }

  TagRows rows;

 private:
  void Part(Tokens line, std::size_t length) {
    const bool ends_statement = length < line.size() && Is(line[length], ";");
    if (const auto constant = ConstantOf(line.first(length), ends_statement)) return Take(*constant);
    // `constexpr ULONG kTag{'gaTF'}`: the brace ends the names and begins the value.
    const Tokens names = line.first(length);
    const bool braced = length + 2 < line.size() && Is(line[length], "{") && IsCharacters(line[length + 1]) &&
                        Is(line[length + 2], "}") && length > 1 && std::all_of(names.begin(), names.end(), IsName);
    if (braced) Take({names.back().text, line.subspan(length + 1, 1)});
  }

  void Take(const Definition& definition) {
    if (std::none_of(definition.value.begin(), definition.value.end(), IsCharacters)) return;
    const CToken* constant = LoneConstant(definition.value);
    const auto read = constant != nullptr ? ReadCharacters(*constant) : std::nullopt;
    const bool is_tag = SaysTag(definition.name);
    if (read && (read->count == 4 || (read->count > 1 && is_tag)))
      Add(definition.name, PoolTag{read->value});
    else if (!read && (is_tag || std::any_of(definition.value.begin(), definition.value.end(), IsLong)))
      ++rows.skipped_lines;
  }

  /// As long as a tag, at least; 1'000 has no end.
  static bool IsLong(const CToken& token) {
    return IsCharacters(token) && token.is_terminated && token.text.size() >= 4;
  }

  void Add(std::string_view name, PoolTag tag) {
    if (rows.rows.size() == kMostTagRows) {
      ++rows.skipped_lines;
      return;
    }
    TagEntry entry;
    entry.pattern = PatternOf(tag);
    entry.component = PrintableField(name);
    entry.source = "pooltag.txt";
    const TagPattern pattern = TagPattern::Exact(tag);
    entry.literals = pattern.literals;
    rows.rows.emplace_back(pattern, std::move(entry));
  }
};

}  // namespace

TagRows ParseTagHeader(ByteView source) {
  CLineReader lines({reinterpret_cast<const char*>(source.data()), source.size()});
  HeaderReader reader;
  for (CLine line; lines.Next(line);) reader.Line(line.tokens);
  return std::move(reader.rows);
}

}  // namespace poolblame

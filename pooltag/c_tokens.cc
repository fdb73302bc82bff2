#include "pooltag/c_tokens.h"

#include <algorithm>

namespace poolblame {
namespace {

bool IsNameByte(char c) {
  return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') || c == '_';
}

bool IsWhite(char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\f' || c == '\v'; }

/// Bytes of a backslash with the line end behind it; 0 where there is none.
std::size_t SpliceAt(std::string_view text) {
  if (text.substr(0, 2) == "\\\n") return 2;
  return text.substr(0, 3) == "\\\r\n" ? 3 : 0;
}

/// Place of the quote that ends what starts at `text`, or of the line's end, or the text's.
std::size_t EndOfQuoted(std::string_view text, char quote) {
  std::size_t at = 1;
  while (at < text.size() && text[at] != quote && text[at] != '\n')
    at += text[at] == '\\' && at + 1 < text.size() && text[at + 1] != '\n' ? 2 : 1;
  return at;
}

}  // namespace

std::string_view CLineReader::Take(std::size_t bytes) {
  const std::string_view taken = rest_.substr(0, bytes);
  rest_.remove_prefix(taken.size());
  return taken;
}

bool CLineReader::SkipComment() {
  if (rest_.substr(0, 2) == "//") {
    Take(std::min(rest_.find('\n'), rest_.size()));
    return true;
  }
  if (rest_.substr(0, 2) != "/*") return false;
  const std::size_t end = rest_.find("*/", 2);
  Take(end == std::string_view::npos ? rest_.size() : end + 2);
  return true;
}

void CLineReader::SkipString() {
  const std::size_t end = EndOfQuoted(rest_, '"');
  Take(end < rest_.size() && rest_[end] == '"' ? end + 1 : end);
}

void CLineReader::ReadToken(CLine& line, bool behind_blank) {
  CToken token;
  token.behind_blank = behind_blank;
  if (rest_.front() == '\'') {
    const std::size_t end = EndOfQuoted(rest_, '\'');
    token.kind = CTokenKind::kCharacters;
    token.is_terminated = end < rest_.size() && rest_[end] == '\'';
    token.text = Take(end).substr(1);
    if (token.is_terminated) Take(1);
  } else if (IsNameByte(rest_.front())) {
    token.kind = CTokenKind::kName;
    token.text =
        Take(static_cast<std::size_t>(std::find_if_not(rest_.begin(), rest_.end(), IsNameByte) - rest_.begin()));
  } else if (rest_.front() == '"') {
    token.text = rest_.substr(0, 1);
    SkipString();
  } else {
    token.text = Take(1);
  }
  if (line.tokens.size() < kMostCTokens) line.tokens.push_back(token);
}

bool CLineReader::Next(CLine& line) {
  line.tokens.clear();
  bool behind_blank = true;
  while (!rest_.empty()) {
    if (rest_.front() == '\n') {
      Take(1);
      behind_blank = true;
      if (!line.tokens.empty()) return true;
    } else if (const std::size_t splice = SpliceAt(rest_); splice > 0) {
      Take(splice);
    } else if (IsWhite(rest_.front())) {
      Take(1);
      behind_blank = true;
    } else if (SkipComment()) {
      behind_blank = true;
    } else {
      ReadToken(line, behind_blank);
      behind_blank = false;
    }
  }
  return !line.tokens.empty();
}

}  // namespace poolblame

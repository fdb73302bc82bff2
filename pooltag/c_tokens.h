// Words of a C source, as far as definitions of constants need them: no preprocessor, no types. Comments and line
// splices are gone, a directive ends with its line, and so does everything else: a definition of a tag is one line.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string_view>
#include <vector>

namespace poolblame {

enum class CTokenKind { kName, kCharacters, kOther };

struct CToken {
  CTokenKind kind = CTokenKind::kOther;
  std::string_view text;      // of a character constant what stands between the quotes
  bool behind_blank = false;  // false: it touches the token before
  bool is_terminated = true;  // a character constant whose line ends before it does is not
};

/// One line of a source.
struct CLine {
  std::vector<CToken> tokens;  // at most kMostCTokens, the rest of the line is left out
};

inline constexpr std::size_t kMostCTokens = 256;  // a definition has about ten; stops a file without line ends

class CLineReader {
 public:
  explicit CLineReader(std::string_view source) : rest_(source) {}
  /// The next line with a token in it; false at the end. Cost: linear in the source.
  bool Next(CLine& line);

 private:
  void ReadToken(CLine& line, bool behind_blank);
  bool SkipComment();
  void SkipString();
  std::string_view Take(std::size_t bytes);

  std::string_view rest_;
};

}  // namespace poolblame

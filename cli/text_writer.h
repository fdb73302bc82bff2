// Lines of a text report: headings, wrapped sentences with a hanging indent, lines that are ready. It alone knows the
// width. Sentences are escaped here, so no caller can forget it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>

#include "cli/style.h"

namespace poolblame::cli {

inline constexpr std::size_t kMaxColumns = 100;  // a report is read in a mail or a ticket as often as in a terminal

class TextWriter {
 public:
  TextWriter(Palette palette, std::size_t columns) : palette_(palette), columns_(columns) {}

  [[nodiscard]] const Palette& palette() const { return palette_; }

  /// A line that is escaped and painted already.
  void Line(std::string_view line);
  /// A sentence, escaped, broken at spaces; the first line starts with `lead` (plain text), the others under its end.
  void Sentence(std::string_view lead, std::string_view text, Style style = Style::kPlain);
  /// An empty line, then a heading.
  void Heading(std::string_view text);
  void Blank() { out_ += '\n'; }

  [[nodiscard]] const std::string& text() const { return out_; }

 private:
  Palette palette_;
  std::size_t columns_;
  std::string out_;
};

/// "190,233".
std::string Grouped(std::uint64_t number);
/// "1 page", "8,123 pages".
std::string Counted(std::uint64_t number, std::string_view noun);
/// "91 %"; "<1 %" and ">99 %" where rounding would say never or always.
std::string Percent(double probability);
/// A driver's name, escaped; "-" where it is not known.
std::string DriverOrDash(const std::string& driver);
/// How many of `rows` a list shows of which `top` are wanted; 0 = all.
std::size_t RowsShown(std::size_t rows, std::size_t top);
/// The line below a list that shows `left_out` rows less than there are; without its line end.
std::string AndMore(std::uint64_t left_out);
/// "0x%016x".
std::string AddressText(std::uint64_t address);

}  // namespace poolblame::cli

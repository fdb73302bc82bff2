#include "cli/text_writer.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

#include "cli/escape.h"

namespace poolblame::cli {

void TextWriter::Line(std::string_view line) { out_.append(line).append("\n"); }

void TextWriter::Sentence(std::string_view lead, std::string_view text, Style style) {
  const std::string safe = Escaped(text);
  const std::string hanging(Columns(lead), ' ');
  std::string_view rest = safe;
  std::string indent(lead);
  std::string line;
  const auto flush = [&] {
    Line(indent + palette_.Paint(style, line));
    indent = hanging;
    line.clear();
  };
  while (!rest.empty()) {
    const std::size_t space = rest.find(' ');
    const std::string_view word = rest.substr(0, space);
    rest = space == std::string_view::npos ? std::string_view() : rest.substr(space + 1);
    if (!line.empty() && hanging.size() + Columns(line) + 1 + Columns(word) > columns_) flush();
    if (!line.empty()) line += ' ';
    line += word;
  }
  flush();
}

void TextWriter::Heading(std::string_view text) {
  Blank();
  Line(palette_.Paint(Style::kHeading, Escaped(text)));
}

std::string Grouped(std::uint64_t number) {
  std::string digits = std::to_string(number);
  for (std::size_t place = digits.size(); place > 3;) digits.insert(place -= 3, 1, ',');
  return digits;
}

std::string Counted(std::uint64_t number, std::string_view noun) {
  return fmt::format("{} {}{}", Grouped(number), noun, number == 1 ? "" : "s");
}

std::string Percent(double probability) {
  const double percent = std::round(probability * 100);
  if (percent < 1) return "<1 %";
  if (percent > 99) return ">99 %";
  return fmt::format("{:.0f} %", percent);
}

std::string DriverOrDash(const std::string& driver) { return driver.empty() ? "-" : Escaped(driver); }

std::size_t RowsShown(std::size_t rows, std::size_t top) { return top == 0 ? rows : std::min(top, rows); }

std::string AndMore(std::uint64_t left_out) { return fmt::format("  and {} more (--top 0 lists all)", left_out); }

std::string AddressText(std::uint64_t address) { return fmt::format("0x{:016x}", address); }

}  // namespace poolblame::cli

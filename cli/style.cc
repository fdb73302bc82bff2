#include "cli/style.h"

namespace poolblame::cli {
namespace {

/// SGR parameters; the eight basic colours, which every theme keeps readable.
const char* Sgr(Style style) {
  switch (style) {
    case Style::kPlain:
      return "";
    case Style::kAnswer:
      return "1";
    case Style::kHeading:
      return "1";
    case Style::kDamage:
      return "1;31";  // red
    case Style::kCulprit:
      return "1;33";  // yellow
    case Style::kVictim:
      return "1;36";  // cyan
    case Style::kDim:
      return "2";
  }
  return "";
}

}  // namespace

std::string Palette::Paint(Style style, std::string_view text) const {
  const std::string_view code = Sgr(style);
  if (!enabled_ || code.empty() || text.empty()) return std::string(text);
  std::string out = "\033[";
  out.append(code).append("m").append(text).append("\033[0m");
  return out;
}

bool WantsColor(ColorChoice choice, bool output_is_terminal, const char* no_color) {
  if (choice != ColorChoice::kAuto) return choice == ColorChoice::kAlways;
  return output_is_terminal && (no_color == nullptr || *no_color == '\0');
}

}  // namespace poolblame::cli

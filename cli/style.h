// Colours by meaning. Everything that a colour says is also said by a letter or a mark, so `--color never` loses
// nothing.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>

namespace poolblame::cli {

enum class Style { kPlain, kAnswer, kHeading, kDamage, kCulprit, kVictim, kDim };

class Palette {
 public:
  explicit Palette(bool enabled) : enabled_(enabled) {}
  /// `text` in that style; unchanged where colour is off. `text` must be escaped already.
  [[nodiscard]] std::string Paint(Style style, std::string_view text) const;

 private:
  bool enabled_;
};

enum class ColorChoice { kAuto, kAlways, kNever };

/// kAuto: a terminal, no NO_COLOR in the environment (no-color.org: any non-empty value) and no file as output.
bool WantsColor(ColorChoice choice, bool output_is_terminal, const char* no_color);

/// A character of a page's picture, and how many bytes it and a row of them stand for: half a header on x64.
struct PictureCell {
  char mark = ' ';
  Style style = Style::kPlain;
};
inline constexpr std::uint32_t kBytesPerCell = 8;
inline constexpr std::uint32_t kCellsPerRow = 64;
inline constexpr std::uint32_t kBytesPerRow = kBytesPerCell * kCellsPerRow;

}  // namespace poolblame::cli

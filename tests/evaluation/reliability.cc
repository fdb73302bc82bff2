#include "tests/evaluation/reliability.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>

namespace poolblame::evaluation {
namespace {

// Pixels. One panel is a square plot with a histogram below it.
constexpr double kPlot = 300, kHistogram = 60, kGap = 30, kLeft = 60, kTop = 60, kPanel = kPlot + kLeft + 30;
constexpr double kWidth = 2 * kPanel, kHeight = kTop + kPlot + kGap + kHistogram + 45;
constexpr int kTicks = 5;

std::string Text(double x, double y, const char* anchor, const std::string& text) {
  return fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"{}\">{}</text>\n", x, y, anchor, text);
}

std::string Line(double x1, double y1, double x2, double y2, const char* style) {
  return fmt::format("<path d=\"M{:.1f} {:.1f}L{:.1f} {:.1f}\" {}/>\n", x1, y1, x2, y2, style);
}

std::string Axes(double left) {
  constexpr const char* kGrid = "stroke=\"#ddd\"";
  const double bottom = kTop + kPlot;
  std::string svg;
  for (int i = 0; i <= kTicks; ++i) {
    const double at = kPlot * i / kTicks;
    const std::string label = fmt::format("{:.1f}", static_cast<double>(i) / kTicks);
    svg += Line(left + at, kTop, left + at, bottom, kGrid) + Line(left, bottom - at, left + kPlot, bottom - at, kGrid);
    svg += Text(left + at, bottom + 16, "middle", label) + Text(left - 6, bottom - at + 4, "end", label);
  }
  svg += Line(left, bottom, left + kPlot, kTop, "stroke=\"#888\" stroke-dasharray=\"4 3\"");
  return svg;
}

std::string Dot(double left, const Calibration::Bin& bin) {
  const double mean = bin.mean_probability(), share = bin.share_guilty();
  const double error = 2 * std::sqrt(mean * (1 - mean) / static_cast<double>(bin.count));
  const double x = left + kPlot * mean, bottom = kTop + kPlot;
  const double low = bottom - kPlot * std::clamp(share - error, 0.0, 1.0);
  const double high = bottom - kPlot * std::clamp(share + error, 0.0, 1.0);
  return Line(x, low, x, high, "stroke=\"#06c\"") +
         fmt::format("<circle cx=\"{:.1f}\" cy=\"{:.1f}\" r=\"4\" fill=\"#06c\"/>\n", x, bottom - kPlot * share);
}

std::string Bar(double left, std::size_t index, std::uint64_t count, std::uint64_t most) {
  const double share = std::log1p(static_cast<double>(count)) / std::log1p(static_cast<double>(most));
  const double width = kPlot / Calibration::kBins, height = kHistogram * share;
  const double x = left + width * static_cast<double>(index), bottom = kTop + kPlot + kGap + kHistogram;
  return fmt::format("<rect x=\"{:.1f}\" y=\"{:.1f}\" width=\"{:.1f}\" height=\"{:.1f}\" fill=\"#9bd\"/>\n", x + 1,
                     bottom - height, width - 2, height) +
         fmt::format("<text x=\"{:.1f}\" y=\"{:.1f}\" text-anchor=\"middle\" font-size=\"9\">{}</text>\n",
                     x + width / 2, bottom + 11, count);
}

std::string Panel(double left, const char* name, const Calibration& calibration) {
  std::string svg = Text(left + kPlot / 2, kTop - 12, "middle",
                         fmt::format("{} suspects: expected calibration error {:.3f}, {} suspects", name,
                                     calibration.ExpectedError(), calibration.count()));
  svg += Axes(left);
  std::uint64_t most = 1;
  for (const Calibration::Bin& bin : calibration.bins()) most = std::max(most, bin.count);
  for (std::size_t i = 0; i < Calibration::kBins; ++i) {
    const Calibration::Bin& bin = calibration.bins()[i];
    if (bin.count == 0) continue;
    svg += Dot(left, bin) + Bar(left, i, bin.count, most);
  }
  return svg + Text(left + kPlot / 2, kHeight - 12, "middle", "printed probability (bars: how many, logarithmic)");
}

}  // namespace

std::string ReliabilitySvg(const Calibration& first, const Calibration& all, const std::string& title) {
  std::string svg = fmt::format(
      "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{0:.0f}\" height=\"{1:.0f}\" viewBox=\"0 0 {0:.0f} {1:.0f}\" "
      "font-family=\"sans-serif\" font-size=\"11\">\n<title>{2}</title>\n"
      "<rect width=\"100%\" height=\"100%\" fill=\"#fff\"/>\n",
      kWidth, kHeight, title);
  svg += Text(kWidth / 2, 22, "middle", title + ": share of guilty by printed probability");
  svg += Panel(kLeft, "first", first) + Panel(kLeft + kPanel, "all", all);
  return svg + "</svg>\n";
}

}  // namespace poolblame::evaluation

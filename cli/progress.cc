#include "cli/progress.h"

#include <fmt/format.h>

#include <algorithm>
#include <cstdio>
#include <utility>

#include "cli/escape.h"
#include "cli/platform.h"

namespace poolblame::cli {
namespace {
constexpr auto kInterval = std::chrono::milliseconds(200);  // five times a second is smooth and costs nothing
}  // namespace

Progress::Progress(std::string what, bool wanted) : what_(Escaped(what)), wanted_(wanted) {}

Progress::~Progress() {
  if (shown_) std::fputs("\r\033[K", stderr);
}

std::function<void(std::uint64_t, std::uint64_t)> Progress::Callback() {
  if (!wanted_) return {};
  return [this](std::uint64_t done, std::uint64_t total) { Show(done, total); };
}

void Progress::Show(std::uint64_t done, std::uint64_t total) {
  if (total == 0 || Clock::now() < next_) return;
  next_ = Clock::now() + kInterval;
  shown_ = true;
  const double percent = 100.0 * static_cast<double>(std::min(done, total)) / static_cast<double>(total);
  fmt::print(stderr, "\r{}: {:.0f} %\033[K", what_, percent);
  std::fflush(stderr);
}

Result<std::unique_ptr<Analysis>> ScanShowingProgress(const ImageOptions& image) {
  Progress progress(image.path, IsTerminal(stderr));
  Result<AnalysisOptions> options = image.ToAnalysisOptions();
  if (!options) return tl::unexpected(options.error());
  options->scan.progress = progress.Callback();
  return ScanImage(image.path, *options);
}

Result<std::unique_ptr<Analysis>> AnalyseShowingProgress(const ImageOptions& image, const TagDatabase& tags) {
  Progress progress(image.path, IsTerminal(stderr));
  Result<AnalysisOptions> options = image.ToAnalysisOptions();
  if (!options) return tl::unexpected(options.error());
  options->scan.progress = progress.Callback();
  return AnalyseImage(image.path, *options, tags);
}

}  // namespace poolblame::cli

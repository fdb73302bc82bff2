// Progress for a person who waits: one line on stderr, only on a terminal, only when the work takes longer than a
// second, gone when it is over. Nothing of it reaches a report.
#pragma once

#include <chrono>
#include <cstdint>
#include <functional>
#include <memory>
#include <string>

#include "cli/analysis.h"
#include "cli/options.h"
#include "parser/base/error.h"
#include "pooltag/tag_database.h"

namespace poolblame::cli {

class Progress {
 public:
  /// `wanted` is false where stderr is no terminal.
  Progress(std::string what, bool wanted);
  Progress(const Progress&) = delete;
  Progress& operator=(const Progress&) = delete;
  /// Removes the line.
  ~Progress();

  /// For ScanOptions::progress; empty when nobody looks. Valid as long as this object.
  std::function<void(std::uint64_t, std::uint64_t)> Callback();

 private:
  void Show(std::uint64_t done, std::uint64_t total);

  using Clock = std::chrono::steady_clock;
  std::string what_;
  bool wanted_;
  bool shown_ = false;
  Clock::time_point next_ = Clock::now() + std::chrono::seconds(1);
};

/// ScanImage with the command line's image options, and a progress line while it lasts.
Result<std::unique_ptr<Analysis>> ScanShowingProgress(const ImageOptions& image);
/// AnalyseImage with the command line's image options, and a progress line while it lasts.
Result<std::unique_ptr<Analysis>> AnalyseShowingProgress(const ImageOptions& image, const TagDatabase& tags);

}  // namespace poolblame::cli

#include "heuristics/aligned_run.h"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <vector>

namespace poolblame {
namespace {

constexpr std::uint32_t kSectorBytes = 512;

struct Size {
  std::uint32_t bytes;
  double share;
};
// A cache line is the smallest write of a bus, 4 KiB the most that lies in one page.
constexpr Size kSizes[] = {
    {64, 0.4}, {kSectorBytes, 0.3}, {2 * kSectorBytes, 0.12}, {4 * kSectorBytes, 0.1}, {8 * kSectorBytes, 0.08}};

/// A write from one place of the window to another, which may lie behind the window's end, with the log of its share.
struct Stretch {
  std::uint32_t begin, end;
  double log_share;
};

/// All of one size that cover the damage and leave the headers in front and behind alone.
void AddOfSize(const Scene& scene, const RunWindow& w, const Size& size, std::vector<Stretch>& out) {
  const std::uint32_t grain = std::min(size.bytes, kSectorBytes);
  const std::uint64_t page = scene.AddressOf(scene.damage_begin()) / kPageSize * kPageSize;
  const std::uint32_t above_end = scene.blocks[scene.spots.back().block].end;
  const double log_share = std::log(size.share * grain / size.bytes);
  for (std::uint64_t at = page; at + size.bytes <= page + kPageSize; at += grain) {
    if (at < scene.AddressOf(w.begin) || at > scene.AddressOf(w.middle)) continue;
    const std::uint64_t end = at + size.bytes;
    if (end < scene.AddressOf(scene.damage_end()) || end > scene.AddressOf(above_end)) continue;
    const auto begin = static_cast<std::uint32_t>(at - scene.AddressOf(w.begin));
    out.push_back({begin, begin + size.bytes, log_share});
  }
}

}  // namespace

std::optional<WrittenRun> FitAligned(const Scene& scene, const Cut& cut, const Alternatives& writes) {
  const RunWindow& w = cut.window;
  std::vector<Stretch> stretches;
  for (const Size& size : kSizes) AddOfSize(scene, w, size, stretches);
  if (stretches.empty()) return std::nullopt;
  WrittenRun run{kNeverLog, kNeverLog, 0, {}, {}, w.middle, w.data, "", {}, {}};
  for (const Stretch& stretch : stretches) {
    const std::uint32_t stop = std::min(stretch.end, w.bytes_in_all());
    for (const Alternative& write : writes) {
      const double value =
          write.log_share + stretch.log_share + cut.Start(write, stretch.begin) + cut.Stop(write, stop);
      run.log_likelihood = LogSum(run.log_likelihood, value);
      if (value <= run.best) continue;
      run.best = value;
      run.begin = w.begin + stretch.begin;
      run.end = w.begin + stretch.end;
      run.texture = write.name;
    }
  }
  return run;
}

}  // namespace poolblame

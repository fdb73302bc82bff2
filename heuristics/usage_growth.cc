#include "heuristics/usage_growth.h"

#include <algorithm>
#include <cmath>
#include <map>
#include <utility>

namespace poolblame {
namespace {

// A suspect grew by four roots (of a thousand tags that only come and go, one in thirty images has one) and kept most.
constexpr double kRootsOfSuspect = 4, kKeptBySuspect = 0.5;
constexpr std::size_t kSamplesForTrend = 3;

std::optional<std::uint64_t> BootTime(const UsageSample& sample) {
  const auto& [time, up] = std::pair(sample.origin.system_time, sample.origin.up_time);
  return time && up && *time >= *up ? std::optional(*time - *up) : std::nullopt;
}

using RowIndex = std::map<UsageKey, const UsageRow*>;

RowIndex IndexOf(const Usage& usage) {
  RowIndex index;
  for (const UsageRow& row : usage.rows) index[{row.tag.value, row.type}] = &row;
  return index;
}

/// Counters of 32 bits go round; wider ones that went back are damaged and say nothing.
std::uint64_t Since(std::uint64_t before, std::uint64_t after) {
  constexpr std::uint64_t kRound = std::uint64_t{1} << 32;
  if (after >= before) return after - before;
  return before < kRound ? after + kRound - before : 0;
}

class Ranker {
 public:
  explicit Ranker(const std::vector<const UsageSample*>& samples) {
    for (const UsageSample* sample : samples) {
      indices_.push_back(IndexOf(sample->usage));
      by_tracker_ = by_tracker_ && sample->usage.source == UsageSource::kTracker;
    }
  }

  [[nodiscard]] bool by_tracker() const { return by_tracker_; }
  [[nodiscard]] std::vector<GrowthRow> Rows() const {
    std::vector<GrowthRow> rows;
    for (const auto& [key, last] : indices_.back()) {
      GrowthRow row = RowOf(key, *last);
      if (row.blocks <= 0) continue;
      Score(row);
      rows.push_back(std::move(row));
    }
    std::stable_sort(rows.begin(), rows.end(), [](const GrowthRow& a, const GrowthRow& b) {
      return std::pair(a.score, a.bytes) > std::pair(b.score, b.bytes);
    });
    return rows;
  }

 private:
  [[nodiscard]] const UsageRow& At(std::size_t sample, const UsageKey& key) const {
    static const UsageRow kNone;
    const auto found = indices_[sample].find(key);
    return found == indices_[sample].end() ? kNone : *found->second;
  }
  /// A tag that the table did not have yet has no counters; its blocks are counted like those of the others.
  [[nodiscard]] std::int64_t Outstanding(const UsageRow& row) const {
    return by_tracker_ ? row.outstanding() : static_cast<std::int64_t>(row.blocks);
  }
  [[nodiscard]] GrowthRow RowOf(const UsageKey& key, const UsageRow& last) const {
    const UsageRow& first = At(0, key);
    GrowthRow row;
    row.tag = last.tag;
    row.type = last.type;
    row.owner = last.owner;
    row.blocks = Outstanding(last) - Outstanding(first);
    const auto bytes_of = [&](const UsageRow& r) {
      return static_cast<std::int64_t>(by_tracker_ ? r.bytes() : r.block_bytes);
    };
    row.bytes = bytes_of(last) - bytes_of(first);
    row.tracked = by_tracker_ && last.by_tracker;
    if (row.tracked) {
      const TrackerCount before = first.tracked.value_or(TrackerCount{});
      row.allocs = Since(before.allocs, last.tracked->allocs);
      row.frees = Since(before.frees, last.tracked->frees);
    }
    row.steps = indices_.size() - 1;
    for (std::size_t i = 1; i < indices_.size(); ++i)
      row.steps_up += Outstanding(At(i, key)) > Outstanding(At(i - 1, key)) ? 1 : 0;
    // Blocks alone: what came and what went is at least the difference; as many as there are may have changed.
    const auto held = static_cast<double>(Outstanding(first) + Outstanding(last));
    const double happened = row.tracked ? static_cast<double>(row.allocs + row.frees) : held;
    row.roots = static_cast<double>(row.blocks) / std::sqrt(std::max(happened, 1.0));
    row.kept = 1;
    if (row.tracked && row.allocs > 0)
      row.kept = std::clamp(static_cast<double>(row.blocks) / static_cast<double>(row.allocs), 0.0, 1.0);
    return row;
  }
  static void Score(GrowthRow& row) {
    const double monotone = static_cast<double>(row.steps_up) / static_cast<double>(row.steps);
    row.score = row.roots * row.kept * row.kept * monotone;
    // Without frees a cache that fills looks the same: blocks alone accuse nobody.
    row.suspect =
        row.tracked && row.roots >= kRootsOfSuspect && row.kept >= kKeptBySuspect && row.steps_up == row.steps;
  }

  std::vector<RowIndex> indices_;
  bool by_tracker_ = true;
};

/// By how long they had run, then as they were given.
std::vector<const UsageSample*> OldestFirst(const std::vector<UsageSample>& samples) {
  std::vector<const UsageSample*> ordered;
  for (const UsageSample& sample : samples) ordered.push_back(&sample);
  const bool all_know = std::all_of(samples.begin(), samples.end(),
                                    [](const UsageSample& sample) { return sample.origin.up_time.has_value(); });
  if (all_know)
    std::stable_sort(ordered.begin(), ordered.end(), [](const UsageSample* a, const UsageSample* b) {
      return *a->origin.up_time < *b->origin.up_time;
    });
  return ordered;
}

void TellWeakness(const Ranker& ranker, Growth& growth) {
  if (growth.samples.size() < kSamplesForTrend)
    growth.notes.emplace_back(
        "two images are one interval: what grew in it may be a cache that fills; a third image tells a leak from that");
  if (!ranker.by_tracker())
    growth.notes.emplace_back(
        "not every image has a tracker table: frees are not known, and a cache looks like a leak");
  if (!growth.hours) growth.notes.emplace_back("the images do not say how long the system had run: no rates");
}

}  // namespace

bool MayBeOneBoot(const UsageSample& a, const UsageSample& b) {
  const auto boot_a = BootTime(a), boot_b = BootTime(b);
  if (boot_a && boot_b && std::max(*boot_a, *boot_b) - std::min(*boot_a, *boot_b) > kMostClockChange) return false;
  return !a.kernel_base || !b.kernel_base || *a.kernel_base == *b.kernel_base;
}

Growth RankGrowth(const std::vector<UsageSample>& samples) {
  Growth growth;
  growth.samples = OldestFirst(samples);
  const auto first = growth.samples.front()->origin.up_time, last = growth.samples.back()->origin.up_time;
  if (first && last && *last > *first) growth.hours = HoursOf(*last - *first);
  const Ranker ranker(growth.samples);
  growth.rows = ranker.Rows();
  if (growth.hours)
    for (GrowthRow& row : growth.rows) row.bytes_per_hour = static_cast<double>(row.bytes) / *growth.hours;
  TellWeakness(ranker, growth);
  return growth;
}

}  // namespace poolblame

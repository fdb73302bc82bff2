// What grew between images of one boot, and who leaks: a tag whose allocations grow and whose frees do not.
//
// A leak, a busy driver and a cache that fills all have more outstanding than before. Busy ones come and go: by chance
// alone the difference of n allocations and frees is off by the root of n, so that growth counts in those. Caches free
// what they replace: of what a leak allocates, all is kept. The score is the growth in those roots, times the kept
// share squared, times the share of intervals that grew. It ranks; what a tag does after the last image nobody knows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "heuristics/usage.h"
#include "parser/image/image.h"
#include "parser/kernel/system.h"

namespace poolblame {

/// One image of the row, as much of it as growth needs.
struct UsageSample {
  std::string name;
  Usage usage;
  DumpOrigin origin;
  std::optional<VirtAddr> kernel_base;
};

struct GrowthRow {
  PoolTag tag;
  UsageType type = UsageType::kUnknown;
  Owner owner;
  bool tracked = false;                   // allocs and frees are known
  std::uint64_t allocs = 0, frees = 0;    // between the first image and the last
  std::int64_t blocks = 0, bytes = 0;     // outstanding, last less first
  std::uint64_t steps = 0, steps_up = 0;  // intervals, and those in which blocks grew
  double roots = 0;                       // growth in roots of what happened
  double kept = 0;                        // share of the allocations that was not freed; 1 where they are not known
  double score = 0;
  std::optional<double> bytes_per_hour;
  bool suspect = false;
};

struct Growth {
  std::vector<const UsageSample*> samples;  // oldest first
  std::vector<GrowthRow> rows;              // those that grew, best score first
  std::optional<double> hours;              // from the first to the last, by their own uptimes
  std::vector<std::string> notes;           // what makes the ranking weaker, one sentence each
};

/// Nothing that two images say rules out that they are of one boot: their clocks agree on when it began, to
/// kMostClockChange, and the kernel lies where it lay.
bool MayBeOneBoot(const UsageSample& a, const UsageSample& b);

/// Two images or more, the newest last where they do not say themselves. `samples` must outlive the result.
Growth RankGrowth(const std::vector<UsageSample>& samples);

/// Of 100 ns ticks, the unit of Windows' times.
constexpr double HoursOf(std::uint64_t ticks) { return static_cast<double>(ticks) / (3600.0 * 10'000'000); }

/// 100 ns. The clock may be set while the system runs; the time service slews what is less than this and does not step
/// (Microsoft, W32Time: MaxAllowedPhaseOffset, 300 seconds).
inline constexpr std::uint64_t kMostClockChange = std::uint64_t{300} * 10'000'000;

}  // namespace poolblame

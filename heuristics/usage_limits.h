// How full the pools are: against what this Windows allows with the image's memory, and against what its user expects.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "heuristics/usage.h"

namespace poolblame {

/// One pool against Windows' own limit.
struct PoolFill {
  UsageType type = UsageType::kUnknown;
  std::uint64_t held = 0;           // bytes, as BytesHeld
  std::uint64_t limit = 0;          // bytes
  std::string rule;                 // "75 % of 4 GiB of RAM"
  bool exhausted = false;           // from kPoolUsageMaximum on
  std::optional<UsageRow> largest;  // who holds most of it, where it is exhausted

  [[nodiscard]] double share() const { return static_cast<double>(held) / static_cast<double>(limit); }
};

/// Bytes that the pool has from the memory manager: in use and free, or what the kernel counted where that is more.
std::uint64_t BytesHeld(const Usage& usage, UsageType type);

/// Nonpaged and paged pool; one that depends on RAM is left out where the image does not say how much there is.
std::vector<PoolFill> FillOfPools(const Usage& usage, const System& system);

enum class LimitState { kOk, kWarning, kCritical };
/// "OK", "WARNING", "CRITICAL".
const char* LimitStateName(LimitState state);

/// What somebody expects of a pool: "nonpaged=300M:500M".
struct ExpectedLimit {
  UsageType type = UsageType::kUnknown;
  std::uint64_t warning = 0;              // bytes, from here on
  std::optional<std::uint64_t> critical;  // not less than `warning`

  [[nodiscard]] LimitState StateOf(std::uint64_t held) const;
};

/// TYPE=WARNING[:CRITICAL], sizes in bytes or with K, M, G or T (powers of 1,024). Nothing for anything else.
std::optional<ExpectedLimit> ParseExpectedLimit(std::string_view text);

}  // namespace poolblame

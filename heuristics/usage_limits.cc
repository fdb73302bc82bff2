#include "heuristics/usage_limits.h"

#include <algorithm>
#include <array>
#include <charconv>

#include "parser/format/pool_limits.h"

namespace poolblame {
namespace {

const PoolLimits* LimitsOf(const System& system) {
  const bool is_64bit = PointerSize(system.machine) == 8;
  const PoolLimits* limits = nullptr;
  for (const PoolLimits& row : kPoolLimits)
    if (system.build && row.is_64bit == is_64bit && row.first_build <= *system.build) limits = &row;
  return limits;
}

std::string Rounded(std::uint64_t bytes) {
  if (bytes >= kGiB) return std::to_string(bytes / kGiB) + " GiB";
  return bytes >= kMiB ? std::to_string(bytes / kMiB) + " MiB" : std::to_string(bytes >> 10) + " KiB";
}

/// Nothing where it depends on RAM and that is not known.
std::optional<PoolFill> FillUnder(const PoolLimitRule& rule, const System& system) {
  PoolFill fill;
  fill.limit = rule.bytes;
  fill.rule = Rounded(rule.bytes);
  if (rule.percent_of_ram == 0) return fill;
  if (!system.physical_pages) return std::nullopt;
  const std::uint64_t ram = *system.physical_pages * kPageSize;
  const std::uint64_t share = ram / 100 * rule.percent_of_ram;
  if (share >= rule.bytes) return fill;
  fill.limit = share;
  fill.rule = Rounded(ram) + " of RAM";
  if (rule.percent_of_ram < 100) fill.rule = std::to_string(rule.percent_of_ram) + " % of " + fill.rule;
  return fill;
}

std::optional<UsageRow> LargestOf(const Usage& usage, UsageType type) {
  const UsageRow* largest = nullptr;
  for (const UsageRow& row : usage.rows)
    if (row.type == type && (largest == nullptr || row.bytes() > largest->bytes())) largest = &row;
  return largest == nullptr ? std::nullopt : std::optional(*largest);
}

std::optional<std::uint64_t> ParseSize(std::string_view text) {
  constexpr std::array<std::pair<char, unsigned>, 4> kSuffixes = {{{'K', 10}, {'M', 20}, {'G', 30}, {'T', 40}}};
  unsigned shift = 0;
  for (const auto& [letter, bits] : kSuffixes)
    if (!text.empty() && (text.back() == letter || text.back() == letter + ('a' - 'A'))) shift = bits;
  if (shift != 0) text.remove_suffix(1);
  std::uint64_t number = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), number);
  if (error != std::errc() || end != text.data() + text.size() || number > ~std::uint64_t{0} >> shift)
    return std::nullopt;
  return number << shift;
}

std::optional<UsageType> ParseType(std::string_view text) {
  for (const UsageType type : {UsageType::kNonPaged, UsageType::kPaged, UsageType::kSession})
    if (text == UsageTypeName(type)) return type;
  return std::nullopt;
}

}  // namespace

std::uint64_t BytesHeld(const Usage& usage, UsageType type) {
  const UsageTotal& total = usage.Total(type);
  std::uint64_t counted = 0;
  for (const UsageRow& row : usage.rows)
    if (row.type == type && row.by_tracker) counted += row.tracked->bytes;
  return std::max(counted, total.bytes + total.free_bytes + total.listed_bytes);
}

std::vector<PoolFill> FillOfPools(const Usage& usage, const System& system) {
  std::vector<PoolFill> fills;
  const PoolLimits* limits = LimitsOf(system);
  if (limits == nullptr) return fills;
  for (const UsageType type : {UsageType::kNonPaged, UsageType::kPaged}) {
    auto fill = FillUnder(type == UsageType::kPaged ? limits->paged : limits->nonpaged, system);
    if (!fill || fill->limit == 0) continue;
    fill->type = type;
    fill->held = BytesHeld(usage, type);
    fill->exhausted = fill->share() * 100 >= kPoolUsageMaximum;
    if (fill->exhausted) fill->largest = LargestOf(usage, type);
    fills.push_back(std::move(*fill));
  }
  return fills;
}

const char* LimitStateName(LimitState state) {
  switch (state) {
    case LimitState::kOk:
      return "OK";
    case LimitState::kWarning:
      return "WARNING";
    case LimitState::kCritical:
      break;
  }
  return "CRITICAL";
}

LimitState ExpectedLimit::StateOf(std::uint64_t held) const {
  if (critical && held >= *critical) return LimitState::kCritical;
  return held >= warning ? LimitState::kWarning : LimitState::kOk;
}

std::optional<ExpectedLimit> ParseExpectedLimit(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos) return std::nullopt;
  const auto type = ParseType(text.substr(0, equals));
  const std::string_view sizes = text.substr(equals + 1);
  const std::size_t colon = sizes.find(':');
  const auto warning = ParseSize(sizes.substr(0, colon));
  if (!type || !warning) return std::nullopt;
  ExpectedLimit limit{*type, *warning, std::nullopt};
  if (colon == std::string_view::npos) return limit;
  limit.critical = ParseSize(sizes.substr(colon + 1));
  if (!limit.critical || *limit.critical < limit.warning) return std::nullopt;
  return limit;
}

}  // namespace poolblame

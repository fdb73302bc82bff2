// How large Windows lets a pool become, one row a range of Windows.
//
// Source: Microsoft, "Memory Limits for Windows and Windows Server Releases". 32-bit Vista and later are limited by
// kernel address space, 2 GB without 4GT. Where it says "depending on configuration", or names the commit limit or a
// registry value, the row is what can at most be. 6001 and 6002 are Vista's and Server 2008's kernel alike: the larger
// of the two. What stands for Windows 8.1 holds for all later ones.
#pragma once

#include <array>
#include <cstdint>

namespace poolblame {

/// The smaller of the two.
struct PoolLimitRule {
  std::uint32_t percent_of_ram = 0;  // 0 = RAM sets no limit
  std::uint64_t bytes = 0;
};

struct PoolLimits {
  std::uint32_t first_build = 0;
  bool is_64bit = false;
  PoolLimitRule nonpaged, paged;
};

inline constexpr std::uint64_t kMiB = std::uint64_t{1} << 20, kGiB = std::uint64_t{1} << 30;

/// Ascending by build; a build belongs to the last row of its width that is not above it.
inline constexpr std::array<PoolLimits, 10> kPoolLimits = {{
    {2195, false, {0, 256 * kMiB}, {0, 350 * kMiB}},
    {2600, false, {0, 256 * kMiB}, {0, 490 * kMiB}},
    {3790, false, {0, 256 * kMiB}, {0, 530 * kMiB}},
    {6000, false, {100, 2 * kGiB}, {0, 2 * kGiB}},
    {7600, false, {75, 2 * kGiB}, {0, 2 * kGiB}},
    {3790, true, {0, 128 * kGiB}, {0, 128 * kGiB}},
    {6000, true, {40, 128 * kGiB}, {0, 128 * kGiB}},
    {6001, true, {75, 128 * kGiB}, {0, 128 * kGiB}},
    {9200, true, {100, 128 * kGiB}, {0, 384 * kGiB}},
    {9600, true, {100, 16384 * kGiB}, {0, 15872 * kGiB}},
}};

/// A request to trim starts at this share of paged pool (Microsoft KB 312362, PoolUsageMaximum): from here on a pool is
/// about to be exhausted.
inline constexpr std::uint32_t kPoolUsageMaximum = 80;  // percent

}  // namespace poolblame

// Build number -> name and allocator. Ranges, because enablement packages and service packs share a kernel and the
// header may carry the base number of a later release.
// Sources: public build lists (betawiki, SyscallTables); see the ranges for the first build of each release.
#include <array>
#include <string>

#include "parser/kernel/system.h"

namespace poolblame {
namespace {

struct WindowsRelease {
  std::uint32_t first_build;
  const char* name;
};

// Ascending; a build belongs to the last row that is not above it.
constexpr std::array<WindowsRelease, 24> kReleases = {{
    {0, "Windows NT"},
    {2195, "Windows 2000"},
    {2600, "Windows XP"},
    {3790, "Windows XP x64 / Server 2003"},
    {6000, "Windows Vista"},
    {6001, "Windows Vista / Server 2008"},
    {7600, "Windows 7 / Server 2008 R2"},
    {9200, "Windows 8 / Server 2012"},
    {9600, "Windows 8.1 / Server 2012 R2"},
    {10240, "Windows 10 1507"},
    {10586, "Windows 10 1511"},
    {14393, "Windows 10 1607 / Server 2016"},
    {15063, "Windows 10 1703"},
    {16299, "Windows 10 1709"},
    {17134, "Windows 10 1803"},
    {17763, "Windows 10 1809 / Server 2019"},
    {18362, "Windows 10 1903 or 1909"},
    {19041, "Windows 10 2004 to 22H2"},
    {20348, "Windows Server 2022"},
    {22000, "Windows 11 21H2"},
    {22621, "Windows 11 22H2 or 23H2"},
    {25398, "Windows Server 23H2"},
    {26100, "Windows 11 24H2 or 25H2 / Server 2025"},
    {27000, "Windows (newer than 11 25H2)"},
}};

constexpr std::uint32_t kFirstSegmentHeapBuild = 18362;

}  // namespace

std::string WindowsName(std::optional<std::uint32_t> build) {
  const char* name = "Windows (unknown version)";
  if (!build || *build == 0) return name;
  for (const WindowsRelease& release : kReleases) {
    if (*build >= release.first_build) name = release.name;
  }
  return name;
}

bool UsesSegmentHeap(std::optional<std::uint32_t> build) { return build && *build >= kFirstSegmentHeapBuild; }

}  // namespace poolblame

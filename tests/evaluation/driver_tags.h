// Whose is the tag, by code alone: images of the sample builder with whole driver images (code=yes), every tag ranked
// without the tag table, against the builder's truth.
#pragma once

#include <cstdint>
#include <map>
#include <string>

namespace poolblame::evaluation {

struct DriverTagCounts {
  std::uint32_t tags = 0;
  std::uint32_t first = 0;        // the right driver is the first candidate
  std::uint32_t named = 0;        // and is named
  std::uint32_t named_wrong = 0;  // another one is named
};

struct DriverTagScore {
  std::uint32_t images = 0, failed = 0;            // failed: not built or not opened
  std::map<std::string, DriverTagCounts> holding;  // by the builder's word for how the driver's code holds the tag
  std::map<std::string, DriverTagCounts> machine;  // by machine, of all tags that a driver's image has
  double seconds = 0;                              // of the searches

  /// Of all tags that a driver's image has.
  [[nodiscard]] DriverTagCounts held() const;
  [[nodiscard]] std::string Table() const;
};

/// `images` images from `seed` on: x86, x64 and ARM64, every Windows, full, bitmap and raw.
DriverTagScore ScoreDriverTags(std::uint32_t images, std::uint64_t seed);

}  // namespace poolblame::evaluation

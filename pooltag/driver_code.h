// Searches the images of the loaded drivers for pool tags and says what each place is: an argument on its way to the
// allocator, another operand, a constant in data, or chance. It reports facts; whose the tag is, is weighed elsewhere.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

#include "parser/base/pool_tag.h"
#include "parser/kernel/system.h"
#include "pooltag/tag_site.h"

namespace poolblame {

/// How much of a driver's image was there to be searched, in bytes.
struct SearchedDriver {
  std::size_t module = 0;  // in System::modules
  std::uint64_t code = 0, data = 0;
  std::uint64_t missing_code = 0;  // executable, but not in the image: paged out, left out, discarded after start
};

struct DriverTagUses {
  std::size_t driver = 0;                            // in CodeSearch::drivers
  std::array<std::uint32_t, kTagUseCount> counts{};  // places by TagUse
  std::vector<TagSite> sites;                        // chance left out; what says most first

  /// What says most of all places; kChance where there is nothing else.
  [[nodiscard]] TagUse best() const;
};

struct CodeSearch {
  std::vector<SearchedDriver> drivers;                 // loaded ones, in the order of System::modules
  std::map<PoolTag, std::vector<DriverTagUses>> uses;  // by PoolTag::name(); an entry for every tag that was asked for

  /// Code of any driver is in the image. Triage dumps have none.
  [[nodiscard]] bool has_code() const;
};

/// One pass over all drivers for all tags. Cost: some two nanoseconds a byte of their images (134 MB took 0.35 s for 20
/// tags) and 30 us a place; bounded whatever the image says.
CodeSearch SearchDriverCode(const AddressSpace& space, const System& system, const std::vector<PoolTag>& tags);

}  // namespace poolblame

// Pool pages of one analysis by address. Scenes of one area ask for the same neighbours again and again, and to walk or
// reconstruct a page costs up to milliseconds; here each is looked at once, and scenes hold it together.
#pragma once

#include <cstddef>
#include <cstdint>
#include <deque>
#include <map>
#include <memory>

#include "parser/image/address_space.h"
#include "parser/kernel/system.h"
#include "parser/pool/pool_census.h"

namespace poolblame {

/// Not for use by several threads at once.
class PageCache {
 public:
  PageCache(const AddressSpace& space, const System& system, const PoolCensus& census)
      : space_(space), system_(system), census_(census) {}

  /// What ReadPoolPage says of the page that holds `address`; nullptr when it is not classic pool or not readable. The
  /// page stays alive as long as somebody holds it.
  std::shared_ptr<const PoolPage> PoolPageAt(VirtAddr address);

  /// Pages remembered, those that are no pool included. A page of 8-byte blocks takes 40 KiB, a usual one 6 KiB; the
  /// pages asked for twice lie close together (the most for one scene is 67: FollowAllocationDown).
  static constexpr std::size_t kMostPages = 256;

 private:
  const AddressSpace& space_;
  const System& system_;
  const PoolCensus& census_;
  std::map<std::uint64_t, std::shared_ptr<const PoolPage>> pages_;
  std::deque<std::uint64_t> order_;  // of arrival: the oldest goes first
};

}  // namespace poolblame

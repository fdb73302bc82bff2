// Every block of an image's pool once, whatever its backend and state, for those who count and list them. Facts only:
// blocks whose content may be learned from are a matter of heuristics/block_walk.h.
#pragma once

#include <cstdint>
#include <functional>

#include "parser/base/address.h"
#include "parser/base/pool_tag.h"
#include "parser/image/address_space.h"
#include "parser/kernel/system.h"
#include "parser/pool/pool_census.h"

namespace poolblame {

struct PlacedBlock {
  VirtAddr begin{};         // its POOL_HEADER; of a block without one its first byte
  VirtAddr address{};       // what the caller was given
  std::uint64_t bytes = 0;  // from `begin` to its end, less pages given back; of a big allocation what was asked for
  PoolTag tag;              // without the protected bit; meaningless where it is not known
  bool tag_known = true;
  bool damaged = false;   // bytes of its header are wrong; the other members are what they must have been
  bool physical = false;  // the page's kernel address is not known: `begin` and `address` are physical
  BlockState state = BlockState::kUnknown;
  PoolKind kind = PoolKind::kUnknown;
  PoolBackend backend = PoolBackend::kClassic;
};

struct BlockCoverage {
  std::uint64_t pages = 0;           // pages of blocks that were walked
  std::uint64_t pages_left_out = 0;  // beyond what a census keeps
};

/// Classic pages in image order, pages of the segment heap and big allocations by address; the same order whatever the
/// number of threads. A block on a lookaside or delay-free list is kLookaside as far as the image says so. Special pool
/// is left out. Cost: a header a block; of the segment heap each subsegment once.
BlockCoverage ForEachPoolBlock(const AddressSpace& space, const System& system, const PoolCensus& census,
                               const std::function<void(const PlacedBlock&)>& visit);

}  // namespace poolblame

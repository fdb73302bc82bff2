// How far each rule of a pool page can be trusted on this system. The pool of one Windows keeps PoolIndex, that of
// another does not; what the image's own pages break is no rule and must not raise an alarm.
#pragma once

#include <cstdint>

#include "parser/pool/page_walk.h"
#include "parser/pool/pool_census.h"

namespace poolblame {

/// Pages that keep or break each rule, summed over the image. Adding is associative, so chunks may be merged.
struct TrustTally {
  std::uint64_t pages = 0;  // whose chain closes and that have at least three blocks
  std::uint64_t one_index = 0, many_indices = 0;
  std::uint64_t one_paged = 0, many_paged = 0;
  std::uint64_t one_session = 0, many_sessions = 0;
  std::uint64_t free_neighbours = 0;
  std::uint64_t odd_tags = 0, verifier_types = 0, aligned_types = 0;
  std::uint64_t lookaside_blocks = 0;
  std::uint64_t sound_links = 0, broken_links = 0;          // LIST_ENTRYs of free blocks
  std::uint64_t sound_lookaside = 0, broken_lookaside = 0;  // single links of blocks on lookaside lists

  void Add(const PageWalk& walk);
  void Add(const TrustTally& other);
};

FieldTrust LearnTrust(const TrustTally& tally);

/// True when a page's oddities break a rule that holds on this image: it must be looked at again.
bool NeedsSecondLook(std::uint16_t oddities, const FieldTrust& trust);

}  // namespace poolblame

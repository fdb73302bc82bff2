#include "parser/pool/field_trust.h"

#include <algorithm>

namespace poolblame {
namespace {

// A rule that single blocks break here and there may be damage; one that several blocks of a page break together, or
// that more than a few pages break, is no rule of this system. 5 %: an image with that many damaged pages is past help.
bool Holds(std::uint64_t one, std::uint64_t many, std::uint64_t pages) {
  return many * 10 <= pages && one + many <= std::max<std::uint64_t>(2, pages / 20);
}

}  // namespace

void TrustTally::Add(const PageWalk& walk) {
  lookaside_blocks += walk.lookaside;
  if (!walk.closes || walk.blocks < 3) return;
  ++pages;
  const auto count = [&](WalkOddity oddity, std::uint64_t& counter) {
    if ((walk.oddities & oddity) != 0) ++counter;
  };
  count(kOneIndexDiffers, one_index);
  count(kManyIndicesDiffer, many_indices);
  count(kOnePagedBitDiffers, one_paged);
  count(kManyPagedBitsDiffer, many_paged);
  count(kOneSessionBitDiffers, one_session);
  count(kManySessionBitsDiffer, many_sessions);
  count(kFreeNeighbours, free_neighbours);
  count(kOddTag, odd_tags);
  count(kVerifierType, verifier_types);
  count(kAlignedType, aligned_types);
}

void TrustTally::Add(const TrustTally& other) {
  pages += other.pages;
  one_index += other.one_index;
  many_indices += other.many_indices;
  one_paged += other.one_paged;
  many_paged += other.many_paged;
  one_session += other.one_session;
  many_sessions += other.many_sessions;
  free_neighbours += other.free_neighbours;
  odd_tags += other.odd_tags;
  verifier_types += other.verifier_types;
  aligned_types += other.aligned_types;
  lookaside_blocks += other.lookaside_blocks;
  sound_links += other.sound_links;
  broken_links += other.broken_links;
  sound_lookaside += other.sound_lookaside;
  broken_lookaside += other.broken_lookaside;
}

FieldTrust LearnTrust(const TrustTally& tally) {
  // Fewer pages than this say nothing about what never happens.
  constexpr std::uint64_t kPagesForNever = 16;
  constexpr std::uint64_t kLinksForSound = 4;
  FieldTrust trust;
  trust.pages_learned_from = tally.pages;
  trust.pool_index_uniform = Holds(tally.one_index, tally.many_indices, tally.pages);
  trust.paged_bit_uniform = Holds(tally.one_paged, tally.many_paged, tally.pages);
  trust.session_bit_uniform = Holds(tally.one_session, tally.many_sessions, tally.pages);
  trust.tags_printable = Holds(tally.odd_tags, 0, tally.pages);
  const auto never = [&](std::uint64_t pages) {
    return tally.pages >= kPagesForNever && pages <= std::max<std::uint64_t>(1, tally.pages / 500);
  };
  trust.free_blocks_coalesce = never(tally.free_neighbours);
  trust.verifier_unused = never(tally.verifier_types);
  trust.aligned_unused = never(tally.aligned_types);
  trust.lookaside_marked = tally.lookaside_blocks > 0 || tally.pages < kPagesForNever;
  // Nine of ten must be sound before one that is not is called broken.
  const auto sound = [](std::uint64_t good, std::uint64_t bad) { return good >= kLinksForSound && bad * 10 <= good; };
  trust.free_links_sound = sound(tally.sound_links, tally.broken_links);
  trust.lookaside_links_sound = sound(tally.sound_lookaside, tally.broken_lookaside);
  return trust;
}

bool NeedsSecondLook(std::uint16_t oddities, const FieldTrust& trust) {
  const auto has = [oddities](int mask) { return (oddities & mask) != 0; };
  return has(kUnknownType) || (trust.pool_index_uniform && has(kOneIndexDiffers | kManyIndicesDiffer)) ||
         (trust.paged_bit_uniform && has(kOnePagedBitDiffers | kManyPagedBitsDiffer)) ||
         (trust.session_bit_uniform && has(kOneSessionBitDiffers | kManySessionBitsDiffer)) ||
         (trust.free_blocks_coalesce && has(kFreeNeighbours)) || (trust.tags_printable && has(kOddTag)) ||
         (trust.verifier_unused && has(kVerifierType)) || (trust.aligned_unused && has(kAlignedType));
}

}  // namespace poolblame

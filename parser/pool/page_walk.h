// The walk of a healthy page: from its first header to its end by BlockSize, every PreviousSize coming back. This is
// all that happens to almost every pool page, so it allocates nothing; what it notes in passing (mixed PoolIndex, two
// free neighbours, …) becomes a rule only after the whole image was seen (see FieldTrust).
#pragma once

#include <array>
#include <cstdint>

#include "parser/pool/header_reader.h"

namespace poolblame {

/// Oddities of a page whose chain closes. Each may be damage, or the habit of this Windows: FieldTrust decides.
enum WalkOddity : std::uint16_t {
  kOneIndexDiffers = 1 << 0,     // one block's PoolIndex differs from all the others
  kManyIndicesDiffer = 1 << 1,   // two or more do
  kOnePagedBitDiffers = 1 << 2,  // the same for the paged bit of blocks that are not free
  kManyPagedBitsDiffer = 1 << 3,
  kOneSessionBitDiffers = 1 << 4,  // and for the session bit
  kManySessionBitsDiffer = 1 << 5,
  kFreeNeighbours = 1 << 6,  // two adjacent free blocks
  kOddTag = 1 << 7,          // an allocated block whose tag is not printable
  kUnknownType = 1 << 8,     // a PoolType outside the legal set
  kVerifierType = 1 << 9,    // a block tracked by Driver Verifier
  kAlignedType = 1 << 10,    // a busy block marked CacheAligned
};

struct PageWalk {
  bool closes = false;  // the chain meets the page end and every PreviousSize agrees
  std::uint16_t oddities = 0;
  std::uint16_t blocks = 0;  // walked, also where the chain breaks
  std::uint16_t allocated = 0, free = 0, lookaside = 0;
  std::uint16_t links = 0;  // headers whose PreviousSize equals the BlockSize before them
};

/// `page` (4096 bytes) holds nothing but zeros: eight words at a time, left at the first that is not.
bool IsZeroPage(const std::uint8_t* page);

/// Walks `page` (4096 bytes). Bounded by the units of a page; no allocation.
PageWalk WalkPage(const std::uint8_t* page, const HeaderReader& reader);

/// True when the walk proves a healthy page. A chain of a few blocks with types or tags nobody knows, or with none of
/// them in use, may close by chance: small numbers are full of zero types.
bool IsHealthyWalk(const PageWalk& walk);

/// Calls `visit(place, header)` for each block of a page whose walk closes.
template <typename Visitor>
void ForEachBlock(const std::uint8_t* page, const HeaderReader& reader, Visitor&& visit) {
  const std::uint32_t end = reader.units_in_page();
  for (std::uint32_t place = 0; place < end;) {
    const QuickHeader header = reader.At(page, place);
    if (header.size == 0 || header.size > end - place) return;
    visit(place, header);
    place += header.size;
  }
}

}  // namespace poolblame

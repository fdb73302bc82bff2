// The most likely page, first half: where are the block boundaries?
//
// The page is read as a message that went through a noisy channel. A tiling of the page into blocks says what every
// header must have held: PreviousSize and BlockSize follow from the boundaries, PoolIndex and pool from the page, the
// type must be legal. Its bytes then either agree (clean) or lie in a run of damage; opening a run is dear, going on
// to the next byte is cheap, also from one header's end to the next header's start. The cheapest tiling is found
// exactly: a header's first bytes (PreviousSize, PoolIndex) depend only on the block before it and the rest only on
// its own size, so the state of the search is (place, is a run open) and all edges (place, next place) are tried:
// O(places²), about 1 ms for the worst x86 page. Places nothing points to and where nothing looks like a header are
// left out: a boundary there has no witness and could never be the cheapest.
#pragma once

#include <cstdint>
#include <vector>

#include "parser/pool/page_profile.h"

namespace poolblame {

struct PageTiling {
  std::vector<std::uint16_t> places;  // of headers, ascending, in units; the end of the page is not among them
  bool leading_tail = false;          // the page starts with the tail of a big allocation
  double cost = 0;                    // nats
  double margin = 0;                  // to the cheapest different tiling, nats; kNoOtherTiling where there is none
};

/// The margin of a page that can be tiled in one way only.
inline constexpr double kNoOtherTiling = 99;

PageTiling TilePage(const std::uint8_t* page, const HeaderReader& reader, const PageProfile& profile,
                    const ImageKnowledge& knowledge);

}  // namespace poolblame

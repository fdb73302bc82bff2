// What the headers of a page say about each other. Payload does not agree with payload by chance, so a tiling that
// denies what two headers say about the boundary between them must pay for it; otherwise one long block that swallows
// the rest of the page would be the cheapest answer to any damage.
#pragma once

#include <cstdint>
#include <vector>

#include "parser/pool/header_reader.h"

namespace poolblame {

/// A claim that a block reaches from one header to another, and what it costs to deny it.
struct Claim {
  std::uint32_t from = 0, to = 0;  // units
  float price = 0;                 // nats
};

/// All claims of a page of 4096 bytes, ascending by `from`: links that both headers affirm, and words of one header
/// (its BlockSize or its PreviousSize) that the other contradicts.
std::vector<Claim> FindClaims(const std::uint8_t* page, const HeaderReader& reader);

}  // namespace poolblame

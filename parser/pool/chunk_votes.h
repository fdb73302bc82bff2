// HeapKey from chunk headers alone, for images without a page segment. Neighbours state the distance between them
// twice, each under its own address, so a pair names a key; the right one is named again and again, and under it
// headers lead to headers. What payload names by chance leads nowhere: it is the chains that decide, not the pairs.
#pragma once

#include <optional>
#include <vector>

#include "parser/base/address.h"
#include "parser/base/byte_view.h"
#include "parser/pool/heap_keys.h"

namespace poolblame {

/// Bytes of VS subsegments from a multiple of 16 on.
struct ChunkBytes {
  VirtAddr address{};
  ByteView bytes;
};

/// The key under which most headers lead to each other. A link counts once, and once more where the POOL_HEADER behind
/// the chunk header states the same size; `second` is what the next best key has. Nothing where fewer than
/// kFewestChunkVotes speak for it or another key has as many. Cost: some 100 µs a page, a few ms for a page of one
/// value.
std::optional<KeyVote> VoteForHeapKeyByChunks(const std::vector<ChunkBytes>& pieces);

/// Two links that POOL_HEADERs confirm, or three that nothing contradicts, with one to spare.
inline constexpr std::uint64_t kFewestChunkVotes = 4;

}  // namespace poolblame

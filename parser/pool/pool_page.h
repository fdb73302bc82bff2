// One page of classic pool as a list of blocks that tiles it. For a healthy page that is the walk; for a damaged one it
// is the most likely page (see page_reconstruction.h): what every header must have been, and which bytes differ.
// No opinion lives here: "these two headers disagree" is a fact, who wrote the bytes is for heuristics/.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "parser/base/address.h"
#include "parser/base/byte_view.h"
#include "parser/base/pool_tag.h"
#include "parser/format/pool_header.h"
#include "parser/format/segment_heap.h"
#include "parser/image/address_space.h"
#include "parser/pool/heap_structure.h"

namespace poolblame {

/// The encoded first word of a VS chunk header, as it stands and as it must have been.
struct ChunkWord {
  std::uint64_t read = 0, expected = 0;
};

struct PoolBlock {
  std::uint32_t offset = 0;         // of the header in the page, bytes
  std::uint32_t size = 0;           // bytes, header included; the recovered size where the header is damaged
  std::uint32_t previous_size = 0;  // bytes; recovered
  PoolHeaderFields read;            // as the bytes stand
  PoolHeaderFields expected;        // as they must have been; equal to `read` in every field that is not damaged
  BlockState state = BlockState::kUnknown;  // from the expected PoolType; kUnknown when that cannot be recovered
  std::uint32_t damaged_bytes = 0;          // bit i: header byte i differs from what it must have been
  std::uint32_t doubtful_bytes =
      0;                  // bit i: header byte i lies inside a run of damage, but its true value is not known
  ChunkWord chunk;        // of a VS chunk; its header bytes come before the POOL_HEADER's in the masks above
  bool tag_known = true;  // false: the tag bytes are damaged and could not be recovered

  [[nodiscard]] bool header_damaged() const { return damaged_bytes != 0; }
  [[nodiscard]] PoolTag tag() const { return {expected.PoolTag}; }
};

/// A header that lies inside a free block because the allocator left it there when it coalesced: who was here last.
struct StaleHeader {
  std::uint32_t offset = 0;
  PoolHeaderFields fields;
};

/// What is wrong with the LIST_ENTRY of a free block (or the single link of a lookaside block).
enum class LinkProblem {
  kNotKernelAddress,  // a link that no pool list may hold
  kBrokenBackLink,    // Flink->Blink or Blink->Flink does not come back
  kOnlyOneDamaged,    // one of the two links is sound
  kEndsEarly,         // zero, where the list says that it goes on
  kTwiceOnList,       // the list leads back to this block
};
struct FreeLinkFinding {
  std::size_t block = 0;  // index in PoolPage::blocks
  LinkProblem problem = LinkProblem::kNotKernelAddress;
  std::uint32_t offset = 0;                    // of the bad link in the page, bytes
  std::uint32_t length = 0;                    // bytes of links that are wrong
  std::uint64_t value = 0;                     // the first bad link as read
  std::uint64_t target_value = 0;              // what stands where the link should come back; 0 where unreadable
  std::optional<std::uint64_t> expected = {};  // what must stand there, where other links say it
};

/// Two adjacent free blocks that the allocator would have merged.
struct UncoalescedPair {
  std::size_t first_block = 0;
};

/// Which allocator's rules hold for a page.
enum class PoolBackend { kClassic, kVs, kLfh, kPageSegment, kBig };

struct PoolPage {
  std::optional<VirtAddr> address;  // of the page; nothing where no mapping is known
  std::optional<Pfn> pfn;
  PageBytes bytes;  // 4096 bytes
  const PoolHeaderLayout* layout = nullptr;
  PoolBackend backend = PoolBackend::kClassic;
  std::vector<PoolBlock> blocks;     // ascending, tiling [first block's offset, 4096); in a segment heap the last may
                                     // end behind the page
  std::uint32_t leading_bytes = 0;   // bytes before the first block that belong to a block of an earlier page
  std::uint64_t leading_before = 0;  // bytes of that block on earlier pages, where they are known
  bool leading_begin_known = true;   // false: nothing in the image says where that block begins
  std::vector<StaleHeader> stale_headers;
  std::vector<FreeLinkFinding> free_links;
  std::vector<UncoalescedPair> uncoalesced;
  std::optional<HeapStructure> structure;  // that begins on this page and is damaged
  double cost = 0;                         // disagreement of this tiling, in nats; 0 for a healthy page
  double margin = 0;                       // how much more the second-best tiling costs, nats

  /// Bytes from a block's begin to its payload.
  [[nodiscard]] std::uint32_t header_size() const { return chunk_header() + layout->header_size; }
  /// Of a VS chunk, before each POOL_HEADER.
  [[nodiscard]] std::uint32_t chunk_header() const { return backend == PoolBackend::kVs ? kChunkHeaderBytes : 0; }
  [[nodiscard]] bool headers_damaged() const;
  [[nodiscard]] bool has_findings() const {
    return headers_damaged() || !free_links.empty() || !uncoalesced.empty() || structure.has_value();
  }
  /// The header of `block` as it must have been, as far as that is known: of a VS chunk its encoded word, the eight
  /// bytes behind it as they stand, and the POOL_HEADER where one lies behind them.
  [[nodiscard]] std::vector<std::uint8_t> ExpectedHeader(const PoolBlock& block) const;
  /// Index of the block that holds the byte at `offset`, or nothing (leading bytes).
  [[nodiscard]] std::optional<std::size_t> BlockIndexAt(std::uint32_t offset) const;
};

}  // namespace poolblame

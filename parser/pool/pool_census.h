// The pool of a whole image, seen once: counts, what healthy pages taught about this system, a few blocks of every tag
// to compare with, and every page that has something to say.
#pragma once

#include <array>
#include <cstdint>
#include <functional>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "parser/base/address.h"
#include "parser/format/pool_header.h"
#include "parser/image/address_space.h"
#include "parser/kernel/system.h"
#include "parser/pool/adjacency.h"
#include "parser/pool/big_page_table.h"
#include "parser/pool/pool_page.h"
#include "parser/pool/special_pool.h"

namespace poolblame {

class SegmentHeap;

enum class LayoutSource { kHeader, kInferred, kOption };  // REPORT.md's `layout_source`

/// A healthy pool page seen in the scan. 24 bytes each; the bytes stay in the mapping.
struct PoolPageRef {
  const std::uint8_t* bytes = nullptr;
  std::optional<VirtAddr> address;
  Pfn pfn = 0;  // meaningless in virtual images
};

/// One healthy block kept as an example of its tag.
struct BlockSample {
  const std::uint8_t* header = nullptr;  // `size` bytes from here are the block
  VirtAddr address{};                    // of the header; 0 where unknown
  std::uint32_t size = 0;                // bytes, header included
  BlockState state = BlockState::kUnknown;
};

struct TagStatistics {
  std::uint64_t allocated = 0, free = 0;  // blocks
  std::uint64_t bytes = 0;                // of allocated blocks, headers included
  bool seen_paged = false, seen_nonpaged = false;
  std::map<std::uint32_t, std::uint32_t> sizes;  // bytes -> allocated blocks (at most kMaxSizesPerTag entries)
  TagNeighbours neighbours;                      // where it stands below an intact block
  std::vector<BlockSample> samples;              // first in image order, at most kMaxSamplesPerTag
  static constexpr std::size_t kMaxSizesPerTag = 64;
  static constexpr std::size_t kMaxSamplesPerTag = 48;
};

/// How far each rule holds on this image, learned from its healthy pages. A rule that healthy pages break is no rule.
struct FieldTrust {
  bool pool_index_uniform = true;     // all blocks of a page share PoolIndex
  bool paged_bit_uniform = true;      // all blocks of a page are of one pool
  bool session_bit_uniform = true;    // session pool and other pool do not share a page
  bool tags_printable = true;         // allocated blocks carry printable tags
  bool verifier_unused = false;       // no block is tracked by Driver Verifier (PoolType bit 0x40)
  bool aligned_unused = false;        // no busy block carries CacheAligned (PoolType 6 or 7 of Vista and later)
  bool free_blocks_coalesce = true;   // two adjacent free blocks do not occur
  bool lookaside_marked = true;       // blocks on lookaside lists carry a freed mark
  bool free_links_sound = true;       // free blocks carry LIST_ENTRYs that come back
  bool lookaside_links_sound = true;  // blocks on lookaside lists carry one pointer, null or kernel
  std::uint64_t pages_learned_from = 0;
};

struct NotJudged {
  std::string reason;
  std::optional<VirtAddr> address;
};

/// A block in use that is charged to a process, as its POOL_HEADER says.
struct ChargedBlock {
  VirtAddr header{};         // its POOL_HEADER
  std::uint64_t billed = 0;  // ProcessBilled as it stands
};

/// A block in use that Driver Verifier tracks, as its POOL_HEADER says.
struct TrackedBlock {
  VirtAddr header{};        // its POOL_HEADER
  std::uint32_t bytes = 0;  // from there to its end
  PoolTag tag;
};

struct PoolCensus {
  const PoolHeaderLayout* layout = nullptr;  // nullptr when no classic pool page was found
  LayoutSource layout_source = LayoutSource::kHeader;
  double layout_margin = 0;           // votes of the best layout over the second, when inferred
  std::string allocator = "unknown";  // REPORT.md: classic|segment-heap|special|unknown
  std::uint64_t pages_in_image = 0, pages_read = 0, pages_unreadable = 0;
  std::uint64_t pool_pages = 0, pool_blocks = 0, allocated = 0, free = 0, big_allocations = 0;
  std::uint64_t segment_heap_pages = 0, special_pool_pages = 0, stale_pages = 0;  // seen and not judged as classic
  FieldTrust trust;
  std::shared_ptr<const SegmentHeap> segment_heap;  // nullptr where the pool is none, or its key was not found
  std::vector<BigAllocation> big_pages;             // live, by address; empty where the image has no table of them
  std::vector<BigAllocation> big_last_owners;       // of freed memory, by address
  std::map<PoolTag, TagStatistics> tags;            // by name() (protected bit removed)
  PairCounts pairs;                                 // of all tags: what their neighbours' counts are parts of
  std::vector<PoolPageRef> healthy_pages;           // in image order, at most kMaxHealthyPages
  std::vector<PoolPageRef> second_look_pages;       // looked at twice, nothing found; in image order; without bytes
  // Small blocks in use whose first pointer, and not their second, leads to itself, by their begin.
  std::vector<VirtAddr> self_linked;
  std::vector<ChargedBlock> charged;              // of the segment heap, in image order, at most kMaxCharged
  std::vector<TrackedBlock> tracked;              // in image order, at most kMaxTracked
  std::vector<PoolPage> findings;                 // pages with something to say, in image order
  std::vector<SpecialPoolPage> special_findings;  // damaged special-pool pages, in image order
  std::vector<FreedSpecialPool> freed_special;    // records of frees whose block the bug check names
  std::vector<NotJudged> not_judged;
  std::vector<std::string> notes;

  /// Keeps alive what `bytes` and `header` pointers above point into where a page was joined from several ranges.
  std::vector<std::shared_ptr<const std::array<std::uint8_t, 4096>>> joined_pages;

  static constexpr std::size_t kMaxHealthyPages = std::size_t{1} << 17;  // 4 MiB of references to 512 MiB of pool
  static constexpr std::size_t kMaxCharged = std::size_t{1} << 16;       // 1 MiB; enough to learn what is right
  static constexpr std::size_t kMaxTracked = std::size_t{1} << 16;       // 1 MiB; some drivers' blocks, not all pool
  static constexpr std::size_t kMaxFindings = 1024;  // an image with more damaged pages is not a pool problem
  static constexpr std::size_t kMaxNotJudged = 64;   // then one line with the number of the rest

  /// Statistics of the tag, protected bit aside; nullptr where no healthy page has it.
  [[nodiscard]] const TagStatistics* Tag(PoolTag tag) const;
};

struct ScanOptions {
  unsigned threads = 0;                                                   // 0 = as many as the machine has
  std::optional<std::string> forced_layout;                               // a PoolHeaderLayout name
  std::function<void(std::uint64_t done, std::uint64_t total)> progress;  // called from one thread, may be empty
};

/// Scans the image. Physical images are read once in file order, in parallel chunks; the result does not depend on the
/// thread count. A page is judged only where it can be real: where page tables exist, a page no kernel address maps is
/// stale and only counted. Pages the bug check names are looked at first and are reported when absent.
PoolCensus ScanPool(const AddressSpace& space, const System& system, const ScanOptions& options);

/// One page by virtual address, walked or reconstructed; nothing when it is not classic pool or not readable.
std::optional<PoolPage> ReadPoolPage(const AddressSpace& space, const System& system, const PoolCensus& census,
                                     VirtAddr page);

/// What a page is, for `poolblame page` and for not_judged reasons.
enum class PageClass {
  kClassicPool,
  kDamagedClassicPool,
  kSegmentHeapLfh,
  kSegmentHeapVs,
  kSpecialPool,
  kBigAllocation,
  kZero,
  kNotPool
};
const char* PageClassName(PageClass page_class);
PageClass ClassifyPage(ByteView page, const PoolHeaderLayout& layout);

}  // namespace poolblame

// The scene of one incident: the damaged page with the page before and the page behind it as one stretch of memory, the
// blocks that tile it, and the spots where bytes are wrong. Signals look at nothing else, so that a run of damage over
// a page boundary is the same case as one inside a page.
#pragma once

#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "heuristics/content_model.h"
#include "heuristics/page_cache.h"
#include "heuristics/report.h"
#include "parser/image/address_space.h"
#include "parser/kernel/system.h"
#include "parser/pool/pool_census.h"
#include "parser/pool/pool_page.h"
#include "parser/pool/pool_trace.h"
#include "parser/pool/verifier_records.h"

namespace poolblame {

struct CrossingFit;
struct RunFit;

/// A block in scene coordinates (offsets from the scene's first byte).
struct SceneBlock {
  std::uint32_t begin = 0, end = 0;     // header included
  std::uint32_t header_size = 0;        // 0 for the tail of a big allocation: it has no header
  std::uint32_t chunk_header = 0;       // bytes of it before the POOL_HEADER: of a VS chunk
  const PoolBlock* block = nullptr;     // nullptr for the tail of a big allocation, and for a structure of the heap
  std::size_t page = 0;                 // index in Scene::pages
  std::uint64_t bytes_before = 0;       // of a big allocation: what lies before this block's first byte
  bool begin_known = true;              // false: it begins before what the image has, nobody knows where
  std::uint32_t absent_header = 0;      // bytes of the header of a segment heap's block that begins before the scene
  std::optional<PoolTag> big_tag = {};  // of a big allocation that the image's table of them has
  bool big_freed = false;               // that table says so of its last owner
  const HeapStructure* structure = nullptr;  // nobody's block: a header of the segment heap's own
  [[nodiscard]] std::uint32_t payload() const { return begin + header_size; }
  /// Bytes from the POOL_HEADER on: the size that TagStatistics counts.
  [[nodiscard]] std::uint32_t pool_size() const { return end - begin - chunk_header; }
  /// Of the byte behind the tag, from `begin`.
  [[nodiscard]] std::uint32_t tag_end() const {
    constexpr std::uint32_t kTagEnd = 8;
    return chunk_header + kTagEnd;
  }
  /// Nothing where the tag is damaged beyond recovery, or a big allocation is in no table.
  [[nodiscard]] std::optional<PoolTag> tag() const;
};

enum class SpotKind {
  kHeader,     // bytes of a POOL_HEADER
  kLink,       // links of a free block
  kPayload,    // bytes that every sibling has otherwise
  kStructure,  // bytes of a structure of the segment heap
  kNamed,      // no byte is known to be wrong: the bug check points at this block
  kComplaint,  // the same, and the bug check says that something in or around the block is damaged
};

/// A stretch of wrong bytes in one block.
struct Spot {
  SpotKind kind = SpotKind::kHeader;
  std::size_t block = 0;             // index in Scene::blocks
  std::uint32_t begin = 0, end = 0;  // hull of the wrong bytes
  std::uint32_t certain_bytes = 0;
  std::uint32_t differing_bits = 0;            // against what must have stood there; 0 = not known
  std::optional<std::uint64_t> expected = {};  // of a link: what must have stood there, where other links say it
  bool twice_on_list = false;                  // of a link: the list that its block is on leads back to it
};

/// May be copied: its blocks point into pages that all copies hold together and nobody changes.
struct Scene {
  const AddressSpace* space = nullptr;
  const System* system = nullptr;
  const PoolCensus* census = nullptr;
  const TagDatabase* tags = nullptr;
  std::optional<std::size_t> finding;  // index in census->findings of the page with the first spot
  std::uint64_t base = 0;              // address of byte 0; physical when `physical`
  bool physical = false;
  std::vector<std::uint8_t> bytes;
  std::vector<std::shared_ptr<const PoolPage>> pages;  // ascending, never nullptr
  std::vector<SceneBlock> blocks;                      // ascending
  std::vector<Spot> spots;                             // ascending, of this incident only
  bool page_before_missing = false;  // damage starts with the page's first byte and the page before is not here
  std::optional<VirtAddr> lacking;   // of a segment heap: the page with the header of the block in front of the damage
  bool named_by_crash = false;       // the bug check points at this page
  std::shared_ptr<const ImageContents> contents;   // what blocks of each tag hold, of any size
  std::shared_ptr<const PoolTraceLog> traces;      // Driver Verifier's log of pool calls; may be empty or nullptr
  std::shared_ptr<const VerifierRecords> records;  // of blocks that it tracks; may be empty or nullptr
  std::shared_ptr<const RunFit> run_fit;           // where the write started and stopped; nullptr: not to be told
  std::shared_ptr<const CrossingFit> crossing;     // of an overrun that left the header sound; nullptr: of none
  bool victim_is_listed = false;                   // its header is damaged, but a free list still leads to it
  std::uint32_t ring_blocks = 0;                   // of a list that leads back to the victim: blocks on it
  const BugCheckAddress* crash_address = nullptr;  // the first of its addresses that does

  [[nodiscard]] const PoolHeaderLayout& layout() const { return *census->layout; }
  [[nodiscard]] std::uint32_t pointer_size() const { return layout().is_64bit ? 8 : 4; }
  [[nodiscard]] std::uint32_t damage_begin() const { return spots.front().begin; }
  [[nodiscard]] std::uint32_t damage_end() const { return spots.back().end; }
  [[nodiscard]] std::uint64_t AddressOf(std::uint32_t offset) const { return base + offset; }
  /// False where only the bug check speaks of the block.
  [[nodiscard]] bool shows_damage() const {
    return spots.front().kind != SpotKind::kNamed && spots.front().kind != SpotKind::kComplaint;
  }
  /// The block hit first.
  [[nodiscard]] std::size_t victim() const { return spots.front().block; }
  [[nodiscard]] bool HasSpot(SpotKind kind) const;
  /// The block below `block` when the two touch; nothing at a hole.
  [[nodiscard]] std::optional<std::size_t> Below(std::size_t block) const;
  /// The block whose header lies at `header`, which is virtual.
  [[nodiscard]] std::optional<std::size_t> BlockAt(VirtAddr header) const;
  /// The page in this scene that `block` lies in.
  [[nodiscard]] const PoolPage& PageOf(const SceneBlock& block) const { return *pages[block.page]; }
  [[nodiscard]] BlockReference Reference(std::size_t block) const;
};

/// Sets the scenes of one image. What it is made from must outlive it and its scenes.
class SceneSetter {
 public:
  /// `threads` may walk the image; 0: as many as the machine has.
  SceneSetter(const AddressSpace& space, const System& system, const PoolCensus& census, const TagDatabase& tags,
              unsigned threads = 0)
      : space_(space),
        system_(system),
        census_(census),
        tags_(tags),
        threads_(threads),
        cache_(space, system, census) {}

  /// Builds the stretch of memory around `page`: the page itself and, where they are readable and contiguous, one page
  /// before and one behind. Spots are left empty. Cost: up to 66 pages are walked (FollowAllocationDown), each once
  /// for all scenes near it.
  Scene Set(PoolPage page);

  /// One page as the image has it; nothing when it is not classic pool or not readable.
  std::shared_ptr<const PoolPage> PoolPageAt(VirtAddr address) { return cache_.PoolPageAt(address); }

  [[nodiscard]] const AddressSpace& space() const { return space_; }
  [[nodiscard]] const System& system() const { return system_; }
  [[nodiscard]] const PoolCensus& census() const { return census_; }
  [[nodiscard]] const TagDatabase& tags() const { return tags_; }
  [[nodiscard]] unsigned threads() const { return threads_; }

 private:
  std::shared_ptr<const PoolPage> NeighbourPage(VirtAddr address);
  void FollowAllocationDown(SceneBlock& block, VirtAddr page);
  void AskWhoseBigItIs(Scene& scene, bool opaque_before);

  const AddressSpace& space_;
  const System& system_;
  const PoolCensus& census_;
  const TagDatabase& tags_;
  unsigned threads_;
  PageCache cache_;
};

}  // namespace poolblame

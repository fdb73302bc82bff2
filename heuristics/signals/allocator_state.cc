// E1, E2, E8, B10: what the allocator's own records say. A broken link behind a sound header: somebody wrote into freed
// memory. A link that leads to itself: freed twice. A link that is off by a small step: a counter that is no longer
// one. Looks the same: lists that are being changed while the dump is written; those are not asked (see FieldTrust).
#include <algorithm>
#include <bit>
#include <cmath>

#include "heuristics/content.h"
#include "heuristics/link_repair.h"
#include "heuristics/signals/signals.h"
#include "parser/image/container.h"
#include "parser/pool/segment_heap.h"

namespace poolblame {
namespace {

std::uint64_t FirstLink(const Scene& scene) {
  const std::uint32_t at = scene.spots.front().begin;
  const std::uint32_t size = scene.pointer_size();
  return at + size <= scene.bytes.size() ? WordAt(Bytes(scene.bytes).subspan(at), size) : 0;
}

/// True when `link` is the list entry of a free block elsewhere in the pool: list code wrote it, not a driver.
bool LeadsToFreeBlock(const Scene& scene, std::uint64_t link) {
  if (scene.physical) return false;
  const auto page = ReadPoolPage(*scene.space, *scene.system, *scene.census, VirtAddr{link}.page());
  if (!page) return false;
  return std::any_of(page->blocks.begin(), page->blocks.end(), [&](const PoolBlock& block) {
    const bool is_free = block.state == BlockState::kFree || block.state == BlockState::kLookaside;
    const std::uint64_t begin = (*page->address + block.offset).value;
    const bool is_node = page->backend == PoolBackend::kVs && begin + kChunkTreeNode == link;
    return is_free && (begin + page->header_size() == link || is_node);
  });
}

/// No pointer of a list stands in the free block, and its type is one bit from that of the page's blocks in use: it may
/// be one of them. A stale pointer's owner seldom writes over both links.
bool IsOneTypeBitFromInUse(const Scene& scene, const Spot& spot) {
  const SceneBlock& block = scene.blocks[spot.block];
  if (block.block == nullptr || block.block->state != BlockState::kFree) return false;
  if (spot.end - spot.begin < 2 * scene.pointer_size()) return false;
  const std::uint16_t type = block.block->read.PoolType;
  std::size_t in_use = 0, one_bit_away = 0;
  for (const PoolBlock& other : scene.PageOf(block).blocks) {
    if (other.state != BlockState::kAllocated || other.header_damaged()) continue;
    ++in_use;
    if (std::popcount(static_cast<unsigned>(other.read.PoolType ^ type)) == 1) ++one_bit_away;
  }
  return one_bit_away > 0 && one_bit_away * 2 >= in_use;
}

/// What a counter that lives on in a freed block has moved by. A step of 4 or more is a bit or a pointer's grain.
constexpr std::int64_t kMostCounted = 2;

bool IsInUse(const SceneBlock& block) { return block.block != nullptr && block.block->state == BlockState::kAllocated; }

Vote SelfLink(const SceneBlock& block, std::uint64_t at) {
  if (!IsInUse(block))
    return {Weight::kSelfLink, 1, at, "the free block's link leads to itself: it was put on the list twice"};
  return {
      Weight::kSelfLinkInUse, 1, at,
      "the block's first pointer leads to itself, as in no other block of its tag: it lies on a lookaside list twice"};
}

/// For a block that the heap complained of and in which nothing is found.
std::string WhatWasLookedAt(const Scene& scene) {
  std::string text = "the bug check names this block, but nothing in it is found damaged";
  const SegmentHeap* heap = scene.census->segment_heap.get();
  const PageRange* range = heap != nullptr ? heap->RangeAt(VirtAddr{scene.AddressOf(scene.damage_begin())}) : nullptr;
  if (range == nullptr) return text;
  return text + "; sizes, headers and links of the blocks that the image has of its " +
         (range->kind == RangeKind::kVs ? "variable-size" : "low-fragmentation") + " subsegment at " +
         HexText(range->address.value) + " (" + std::to_string(range->bytes) + " bytes) were looked at";
}

/// Of a ring nobody knows the entry that it was built on; the head, outside the pool, does.
void VoteRing(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (h.kind != FaultKind::kDoubleFree) return;
  const std::uint64_t at = scene.AddressOf(scene.damage_begin());
  const std::string blocks = std::to_string(scene.ring_blocks);
  votes.push_back(
      {Weight::kListRing, 1, at,
       "the list that this block is on leads back to it, over " + blocks + " blocks: one of them was put on it twice"});
  if (h.role == SuspectRole::kUnknown)
    votes.push_back({Weight::kListRingOthers, std::log(scene.ring_blocks - 1.0), at,
                     std::to_string(scene.ring_blocks - 1) + " of the " + blocks + " blocks on the list are others"});
}

void VoteLink(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (scene.ring_blocks != 0) return VoteRing(scene, h, votes);
  const Spot& spot = scene.spots.front();
  const std::uint64_t at = scene.AddressOf(spot.begin);
  const std::uint64_t link = FirstLink(scene);
  const bool self = link == scene.AddressOf(scene.blocks[spot.block].payload());
  const bool pointer = LooksLikeKernelPointer(link, scene.pointer_size());
  if (h.kind == FaultKind::kDoubleFree && self) votes.push_back(SelfLink(scene.blocks[spot.block], at));
  if (h.kind == FaultKind::kDoubleFree && spot.twice_on_list && !self)
    votes.push_back({Weight::kSelfLink, 1, at, "the list that this block is on leads back to it: it was put on twice"});
  if (h.kind == FaultKind::kBitFlip && IsOneTypeBitFromInUse(scene, spot))
    votes.push_back({Weight::kTypeBitFromInUse, 1, scene.AddressOf(scene.blocks[spot.block].begin),
                     "neither link is one, and the type is one bit from that of the page's blocks in use"});
  const bool in_freed_memory = h.kind == FaultKind::kUseAfterFree || h.kind == FaultKind::kFreeList;
  if (in_freed_memory && !self && !spot.twice_on_list && !scene.HasSpot(SpotKind::kHeader))
    votes.push_back(
        {Weight::kFreeHeaderIntact, 1, at, "links of this free block are overwritten, its header is sound"});
  if (h.kind == FaultKind::kUseAfterFree && !pointer)
    votes.push_back({Weight::kDataInLink, 1, at, "where a list link must stand, there is data"});
  if (h.kind == FaultKind::kFreeList && pointer && !self && !spot.twice_on_list && LeadsToFreeBlock(scene, link))
    votes.push_back({Weight::kPointerInLink, 1, at, "the link leads to another free block, which does not lead back"});
  if (h.kind == FaultKind::kUseAfterFree && pointer && !self) {
    const auto repair = RepairLink(scene, spot);
    if (repair && repair->difference >= -kMostCounted && repair->difference <= kMostCounted)
      votes.push_back({Weight::kSmallChange, 1, at,
                       "the link is off by " + std::to_string(repair->difference) +
                           ": something still counts up or down in this freed block"});
  }
}

}  // namespace

void VoteAllocatorState(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  switch (scene.spots.front().kind) {
    case SpotKind::kLink:
      VoteLink(scene, h, votes);
      break;
    case SpotKind::kHeader:
      if (h.kind == FaultKind::kOverrun && scene.victim_is_listed)
        votes.push_back({Weight::kFreeHeaderDamaged, 1, scene.AddressOf(scene.damage_begin()),
                         "a free list still leads to the block behind, whose header and links are overwritten"});
      break;
    case SpotKind::kNamed:
      if (h.kind == FaultKind::kDoubleFree && !IsInUse(scene.blocks[scene.victim()]))
        votes.push_back({Weight::kFreedStateIntact, 1, scene.AddressOf(scene.damage_begin()),
                         "the block's header is sound and says that it was free already"});
      break;
    case SpotKind::kComplaint:
      if (h.kind == FaultKind::kUnknown)
        votes.push_back({Weight::kNothingDamaged, 1, scene.AddressOf(scene.damage_begin()), WhatWasLookedAt(scene)});
      break;
    case SpotKind::kPayload:
    case SpotKind::kStructure:
      break;
  }
}

}  // namespace poolblame

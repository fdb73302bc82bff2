#include "parser/pool/segment_heap.h"

#include <algorithm>
#include <iterator>
#include <set>

#include "parser/pool/chunk_votes.h"
#include "parser/pool/lone_pages.h"

namespace poolblame {
namespace {

bool IsAllThere(const AddressSpace& space, VirtAddr address, std::uint32_t bytes) {
  for (std::uint32_t at = 0; at < bytes; at += kPageSize)
    if (space.Page(address + at).presence != Presence::kPresent) return false;
  return true;
}

}  // namespace

SegmentHeap::SegmentHeap(const AddressSpace& space, const SegmentHeapLayout& layout, const SegmentHeapPages& pages)
    : layout_(&layout) {
  ReadSegments(space, pages.segments);
  const auto by_address = [](const PageRange& a, const PageRange& b) { return a.address < b.address; };
  std::sort(ranges_.begin(), ranges_.end(), by_address);
  AddLoneSubsegments(space, pages.vs_subsegments, !pages.all.empty());
  std::sort(ranges_.begin(), ranges_.end(), by_address);
  const auto same = [](const PageRange& a, const PageRange& b) { return a.address == b.address; };
  ranges_.erase(std::unique(ranges_.begin(), ranges_.end(), same), ranges_.end());
  const std::vector<VirtAddr> lone = Uncovered(pages.all);
  if (!heap_key_) VoteForKeyByChunks(space, lone);
  const auto more = FindLonePages(space, lone, layout, heap_key_ ? &heap_key_->key : nullptr);
  if (ranges_.size() + more.size() <= kMostRanges) ranges_.insert(ranges_.end(), more.begin(), more.end());
  std::sort(ranges_.begin(), ranges_.end(), by_address);
  for (const VirtAddr page : lone)
    if (RangeAt(page) == nullptr && MayHoldBlocks(space.Page(page).bytes)) ++unexplained_pages_;
  VoteForLfhKey(space);
}

/// Segments whose links lead to a heap vote; where there are none (the heap is not in the image), all do.
void SegmentHeap::ReadSegments(const AddressSpace& space, const std::vector<VirtAddr>& addresses) {
  std::set<VirtAddr> known(addresses.begin(), addresses.end());
  std::vector<VirtAddr> waiting(addresses.rbegin(), addresses.rend());
  SegmentLists lists(space);
  while (!waiting.empty()) {
    auto segment = ReadPageSegment(space, waiting.back(), *layout_, lists);
    waiting.pop_back();
    if (!segment || ranges_.size() + segment->ranges.size() > kMostRanges) continue;
    ranges_.insert(ranges_.end(), segment->ranges.begin(), segment->ranges.end());
    segment->ranges.clear();
    // One whose header is smashed may not look like one any more: a neighbour in the list still names it.
    for (const std::uint64_t link : {segment->flink, segment->blink})
      if (segment->context_confirmed && link % kSegmentBytes == 0 && known.size() < kMostSegmentsInList &&
          known.insert(VirtAddr{link}).second)
        waiting.push_back(VirtAddr{link});
    segments_.push_back(std::move(*segment));
  }
  std::sort(segments_.begin(), segments_.end(),
            [](const PageSegment& a, const PageSegment& b) { return a.address < b.address; });
  AskNeighboursForContext(segments_);
  for (const PageSegment& segment : segments_) AddOwner(space, segment);
  std::vector<PageSegment> voters;
  std::copy_if(segments_.begin(), segments_.end(), std::back_inserter(voters),
               [](const PageSegment& segment) { return segment.context_confirmed; });
  heap_key_ = VoteForHeapKey(voters.empty() ? segments_ : voters, *layout_);
}

void SegmentHeap::AddOwner(const AddressSpace& space, const PageSegment& segment) {
  constexpr std::uint64_t kBigSegment = 16 * kSegmentBytes;
  const auto heap = segment.context ? HeapOfContext(space, *layout_, *segment.context) : std::nullopt;
  if (!heap) return;
  const bool small = *segment.context - *heap == layout_->seg_contexts;
  owned_.push_back({segment.address, *heap, small ? kSegmentBytes : kBigSegment});
  const auto at = std::lower_bound(heaps_.begin(), heaps_.end(), *heap);
  if ((at == heaps_.end() || *at != *heap) && heaps_.size() < kMostHeaps) heaps_.insert(at, *heap);
}

std::optional<VirtAddr> SegmentHeap::HeapOf(VirtAddr address) const {
  const auto behind = std::upper_bound(owned_.begin(), owned_.end(), address,
                                       [](VirtAddr a, const OwnedSegment& segment) { return a < segment.address; });
  if (behind == owned_.begin()) return std::nullopt;
  const OwnedSegment& segment = *std::prev(behind);
  return address - segment.address < segment.bytes ? std::optional(segment.heap) : std::nullopt;
}

PoolKind SegmentHeap::KindOf(VirtAddr address) const {
  const auto heap = HeapOf(address);
  return heap && state_ ? state_->KindOf(*heap) : PoolKind::kUnknown;
}

void SegmentHeap::set_state(std::optional<PoolState> state) {
  state_ = std::move(state);
  if (!state_ || !heap_key_ || state_->heap_key != heap_key_->key) return;
  const std::uint64_t low = state_->lfh_key & 0xFFFFFFFF;
  if (!lfh_key_ || lfh_key_->key != low) lfh_key_ = KeyVote{low, 1, 0};
}

std::vector<VirtAddr> SegmentHeap::Uncovered(const std::vector<VirtAddr>& pages) const {
  std::vector<VirtAddr> out;
  for (const VirtAddr page : pages)
    if (page.value >= kSegmentHeapLowest57 && RangeAt(page) == nullptr) out.push_back(page);
  return out;
}

/// Subsegments whose page segment is not in the image, or is damaged. `some_pages`: a page that is absent was not given
/// back but left out, so of a subsegment that lacks one the others are pages like any.
void SegmentHeap::AddLoneSubsegments(const AddressSpace& space, const std::vector<VirtAddr>& heads, bool some_pages) {
  std::vector<PageRange> lone;
  for (const VirtAddr head : heads) {
    if (RangeAt(head) != nullptr || ranges_.size() + lone.size() >= kMostRanges) continue;
    const PageBytes page = space.Page(head);
    const auto bytes = page.presence == Presence::kPresent ? VsSubsegmentBytes(page.bytes, *layout_) : std::nullopt;
    if (bytes && (!some_pages || IsAllThere(space, head, *bytes))) lone.push_back({RangeKind::kVs, head, *bytes});
  }
  ranges_.insert(ranges_.end(), lone.begin(), lone.end());
}

void SegmentHeap::VoteForKeyByChunks(const AddressSpace& space, const std::vector<VirtAddr>& lone) {
  constexpr std::size_t kPagesEnough = 64;  // one settles it 59 times of 60
  std::vector<PageBytes> pages;
  std::vector<ChunkBytes> pieces;
  const auto add = [&](VirtAddr address) {
    PageBytes page = space.Page(address);
    if (pages.size() >= kPagesEnough || page.presence != Presence::kPresent || !MayHoldBlocks(page.bytes)) return;
    pieces.push_back({address, page.bytes});
    pages.push_back(std::move(page));
  };
  for (const PageRange& range : ranges_)
    for (std::uint64_t at = 0; range.kind == RangeKind::kVs && at < range.bytes && pages.size() < kPagesEnough;
         at += kPageSize)
      add(range.address + at);
  for (const VirtAddr page : lone) add(page);
  heap_key_ = VoteForHeapKeyByChunks(pieces);
}

void SegmentHeap::VoteForLfhKey(const AddressSpace& space) {
  KeyBallot ballot;
  for (const PageRange& range : ranges_) {
    if (range.kind != RangeKind::kLfh) continue;
    const auto header = ReadLfhHeader(space, range.address, range.bytes);
    if (!header) continue;
    for (const LfhGeometry& geometry : GuessLfhGeometry(space, *header, *layout_))
      ballot.Vote(LfhKeyFor(*header, geometry, *layout_));
  }
  lfh_key_ = ballot.Winner();
}

void SegmentHeap::set_damaged(std::vector<HeapStructure> structures, std::map<std::uint64_t, LfhHeader> mended) {
  for (HeapStructure& structure : structures) damaged_.emplace(structure.address().value, std::move(structure));
  mended_lfh_ = std::move(mended);
}

const HeapStructure* SegmentHeap::DamagedOn(VirtAddr page) const {
  const auto found = damaged_.lower_bound(page.value);
  return found != damaged_.end() && found->first - page.value < kPageSize ? &found->second : nullptr;
}

const PageRange* SegmentHeap::RangeAt(VirtAddr address) const {
  const auto behind = std::upper_bound(ranges_.begin(), ranges_.end(), address,
                                       [](VirtAddr a, const PageRange& range) { return a < range.address; });
  if (behind == ranges_.begin()) return nullptr;
  const PageRange& range = *std::prev(behind);
  return address - range.address < range.bytes ? &range : nullptr;
}

std::optional<VsSubsegment> SegmentHeap::ReadVs(const AddressSpace& space, const PageRange& range) const {
  if (!heap_key_ || (range.kind != RangeKind::kVs && range.kind != RangeKind::kVsPages)) return std::nullopt;
  auto subsegment = range.kind == RangeKind::kVs
                        ? ReadWholeVs(space, range)
                        : ReadVsFragment(space, range.address, static_cast<std::uint32_t>(range.bytes), heap_key_->key);
  if (subsegment && trust_.memory_cost_is_bounded) BoundMemoryCost(*subsegment, heap_key_->key);
  return subsegment;
}

std::optional<VsSubsegment> SegmentHeap::ReadWholeVs(const AddressSpace& space, const PageRange& range) const {
  const PageBytes page = space.Page(range.address);
  if (page.presence != Presence::kPresent) return std::nullopt;
  // A smashed subsegment header leaves the range's own size; it is whole pages, the chunks may end a little before.
  const auto stated = VsSubsegmentBytes(page.bytes, *layout_);
  const std::uint64_t bytes = stated && *stated <= range.bytes ? *stated : range.bytes;
  constexpr std::uint64_t kMostBytes = 1 << 20;  // Size is 16 bits of 16-byte units
  if (bytes > kMostBytes) return std::nullopt;
  return ReadVsSubsegment(space, range.address, static_cast<std::uint32_t>(bytes), heap_key_->key);
}

std::optional<LfhSubsegment> SegmentHeap::ReadLfh(const AddressSpace& space, const PageRange& range) const {
  if (range.kind == RangeKind::kLfhPages) return ReadLfhPages(space, range.address, range.bytes);
  if (range.kind != RangeKind::kLfh) return std::nullopt;
  const auto mended = mended_lfh_.find(range.address.value);
  const auto header =
      mended != mended_lfh_.end() ? std::optional(mended->second) : ReadLfhHeader(space, range.address, range.bytes);
  if (!header) return std::nullopt;
  std::optional<LfhGeometry> geometry;
  if (lfh_key_) geometry = DecodeLfhGeometry(*header, static_cast<std::uint32_t>(lfh_key_->key), *layout_);
  if (!geometry || !IsPossible(*geometry, *header, *layout_)) {
    const auto guesses = GuessLfhGeometry(space, *header, *layout_);
    if (guesses.empty()) return std::nullopt;
    geometry = guesses.back();
  }
  return ReadLfhSubsegment(space, *header, *geometry, *layout_);
}

}  // namespace poolblame

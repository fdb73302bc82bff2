// The free side of the pool: lookaside and deferred lists, coalescing that leaves stale headers in place, whole pages
// given back, and the links of ListHeads.
#include <algorithm>
#include <utility>

#include "samples/pool_allocator.h"

namespace poolblame::samples {
bool PoolAllocator::CanUnlink(std::uint64_t header) const {
  if (damage_.empty()) return true;
  const std::uint64_t links = LinkOf(header);
  const std::uint32_t entry_size = 2 * profile_.pointer_size();
  if (!Sound(header, profile_.header_size() + entry_size)) return false;
  return Sound(memory_.ReadPointer(links), entry_size) &&
         Sound(memory_.ReadPointer(links + profile_.pointer_size()), entry_size);
}

bool PoolAllocator::CanFree(std::uint64_t header) const {
  if (damage_.empty()) return true;
  if (!Sound(header, BlockEnd(header) - header))
    return false;  // damaged blocks stay as they are: they are the evidence
  const std::uint64_t page = PageOf(header);
  const auto fine = [&](const Block* b) {
    if (b == nullptr) return true;
    if (!Sound(page + b->offset, profile_.header_size())) return false;
    return !OnListHeads(*b) || CanUnlink(page + b->offset);
  };
  return fine(Previous(header)) && fine(Next(header));
}

void PoolAllocator::Unlink(std::uint64_t header) {
  const std::uint64_t forward = memory_.ReadPointer(LinkOf(header));
  const std::uint64_t back = memory_.ReadPointer(LinkOf(header) + profile_.pointer_size());
  memory_.WritePointer(back, forward);
  memory_.WritePointer(forward + profile_.pointer_size(), back);
}

void PoolAllocator::Link(std::uint64_t header, std::uint32_t units) {
  if (units < 2) return;  // a one-unit fragment has no room for links
  const std::uint64_t entry = LinkOf(header);
  const std::uint64_t head = ListHead(units);
  const std::uint64_t first = memory_.ReadPointer(head);
  memory_.WritePointer(entry, first);
  memory_.WritePointer(entry + profile_.pointer_size(), head);
  if (Sound(first, 2 * profile_.pointer_size())) memory_.WritePointer(first + profile_.pointer_size(), entry);
  memory_.WritePointer(head, entry);
}

void PoolAllocator::DropLive(Block& block) {
  const std::uint64_t last = live_.back();
  live_[block.live_index] = last;
  FindMutable(last)->live_index = block.live_index;
  live_.pop_back();
}

bool PoolAllocator::Free(std::uint64_t header) {
  Block* block = FindMutable(header);
  if (block == nullptr || block->state != BlockState::kAllocated || !CanFree(header)) return false;
  DropLive(*block);
  tracker_.Freed(block->tag, std::uint64_t{block->units} * profile_.unit());
  const bool small = block->units <= kMaxLookasideUnits;
  if (small && setup_.lookaside != 0 && lookaside_[block->units].size() < style_.lookaside_depth) {
    PushListed(header, BlockState::kLookaside);
    return true;
  }
  if (style_.deferred_depth != 0 && random_.Chance(60)) {
    PushListed(header, BlockState::kDeferred);
    if (deferred_.size() >= style_.deferred_depth) FlushDeferred();
    return true;
  }
  ReallyFree(header);
  return true;
}

void PoolAllocator::PushListed(std::uint64_t header, BlockState state) {
  Block& block = *FindMutable(header);
  std::vector<std::uint64_t>& list = state == BlockState::kLookaside ? lookaside_[block.units] : deferred_;
  const std::uint64_t next = list.empty() ? 0 : LinkOf(list.back());
  memory_.WritePointer(LinkOf(header), next);
  list.push_back(header);
  block.state = state;
  block.quota = block.verified = false;
  block.aligned_units = 0;
  const bool marked = state == BlockState::kDeferred || style_.lookaside_marked;
  SetType(header,
          marked ? ListedType(profile_.encoding, base_type()) : BusyType(profile_.encoding, base_type(), false));
  if (profile_.encoded_quota) memory_.Write64(header + 8, setup_.quota_cookie ^ header);
}

void PoolAllocator::PushLookasideAgain(std::uint64_t header) {
  std::vector<std::uint64_t>& list = lookaside_[Find(header)->units];
  memory_.WritePointer(LinkOf(header), LinkOf(list.back()));
  list.push_back(header);
}

void PoolAllocator::FlushDeferred() {
  std::vector<std::uint64_t> pending;
  std::swap(pending, deferred_);
  for (const std::uint64_t header : pending) {
    if (CanFree(header)) {
      ReallyFree(header);
    } else {
      KeepDeferred(header);
    }
  }
}

/// The entries below it may be gone: it leads to the one that stays.
void PoolAllocator::KeepDeferred(std::uint64_t header) {
  const std::uint64_t link = LinkOf(header);
  if (Sound(link, profile_.pointer_size()))
    memory_.WritePointer(link, deferred_.empty() ? 0 : LinkOf(deferred_.back()));
  deferred_.push_back(header);
}

void PoolAllocator::ReallyFree(std::uint64_t header) {
  const std::uint64_t page = PageOf(header);
  Block block = *Find(header);
  if (block.state == BlockState::kAllocated) SetType(header, 0);  // what a stale header will say, should it become one
  block.state = BlockState::kFree;
  block.quota = block.verified = false;
  block.aligned_units = 0;
  const Block* next = Next(header);
  if (next != nullptr && next->state == BlockState::kFree) {
    if (OnListHeads(*next)) Unlink(page + next->offset);
    block.units = static_cast<std::uint16_t>(block.units + next->units);
    Erase(page + next->offset);
  }
  const Block* previous = Previous(header);
  if (previous != nullptr && previous->state == BlockState::kFree) {
    Block merged = *previous;
    if (OnListHeads(*previous)) Unlink(page + previous->offset);
    merged.units = static_cast<std::uint16_t>(merged.units + block.units);
    Erase(header);
    header = page + merged.offset;
    block = merged;
  } else if (style_.free_tag == FreeTagStyle::kFree ||
             (style_.free_tag == FreeTagStyle::kMixed && random_.Chance(40))) {
    block.tag = kFragmentTag;
  }
  *FindMutable(header) = block;
  WriteHeader(header, block, 0);
  SetPrevious(page, Next(header), block.units);
  if (std::uint64_t{block.units} * profile_.unit() == kPage) {
    ReturnPage(page);
  } else {
    Link(header, block.units);
  }
}

void PoolAllocator::ReturnPage(std::uint64_t page) {
  pages_.erase(page);
  page_order_.erase(std::find(page_order_.begin(), page_order_.end(), page));
  --used_pages_;
  va_holes_.push_back(page);
  // Some frames come back into this pool with their old bytes; a few stay behind unmapped, as stale copies.
  if (random_.Chance(70) || stale_frames_ >= setup_.max_pages / 8) {
    spare_frames_.push_back(memory_.FrameOf(page));
  } else {
    ++stale_frames_;
  }
  memory_.Unmap(page);
}

void PoolAllocator::Settle() {
  const std::uint32_t pointer = profile_.pointer_size();
  const std::uint32_t stride = profile_.x64 ? 0x60 : 0x48;  // GENERAL_LOOKASIDE_POOL
  for (std::uint32_t units = 1; units <= kMaxLookasideUnits && setup_.lookaside != 0; ++units) {
    const std::uint64_t head = setup_.lookaside + std::uint64_t{units - 1} * stride;
    const std::uint64_t first = lookaside_[units].empty() ? 0 : LinkOf(lookaside_[units].back());
    memory_.Write32(profile_.x64 ? head : head + 4, static_cast<std::uint32_t>(lookaside_[units].size()));
    memory_.WritePointer(profile_.x64 ? head + 8 : head, first);
  }
  memory_.WritePointer(setup_.descriptor + profile_.pending_frees_at, deferred_.empty() ? 0 : LinkOf(deferred_.back()));
  memory_.Write32(setup_.descriptor + profile_.pending_frees_at + 2 * pointer,
                  static_cast<std::uint32_t>(deferred_.size()));
}

}  // namespace poolblame::samples

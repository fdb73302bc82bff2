// Allocation: which block is handed out, how it is split, what its header says. The free side is in pool_free.cc.
#include "samples/pool_allocator.h"

#include <algorithm>

namespace poolblame::samples {
namespace {}  // namespace

PoolAllocator::PoolAllocator(KernelMemory& memory, const WindowsProfile& profile, const PoolStyle& style,
                             const PoolSetup& setup, std::uint64_t seed)
    : Pool(setup), memory_(memory), profile_(profile), style_(style), random_(seed), next_va_(setup.base) {
  lookaside_.resize(kMaxLookasideUnits + 1);
  for (std::uint32_t units = 1; units <= profile_.list_count(); ++units) {
    const std::uint64_t head = ListHead(units);
    memory_.WritePointer(head, head);
    memory_.WritePointer(head + profile_.pointer_size(), head);
  }
  memory_.Write32(setup_.descriptor, base_type());
  memory_.Write32(setup_.descriptor + profile_.descriptor_index_at, setup_.index);
}

std::uint64_t PoolAllocator::ListHead(std::uint32_t units) const {
  return setup_.descriptor + profile_.list_heads_at + std::uint64_t{units - 1} * 2 * profile_.pointer_size();
}

std::uint32_t PoolAllocator::base_type() const {
  switch (setup_.kind) {
    case PoolKind::kPaged:
      return 1;
    case PoolKind::kSession:
      return 0x21;
    case PoolKind::kNonPaged:
    case PoolKind::kNonPagedNx:
      break;
  }
  return 0;
}

const Block* PoolAllocator::Find(std::uint64_t header) const {
  const auto page = pages_.find(PageOf(header));
  if (page == pages_.end()) return nullptr;
  const auto offset = static_cast<std::uint16_t>(header % kPage);
  const auto at = std::lower_bound(page->second.begin(), page->second.end(), offset,
                                   [](const Block& b, std::uint16_t o) { return b.offset < o; });
  return at != page->second.end() && at->offset == offset ? &*at : nullptr;
}

Block* PoolAllocator::FindMutable(std::uint64_t header) { return const_cast<Block*>(Find(header)); }

const Block* PoolAllocator::Next(std::uint64_t header) const {
  const Block* block = Find(header);
  const std::vector<Block>& blocks = pages_.at(PageOf(header));
  return block + 1 == blocks.data() + blocks.size() ? nullptr : block + 1;
}

const Block* PoolAllocator::Previous(std::uint64_t header) const {
  const Block* block = Find(header);
  return block == pages_.at(PageOf(header)).data() ? nullptr : block - 1;
}

Block& PoolAllocator::Insert(std::uint64_t page, const Block& block) {
  std::vector<Block>& blocks = pages_[page];
  const auto at = std::lower_bound(blocks.begin(), blocks.end(), block.offset,
                                   [](const Block& b, std::uint16_t o) { return b.offset < o; });
  return *blocks.insert(at, block);
}

void PoolAllocator::Erase(std::uint64_t header) {
  std::vector<Block>& blocks = pages_.at(PageOf(header));
  blocks.erase(blocks.begin() + (Find(header) - blocks.data()));
}

void PoolAllocator::WriteHeader(std::uint64_t header, const Block& block, std::uint32_t type) {
  const Block* previous = Previous(header);
  const HeaderFields fields{previous == nullptr ? 0U : previous->units, style_.index_kept ? setup_.index : 0,
                            block.units, type, block.tag};
  memory_.Write(header, EncodeHeader(fields, profile_.x64));
}

void PoolAllocator::SetPrevious(std::uint64_t page, const Block* next, std::uint32_t units) {
  if (next == nullptr) return;
  std::uint8_t* at = memory_.At(page + next->offset);
  HeaderFields fields = DecodeHeader(at, profile_.x64);
  fields.previous_units = units;
  memory_.Write(page + next->offset, EncodeHeader(fields, profile_.x64));
}

void PoolAllocator::SetType(std::uint64_t header, std::uint32_t type) {
  HeaderFields fields = DecodeHeader(memory_.At(header), profile_.x64);
  fields.type = type;
  memory_.Write(header, EncodeHeader(fields, profile_.x64));
}

std::uint64_t PoolAllocator::Payload(std::uint64_t header) const {
  return header + Find(header)->aligned_units * profile_.unit() + profile_.header_size();
}

std::uint64_t PoolAllocator::BlockEnd(std::uint64_t header) const {
  return header + std::uint64_t{Find(header)->units} * profile_.unit();
}

std::uint32_t PoolAllocator::Capacity(std::uint64_t header) const {
  const auto room = static_cast<std::uint32_t>(BlockEnd(header) - Payload(header));
  const Block& block = *Find(header);
  return room - (block.quota && !profile_.x64 ? 4 : 0) - (block.verified ? profile_.pointer_size() : 0);
}

std::optional<std::uint64_t> PoolAllocator::Allocate(const PoolRequest& request) {
  std::uint32_t bytes = request.bytes;
  if (request.quota_process != 0 && !profile_.x64) bytes += 4;
  if (request.verified) bytes += profile_.pointer_size();
  PoolRequest actual = request;
  actual.cache_aligned = request.cache_aligned && !request.verified && profile_.aligned_headers &&
                         bytes + kCacheLine <= profile_.max_small();
  if (actual.cache_aligned) bytes += kCacheLine;
  if (bytes > profile_.max_small()) return std::nullopt;
  const std::uint32_t unit = profile_.unit();
  const std::uint32_t units = std::max((bytes + profile_.header_size() + unit - 1) / unit, 2U);
  std::optional<std::uint64_t> header = PopLookaside(units);
  if (!header) header = TakeFromLists(units);
  if (!header) header = TakeFreshPage(units);
  if (header) Occupy(*header, actual);
  return header;
}

std::optional<std::uint64_t> PoolAllocator::PopLookaside(std::uint32_t units) {
  if (units > kMaxLookasideUnits || lookaside_[units].empty()) return std::nullopt;
  const std::uint64_t header = lookaside_[units].back();
  if (!Sound(header, profile_.header_size() + profile_.pointer_size())) return std::nullopt;
  lookaside_[units].pop_back();
  return header;
}

std::optional<std::uint64_t> PoolAllocator::TakeFromLists(std::uint32_t units) {
  for (std::uint32_t bucket = units; bucket <= profile_.list_count(); ++bucket) {
    const std::uint64_t head = ListHead(bucket);
    if (!Sound(head, 2 * profile_.pointer_size())) continue;
    const std::uint64_t entry = memory_.ReadPointer(head);
    if (entry == head) continue;
    const std::uint64_t header = entry - profile_.header_size();
    if (!CanUnlink(header) || !CanFree(header)) continue;
    Unlink(header);
    return Split(header, units);
  }
  return std::nullopt;
}

std::uint64_t PoolAllocator::Split(std::uint64_t header, std::uint32_t units) {
  Block* block = FindMutable(header);
  if (block->units == units) return header;
  const std::uint64_t page = PageOf(header);
  const auto rest = static_cast<std::uint16_t>(block->units - units);
  const bool front = block->offset == 0;
  Block second = *block;
  block->units = front ? static_cast<std::uint16_t>(units) : rest;
  second.offset = static_cast<std::uint16_t>(block->offset + block->units * profile_.unit());
  second.units = front ? rest : static_cast<std::uint16_t>(units);
  second.state = BlockState::kFree;
  second.tag = kFragmentTag;
  const std::uint64_t second_header = page + second.offset;
  Insert(page, second);
  const Block* first = Find(header);
  WriteHeader(header, *first, 0);
  WriteHeader(second_header, *Find(second_header), 0);
  SetPrevious(page, Next(second_header), second.units);
  Link(front ? second_header : header, rest);
  return front ? header : second_header;
}

std::optional<std::uint64_t> PoolAllocator::ReserveVa(std::uint64_t pages) {
  if (pages == 1 && !va_holes_.empty() && random_.Chance(70)) {
    const std::uint64_t va = va_holes_.back();
    va_holes_.pop_back();
    return va;
  }
  // Pools grow in clusters: mostly the next page, now and then a gap.
  if (random_.Chance(6)) next_va_ += random_.Between(1, 12) * kPage;
  const std::uint64_t va = next_va_;
  next_va_ += pages * kPage;
  return va;
}

bool PoolAllocator::BackPage(std::uint64_t va) {
  if (!spare_frames_.empty()) {
    memory_.Map(va, spare_frames_.back());  // keeps the bytes of its former life, as nonpaged pool does
    spare_frames_.pop_back();
    return true;
  }
  return memory_.MapNew(va);
}

std::optional<std::uint64_t> PoolAllocator::TakeFreshPage(std::uint32_t units) {
  if (used_pages_ >= setup_.max_pages) return std::nullopt;
  const std::uint64_t page = *ReserveVa(1);
  if (!BackPage(page)) return std::nullopt;
  ++used_pages_;
  page_order_.push_back(page);
  pages_[page].clear();
  const auto all = static_cast<std::uint16_t>(kPage / profile_.unit());
  Insert(page, Block{.offset = 0, .units = all, .tag = kFragmentTag});
  return Split(page, units);
}

std::optional<BigAllocation> PoolAllocator::AllocateBig(const PoolRequest& request) {
  const std::uint64_t pages = (request.bytes + kPage - 1) / kPage;
  if (used_pages_ + pages > setup_.max_pages) return std::nullopt;
  const std::uint64_t va = *ReserveVa(pages);
  for (std::uint64_t i = 0; i < pages; ++i) {
    if (!BackPage(va + i * kPage)) return std::nullopt;
  }
  used_pages_ += pages;
  big_.push_back({va, request.bytes, request.tag, request.model, request.seed});
  tracker_.Allocated(request.tag, WholePages(request.bytes));
  return big_.back();
}

void PoolAllocator::Occupy(std::uint64_t header, const PoolRequest& request) {
  Block& block = *FindMutable(header);
  Own(block, request);
  block.quota = request.quota_process != 0;
  block.verified = request.verified;
  block.aligned_units = 0;
  block.live_index = static_cast<std::uint32_t>(live_.size());
  live_.push_back(header);
  tracker_.Allocated(block.tag, std::uint64_t{block.units} * profile_.unit());
  const std::uint32_t type = BusyType(profile_.encoding, base_type(), block.quota);
  WriteHeader(header, block, block.verified ? type | kVerifiedType : type);
  if (block.quota && profile_.x64) {
    const std::uint64_t mask = profile_.encoded_quota ? setup_.quota_cookie ^ header : 0;
    memory_.Write64(header + 8, request.quota_process ^ mask);
  } else if (block.quota) {
    memory_.WritePointer(BlockEnd(header) - 4, request.quota_process);
  }
  if (request.cache_aligned) WriteAlignedHeader(header, block);
}

void PoolAllocator::WriteAlignedHeader(std::uint64_t header, const Block& block) {
  const std::uint64_t payload = header + profile_.header_size();
  const std::uint64_t aligned = (payload + kCacheLine - 1) / kCacheLine * kCacheLine;
  const std::uint64_t distance = aligned - payload;
  if (distance == 0) return;
  const auto units = static_cast<std::uint8_t>(distance / profile_.unit());
  const std::uint64_t second = header + distance;
  const HeaderFields fields{units, style_.index_kept ? setup_.index : 0,
                            static_cast<std::uint32_t>(block.units - units),
                            BusyType(profile_.encoding, base_type(), false) | 4U, block.tag};
  memory_.Write(second, EncodeHeader(fields, profile_.x64));
  if (distance > profile_.header_size()) memory_.Write64(header + 0x10, second ^ setup_.quota_cookie);
  FindMutable(header)->aligned_units = units;
}

}  // namespace poolblame::samples

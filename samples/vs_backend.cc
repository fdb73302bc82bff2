// HEAP_VS_CONTEXT, HEAP_VS_SUBSEGMENT, HEAP_VS_CHUNK_HEADER: public PDB dumps; the header's encoding: "Scoop the
// Windows 10 pool!" (SSTIC 2020); the place of the POOL_HEADER in a chunk that crosses a page: MemProcFS, PoolViewer.
#include "samples/vs_backend.h"

#include <algorithm>
#include <iterator>

namespace poolblame::samples {
namespace {

constexpr std::uint32_t kSubsegmentPages = 16;
constexpr std::uint32_t kMaxSubsegmentPages = 64;  // CommitBitmap has 64 bits
constexpr int kBestFits = 8;                       // free chunks to look at before a new subsegment is made

std::uint64_t PageEnd(std::uint64_t va) { return PageOf(va) + kPage; }
std::uint64_t UnitUp(std::uint64_t bytes) { return (bytes + kUnit - 1) / kUnit * kUnit; }

}  // namespace

std::uint64_t VsBackend::SubsegmentOf(std::uint64_t va) const { return std::prev(subsegments_.upper_bound(va))->first; }

/// MemoryCost, UnsafeSize, UnsafePrevSize, Allocated, XORed with the key and the chunk's address; then, in chunks that
/// are in use, the page's number in the subsegment, XORed with the low bytes of both (unsure: one source).
void VsBackend::WriteChunk(std::uint64_t chunk) {
  const auto at = space_.blocks.find(chunk);
  const Block& block = at->second;
  const std::uint64_t subsegment = SubsegmentOf(chunk);
  std::uint64_t previous_units = 0;
  if (chunk != subsegment + kVsFirstChunk) previous_units = std::prev(at)->second.units;
  const bool free = block.state == BlockState::kFree;
  const std::uint64_t end = chunk + std::uint64_t{block.units} * kUnit;
  // Pages that a later allocation would have to commit (unsure: what exactly is counted).
  const std::uint64_t cost = free ? space_.Uncommitted(chunk + kVsFreeHeader, end) : 0;
  const std::uint64_t value = cost | std::uint64_t{block.units} << 16 | previous_units << 32 |
                              (free ? std::uint64_t{0} : std::uint64_t{1} << 48);
  space_.memory.Write64(chunk, value ^ space_.keys.heap_key ^ chunk);
  if (free) return;
  const std::uint64_t page = (chunk - subsegment) / kPage;
  space_.memory.Write32(chunk + 8, static_cast<std::uint32_t>((page ^ space_.keys.heap_key ^ chunk) & 0xFF));
}

void VsBackend::DropFree(std::uint64_t chunk) {
  const std::uint32_t slot = subsegments_.at(SubsegmentOf(chunk)).slot;
  free_[slot].erase({space_.blocks.at(chunk).units, chunk});
}

void VsBackend::MakeFree(std::uint64_t chunk, std::uint32_t units, const Block& like) {
  Block block = like;
  block.units = static_cast<std::uint16_t>(units);
  block.state = BlockState::kFree;
  block.backend = Backend::kVs;
  block.quota = block.verified = block.headerless = false;
  block.aligned_units = 0;
  block.header_offset = kVsHeader;
  space_.blocks[chunk] = block;
  const std::uint32_t slot = subsegments_.at(SubsegmentOf(chunk)).slot;
  // A leaf's node for now: what is left of it when the chunk is taken before somebody looks at the tree.
  const std::uint64_t parent = free_[slot].empty() ? 0 : free_[slot].begin()->second + 8;
  for (std::uint32_t i = 0; i < 3; ++i) space_.memory.Write64(chunk + 8 + 8 * i, i == 2 ? parent | 1 : 0);
  free_[slot].emplace(units, chunk);
  WriteChunk(chunk);
}

bool VsBackend::AddSubsegment(std::uint32_t bytes) {
  const std::uint32_t pages = std::max<std::uint32_t>(
      kSubsegmentPages, static_cast<std::uint32_t>((bytes + kVsFirstChunk + kVsHeader) / kPage + 2));
  if (pages > kMaxSubsegmentPages) return false;
  // 26100 and later: the range is now and then one page longer than the chunks, which is never committed.
  const std::uint32_t tail = space_.layout.affinity_slots && space_.random.Chance(50) ? 1 : 0;
  if (space_.used_pages >= space_.max_pages) {
    space_.refused = true;
    return false;
  }
  const auto va = segments_.Take(pages + tail, RangeKind::kVs, 0);
  if (!va) return false;
  if (!space_.Commit(*va, *va + kPage)) {
    segments_.Release(*va);
    return false;
  }
  const auto slot = static_cast<std::uint32_t>(space_.random.Below(free_.size()));
  const std::uint64_t end = *va + std::uint64_t{pages} * kPage;
  subsegments_[*va] = {end, slot};
  const auto units = static_cast<std::uint32_t>((end - *va - kVsFirstChunk) / kUnit);
  const std::uint32_t signature = (units ^ kVsSubsegmentMark) & 0x7FFF;
  KernelMemory& memory = space_.memory;
  memory.Write64(*va + 0x18, 0);  // CommitLock
  memory.Write64(*va + kSizeAt, units | (space_.layout.affinity_slots ? SlotRef(slot) << 16 : signature << 16) |
                                    (space_.layout.affinity_slots ? std::uint64_t{signature} << 32 : 0));
  memory.Write64(*va + kSizeAt + 8, 0);
  MakeFree(*va + kVsFirstChunk, units, Block{});
  return true;
}

void VsBackend::ReleaseSubsegment(std::uint64_t subsegment) {
  const std::uint64_t chunk = subsegment + kVsFirstChunk;
  DropFree(chunk);
  space_.blocks.erase(chunk);
  subsegments_.erase(subsegment);
  segments_.Release(subsegment);
}

/// At the front where that keeps the block on one page. Else at the next page's start: with the chunk header in the
/// last bytes of the page before, or, now and then, with the chunk's own header where it was and a hole between the
/// two.
std::optional<VsBackend::Placement> VsBackend::PlaceSmall(std::uint64_t chunk, std::uint32_t bytes) {
  constexpr std::uint32_t kSurelyCrossing = 0x40;  // MemProcFS takes less for slack behind the block
  constexpr std::uint32_t kMostHole = 0x300;
  const std::uint64_t chunk_end = chunk + std::uint64_t{space_.blocks.at(chunk).units} * kUnit;
  const std::uint64_t front = chunk + kVsHeader;
  const std::uint64_t page = PageEnd(front);
  if (front + bytes <= page) {
    const std::uint64_t rest = chunk_end - std::min(chunk_end, front + bytes);
    const bool slack = rest == kUnit;  // too little for a chunk: this one takes it
    if (front + bytes > chunk_end || (slack && front + bytes + kUnit > page)) return std::nullopt;
    return Placement{chunk, front, front + bytes};
  }
  if (page + bytes > chunk_end || chunk_end - page - bytes == kUnit) return std::nullopt;
  const std::uint64_t hole = page - kVsHeader - chunk;
  const bool moved = bytes > kSurelyCrossing && hole < kMostHole && space_.random.Chance(30);
  if (hole == 0 || (hole >= kVsFreeHeader && !moved)) return Placement{page - kVsHeader, page, page + bytes};
  if (bytes > kSurelyCrossing && hole < kMostHole) return Placement{chunk, page, page + bytes};
  return std::nullopt;
}

std::optional<VsBackend::Placement> VsBackend::PlaceBig(std::uint64_t chunk, std::uint32_t bytes) const {
  const std::uint64_t chunk_end = chunk + std::uint64_t{space_.blocks.at(chunk).units} * kUnit;
  std::uint64_t page = PageEnd(chunk + kVsHeader - 1);
  if (page - kVsHeader != chunk && page - kVsHeader < chunk + kVsFreeHeader) page += kPage;
  if (page + bytes > chunk_end || chunk_end - page - bytes == kUnit) return std::nullopt;
  return Placement{page - kVsHeader, page, page + bytes};
}

/// Cuts the placement out of the free chunk. False, with nothing changed, where its pages cannot be committed.
bool VsBackend::Carve(std::uint64_t chunk, Placement placement) {
  const Block old = space_.blocks.at(chunk);
  const std::uint64_t chunk_end = chunk + std::uint64_t{old.units} * kUnit;
  if (chunk_end - placement.end == kUnit) placement.end = chunk_end;
  const bool rest = placement.end != chunk_end;
  if (!space_.Commit(placement.begin, placement.end + (rest ? kVsFreeHeader : 0))) return false;
  DropFree(chunk);
  const auto units = [](std::uint64_t bytes) { return static_cast<std::uint32_t>(bytes / kUnit); };
  Block taken = old;
  taken.units = static_cast<std::uint16_t>(units(placement.end - placement.begin));
  taken.state = BlockState::kAllocated;
  taken.header_offset = static_cast<std::uint16_t>(placement.header - placement.begin);
  if (placement.begin != chunk) MakeFree(chunk, units(placement.begin - chunk), old);
  space_.blocks[placement.begin] = taken;
  if (rest) MakeFree(placement.end, units(chunk_end - placement.end), old);
  WriteChunk(placement.begin);
  if (chunk_end != subsegments_.at(SubsegmentOf(chunk)).end) WriteChunk(chunk_end);
  return true;
}

template <typename Place>
std::optional<std::uint64_t> VsBackend::AllocateWith(std::uint32_t bytes, Place place) {
  if (frozen_) return std::nullopt;
  for (int round = 0; round < 2; ++round) {
    std::set<FreeKey>& free = free_[space_.random.Below(free_.size())];
    auto at = free.lower_bound({(bytes + kVsHeader) / kUnit, 0});
    for (int tries = 0; at != free.end() && tries < kBestFits; ++at, ++tries) {
      const auto [units, chunk] = *at;
      const auto placement = place(chunk);
      const std::uint64_t end = chunk + std::uint64_t{units} * kUnit;
      if (!placement || !space_.Sound(chunk, end + kVsHeader - chunk)) continue;
      if (!Carve(chunk, *placement)) return std::nullopt;
      return placement->begin;
    }
    if (round == 0 && !AddSubsegment(bytes)) break;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> VsBackend::Allocate(std::uint32_t bytes) {
  const auto rounded = static_cast<std::uint32_t>(std::max<std::uint64_t>(UnitUp(bytes), 2 * kUnit));
  return AllocateWith(rounded, [&](std::uint64_t chunk) { return PlaceSmall(chunk, rounded); });
}

std::optional<std::uint64_t> VsBackend::AllocateBig(std::uint32_t bytes) {
  const auto rounded = static_cast<std::uint32_t>(UnitUp(bytes));
  const auto chunk = AllocateWith(rounded + static_cast<std::uint32_t>(kPage),
                                  [&](std::uint64_t at) { return PlaceBig(at, rounded); });
  if (chunk) space_.blocks.at(*chunk).headerless = true;
  return chunk;
}

bool VsBackend::CanFree(std::uint64_t chunk) const {
  if (frozen_) return false;
  if (space_.damage.empty()) return true;
  // A free neighbour is swallowed whole, of one in use only the header changes.
  const auto fine = [&](std::uint64_t at) {
    const Block& block = space_.blocks.at(at);
    return space_.Sound(at, block.state == BlockState::kFree ? std::uint64_t{block.units} * kUnit : kVsFreeHeader);
  };
  const auto at = space_.blocks.find(chunk);
  const std::uint64_t end = chunk + std::uint64_t{at->second.units} * kUnit;
  if (!space_.Sound(chunk, end - chunk)) return false;
  const std::uint64_t subsegment = SubsegmentOf(chunk);
  if (end != subsegments_.at(subsegment).end && !fine(end)) return false;
  return chunk == subsegment + kVsFirstChunk || fine(std::prev(at)->first);
}

bool VsBackend::Free(std::uint64_t chunk) {
  if (!CanFree(chunk)) return false;
  const std::uint64_t subsegment = SubsegmentOf(chunk);
  const std::uint64_t limit = subsegments_.at(subsegment).end;
  Block like = space_.blocks.at(chunk);
  std::uint64_t begin = chunk;
  std::uint64_t end = chunk + std::uint64_t{like.units} * kUnit;
  if (end != limit && space_.blocks.at(end).state == BlockState::kFree) {
    const std::uint64_t next = end;
    end += std::uint64_t{space_.blocks.at(next).units} * kUnit;
    DropFree(next);
    space_.blocks.erase(next);
  }
  const auto at = space_.blocks.find(chunk);
  if (chunk != subsegment + kVsFirstChunk && std::prev(at)->second.state == BlockState::kFree) {
    begin = std::prev(at)->first;
    DropFree(begin);
    space_.blocks.erase(at);
  }
  // Whole pages inside a large free chunk are given back now and then.
  if (end - begin > 3 * kPage && space_.random.Chance(40)) {
    space_.Decommit(PageEnd(begin + kVsFreeHeader - 1), PageOf(end));
  }
  MakeFree(begin, static_cast<std::uint32_t>((end - begin) / kUnit), like);
  if (end != limit) WriteChunk(end);
  if (begin == subsegment + kVsFirstChunk && end == limit && subsegments_.size() > 1) ReleaseSubsegment(subsegment);
  return true;
}

}  // namespace poolblame::samples

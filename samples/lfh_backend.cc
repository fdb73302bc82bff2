// HEAP_LFH_SUBSEGMENT and its owner: public PDB dumps; activation, buckets and the encoding of BlockOffsets: "Scoop the
// Windows 10 pool!" (SSTIC 2020) and MemProcFS; the form of 26100: published WinDbg dumps.
#include "samples/lfh_backend.h"

#include <algorithm>
#include <iterator>

namespace poolblame::samples {
namespace {

constexpr std::uint32_t kBuckets = kMaxLfhBlock / kUnit;
constexpr std::uint32_t kActivation = 17;  // the request that makes a bucket active
constexpr std::uint32_t kMostPages = 8;
constexpr std::uint32_t kOwnerAt = 0x1000;  // owners lie in the page behind the SEGMENT_HEAP
constexpr std::uint32_t kOwnerBytes = 0x40;
constexpr std::uint32_t kAvailableListAt = 0x18;
constexpr std::uint32_t kFullListAt = 0x28;
constexpr std::uint32_t kFreeCountAt = 0x20;  // in a subsegment
constexpr std::uint32_t kLocationAt = 0x26;   // before 26100
constexpr std::uint32_t kBlockOffsetsAt = 0x28;

/// Before 26100: a word a page, rounded up so that the first slot keeps its alignment.
constexpr std::uint32_t CommitStateBytes(std::uint32_t pages) { return (2 * pages + kUnit - 1) / kUnit * kUnit; }

}  // namespace

LfhBackend::LfhBackend(HeapSpace& space, HeapSegments& segments) : space_(space), segments_(segments) {
  requests_.resize(kBuckets + 1);
}

std::uint64_t LfhBackend::OwnerAt(std::uint32_t bucket) const {
  return space_.heap + kOwnerAt + std::uint64_t{bucket} * kOwnerBytes;
}

/// A slot that crosses a page is never handed out. Its bit is set from the beginning, so that no search finds it
/// (unsure: readers only show that such slots are to be skipped while the numbering goes on).
bool LfhBackend::Straddles(const Entry& entry, std::uint32_t index) const {
  const std::uint32_t size = entry.second.bucket * kUnit;
  const std::uint64_t at = entry.second.first + std::uint64_t{index} * size;
  return at / kPage != (at + size - 1) / kPage;
}

void LfhBackend::SetBusy(Entry& entry, std::uint32_t index, bool busy) {
  const std::uint32_t bit = index * space_.layout.lfh_bits_a_block;
  std::uint8_t* at = space_.memory.At(entry.first + space_.layout.lfh_bitmap_at + bit / 8);
  const unsigned mask = 1U << bit % 8;
  *at = static_cast<std::uint8_t>(busy ? *at | mask : *at & ~mask);
  entry.second.free += busy ? ~std::uint32_t{0} : 1U;
  std::uint8_t* count = space_.memory.At(entry.first + kFreeCountAt);
  Store(count, static_cast<std::uint16_t>(entry.second.free));
}

void LfhBackend::WriteHeader(const Entry& entry) {
  const auto& [va, facts] = entry;
  KernelMemory& memory = space_.memory;
  const HeapLayout& layout = space_.layout;
  const std::uint64_t address = layout.lfh_address_bits == 32 ? va & 0xFFFFFFFF : va;
  const std::uint32_t offsets = facts.bucket * kUnit | facts.first << 16;
  for (std::uint64_t at = va; at < va + facts.first; at += 8) memory.Write64(at, 0);
  memory.Write64(va + 0x10, layout.affinity_slots ? 0 : OwnerAt(facts.bucket));  // 26100: State
  memory.Write32(va + kFreeCountAt, facts.free | facts.count << 16);
  memory.Write32(va + kBlockOffsetsAt, static_cast<std::uint32_t>(offsets ^ space_.keys.lfh_key ^ address >> 12));
  if (layout.affinity_slots) {  // BucketRef (unsure: what it counts from)
    memory.Write32(va + 0x2C, static_cast<std::uint32_t>((OwnerAt(facts.bucket) - Context()) >> 6));
    return;
  }
  // Page-sized commit units, their number, and where their states would be counted: behind the bitmap.
  const auto pages = static_cast<std::uint32_t>((facts.end - va) / kPage);
  memory.Write32(va + 0x2C, 12U | pages << 8 | (facts.first - CommitStateBytes(pages)) << 16);
  for (std::uint32_t i = 0; i < pages; ++i) {
    Store(memory.At(va + facts.first - CommitStateBytes(pages) + 2 * i), std::uint16_t{1});
  }
}

bool LfhBackend::AddSubsegment(std::uint32_t bucket) {
  const std::uint32_t size = bucket * kUnit;
  // Small at first, twice as large with every further one of the bucket.
  const auto siblings = static_cast<std::uint32_t>(std::count_if(
      subsegments_.begin(), subsegments_.end(), [&](const Entry& e) { return e.second.bucket == bucket; }));
  const std::uint32_t start = size < 0x90 ? 1 : size < 0x150 ? 2 : 4;
  const std::uint32_t pages = std::min(start << std::min(siblings, 3U), kMostPages);
  if (space_.used_pages + pages > space_.max_pages) {
    space_.refused = true;
    return false;
  }
  const auto va = segments_.Take(pages, RangeKind::kLfh, 0);
  if (!va) return false;
  const std::uint64_t end = *va + std::uint64_t{pages} * kPage;
  if (!space_.Commit(*va, end)) {
    segments_.Release(*va);
    return false;
  }
  const std::uint64_t most = pages * kPage / size;
  const std::uint64_t bitmap = (most * space_.layout.lfh_bits_a_block + 63) / 64 * 8;
  const std::uint32_t states = space_.layout.affinity_slots ? 0 : CommitStateBytes(pages);
  const auto first =
      static_cast<std::uint32_t>((space_.layout.lfh_bitmap_at + bitmap + kUnit - 1) / kUnit * kUnit) + states;
  const auto count = static_cast<std::uint32_t>((pages * kPage - first) / size);
  Entry& entry = *subsegments_.insert({*va, {end, bucket, first, count, count}}).first;
  WriteHeader(entry);
  for (std::uint32_t i = 0; i < count; ++i) {
    if (Straddles(entry, i)) {
      SetBusy(entry, i, true);
      continue;
    }
    Block block;
    block.units = static_cast<std::uint16_t>(bucket);
    block.backend = Backend::kLfh;
    space_.blocks[*va + first + std::uint64_t{i} * size] = block;
  }
  return true;
}

std::optional<std::uint64_t> LfhBackend::TakeSlot(Entry& entry) {
  const auto& [va, facts] = entry;
  const std::uint32_t size = facts.bucket * kUnit;
  if (facts.free == 0 || !space_.Sound(va, facts.first)) return std::nullopt;
  const auto start = static_cast<std::uint32_t>(space_.random.Below(facts.count));
  for (std::uint32_t i = 0; i < facts.count; ++i) {
    const std::uint32_t index = (start + i) % facts.count;
    const std::uint64_t slot = va + facts.first + std::uint64_t{index} * size;
    const auto block = space_.blocks.find(slot);
    if (block == space_.blocks.end() || block->second.state != BlockState::kFree || !space_.Sound(slot, size)) continue;
    SetBusy(entry, index, true);
    block->second.state = BlockState::kAllocated;
    return slot;
  }
  return std::nullopt;
}

std::optional<std::uint64_t> LfhBackend::Allocate(std::uint32_t bytes) {
  const std::uint32_t bucket = (bytes + kUnit - 1) / kUnit;
  if (bucket > kBuckets || ++requests_[bucket] < kActivation) return std::nullopt;
  for (int round = 0; round < 2; ++round) {
    for (Entry& entry : subsegments_) {
      if (entry.second.bucket != bucket) continue;
      if (const auto slot = TakeSlot(entry)) return slot;
    }
    if (round == 0 && !AddSubsegment(bucket)) break;
  }
  return std::nullopt;
}

const LfhBackend::Entry* LfhBackend::Around(std::uint64_t va) const {
  const auto after = subsegments_.upper_bound(va);
  if (after == subsegments_.begin() || va >= std::prev(after)->second.end) return nullptr;
  return &*std::prev(after);
}

bool LfhBackend::CanFree(std::uint64_t slot) const {
  const Entry& entry = *Around(slot);
  return space_.Sound(slot, entry.second.bucket * kUnit) && space_.Sound(entry.first, entry.second.first);
}

bool LfhBackend::Free(std::uint64_t slot) {
  if (!CanFree(slot)) return false;
  Entry& entry = *subsegments_.find(Around(slot)->first);
  space_.blocks.at(slot).state = BlockState::kFree;
  SetBusy(entry, static_cast<std::uint32_t>((slot - entry.first - entry.second.first) / (entry.second.bucket * kUnit)),
          false);
  return true;
}

/// HEAP_LFH_SUBSEGMENT_OWNER: flags and bucket, how many are available, the two lists.
void LfhBackend::WriteOwner(std::uint32_t bucket) {
  std::vector<std::uint64_t> available;
  std::vector<std::uint64_t> full;
  for (const auto& [va, facts] : subsegments_) {
    if (facts.bucket != bucket) continue;
    (facts.free != 0 ? available : full).push_back(va);
    if (!space_.layout.affinity_slots && space_.Sound(va, kBlockOffsetsAt)) {
      *space_.memory.At(va + kLocationAt) = facts.free != 0 ? 0 : 1;
    }
  }
  if (available.empty() && full.empty()) return;
  space_.memory.Write32(OwnerAt(bucket), 1 | bucket << 8);
  space_.memory.Write64(OwnerAt(bucket) + 8, available.size());
  space_.LinkRing(OwnerAt(bucket) + kAvailableListAt, available, false);
  space_.LinkRing(OwnerAt(bucket) + kFullListAt, full, false);
}

void LfhBackend::Settle() {
  for (std::uint32_t bucket = 1; bucket <= kBuckets; ++bucket) WriteOwner(bucket);
}

std::optional<VaRange> LfhBackend::SlotsAround(std::uint64_t va) const {
  const Entry* entry = Around(va);
  if (entry == nullptr) return std::nullopt;
  return VaRange{entry->first + entry->second.first, entry->second.end};
}

bool LfhBackend::IsHeaderByte(std::uint64_t va) const {
  const Entry* entry = Around(va);
  if (entry == nullptr) return false;
  const HeapLayout& layout = space_.layout;
  const std::uint32_t bits = entry->second.count * layout.lfh_bits_a_block;
  const std::uint64_t at = va - entry->first;
  if (at < kBlockOffsetsAt + 4) return at < kFreeCountAt + 4 || at >= kBlockOffsetsAt;
  return at >= layout.lfh_bitmap_at && at < layout.lfh_bitmap_at + (bits + 7) / 8;
}

}  // namespace poolblame::samples

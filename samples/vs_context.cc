// The VS context, its trees and lists, and what it knows of its subsegments. The life of chunks is in vs_backend.cc,
// with the sources.
#include <algorithm>
#include <bit>
#include <iterator>

#include "samples/heap_tree.h"
#include "samples/vs_backend.h"

namespace poolblame::samples {
namespace {

constexpr std::uint32_t kSlots = 2;  // affinity slots of 26100 and later; a real machine has one a core
constexpr std::uint32_t kSlotBytes = 0x80;
constexpr std::uint32_t kTreeAt = 0x10;  // in the context, or in a slot
constexpr std::uint32_t kListAt = 0x20;
constexpr std::uint32_t kDelayAt = 0x40;
constexpr std::uint32_t kCommitBitmapAt = 0x10;  // in a subsegment
constexpr std::uint32_t kLockAt = 0x18;

}  // namespace

VsBackend::VsBackend(HeapSpace& space, HeapSegments& segments) : space_(space), segments_(segments) {
  free_.resize(space.layout.affinity_slots ? kSlots : 1);
  WriteContext();
}

std::uint32_t VsBackend::SlotRef(std::uint32_t slot) const {
  // Behind the SEGMENT_HEAP: the slot map takes 0x40 bytes, then the slots follow. References count 64 bytes.
  return (space_.layout.heap_size + 0x40 + slot * kSlotBytes - space_.layout.vs_context_at) >> 6;
}

std::uint64_t VsBackend::SlotAt(std::uint32_t slot) const {
  return space_.layout.affinity_slots ? Context() + (std::uint64_t{SlotRef(slot)} << 6) : Context();
}

void VsBackend::WriteContext() {
  if (!space_.layout.affinity_slots) return;
  const std::uint32_t map_ref = (space_.layout.heap_size - space_.layout.vs_context_at) >> 6;
  space_.memory.Write32(Context(), map_ref | (kSlots - 1) << 16);  // SlotMapRef, AffinityMask
  for (std::uint32_t slot = 0; slot < kSlots; ++slot) {
    space_.memory.Write32(space_.heap + space_.layout.heap_size + 4 * slot, SlotRef(slot));
    space_.memory.Write64(SlotAt(slot), Context());
  }
}

/// The top bit of the word that holds the signature.
void VsBackend::SetFullCommit(std::uint64_t subsegment, bool full) {
  const std::uint64_t at = subsegment + space_.layout.vs_signature_at + 1;
  if (!space_.Sound(at, 1)) return;
  std::uint8_t* byte = space_.memory.At(at);
  *byte = static_cast<std::uint8_t>(full ? *byte | 0x80U : *byte & 0x7FU);
}

void VsBackend::Settle() {
  std::vector<std::vector<std::uint64_t>> lists(free_.size());
  for (const auto& [subsegment, facts] : subsegments_) {
    lists[facts.slot].push_back(subsegment);
    std::uint64_t bitmap = 0;
    for (std::uint64_t va = subsegment, bit = 0; va < facts.end; va += kPage, ++bit) {
      if (space_.memory.Mapped(va)) bitmap |= std::uint64_t{1} << bit;
    }
    space_.Put64(subsegment + kCommitBitmapAt, bitmap);
    const std::uint64_t pages = (facts.end - subsegment) / kPage;
    SetFullCommit(subsegment, static_cast<std::uint64_t>(std::popcount(bitmap)) == pages);
  }
  for (std::uint32_t slot = 0; slot < free_.size(); ++slot) {
    std::vector<std::uint64_t> nodes;
    for (const auto& [units, chunk] : free_[slot]) nodes.push_back(chunk + 8);
    // Unsure, both: which builds have encoded trees and XORed lists. The newest does (published dumps).
    if (!frozen_) WriteTree(space_.memory, SlotAt(slot) + kTreeAt, nodes, space_.layout.affinity_slots);
    space_.LinkRing(SlotAt(slot) + kListAt, lists[slot], space_.layout.affinity_slots);
  }
}

std::optional<VaRange> VsBackend::ChunksAround(std::uint64_t va) const {
  const auto after = subsegments_.upper_bound(va);
  if (after == subsegments_.begin()) return std::nullopt;
  const auto& [subsegment, facts] = *std::prev(after);
  if (va >= facts.end) return std::nullopt;
  return VaRange{subsegment + kVsFirstChunk, facts.end};
}

bool VsBackend::IsHeaderByte(std::uint64_t va) const {
  const auto chunks = ChunksAround(va);
  if (!chunks || va >= chunks->begin) return false;
  const std::uint64_t at = va - (chunks->begin - kVsFirstChunk);
  return at < kSizeAt + (space_.layout.affinity_slots ? 6U : 4U) && (at < kLockAt || at >= kSizeAt);
}

VaRange VsBackend::CommittedAround(std::uint64_t chunk) const {
  const VaRange chunks = *ChunksAround(chunk);
  VaRange run{PageOf(chunk), PageOf(chunk) + kPage};
  while (run.begin > chunks.begin && space_.memory.Mapped(run.begin - kPage)) run.begin -= kPage;
  while (run.end < chunks.end && space_.memory.Mapped(run.end)) run.end += kPage;
  return {std::max(run.begin, chunks.begin), run.end};
}

std::uint64_t VsBackend::DelayListOf(std::uint64_t chunk) const {
  return SlotAt(subsegments_.at(SubsegmentOf(chunk)).slot) + kDelayAt;
}

std::vector<std::uint64_t> VsBackend::DelayLists() const {
  std::vector<std::uint64_t> lists;
  for (std::uint32_t slot = 0; slot < free_.size(); ++slot) lists.push_back(SlotAt(slot) + kDelayAt);
  return lists;
}

}  // namespace poolblame::samples

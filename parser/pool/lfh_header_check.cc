// The header of an LFH subsegment: links, owner, counts, BlockOffsets and the bitmap. What a smashed one must have said
// comes from its slots: their size is in their POOL_HEADERs, and they fill the range.
#include <algorithm>
#include <array>
#include <cstdlib>
#include <map>
#include <utility>

#include "parser/base/little_endian.h"
#include "parser/pool/link_book.h"
#include "parser/pool/structure_check.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kFirstBits = 8;  // bytes of the bitmap: how long it is depends on what may be damaged
constexpr std::array kWords = {kLfhOwner, kLfhSecondWord};

struct Subject {
  PageRange range;
  PageBytes page;
  LfhHeader header;       // as it stands
  LfhGeometry geometry;   // as it decodes
  bool possible = false;  // the two fit each other and the range
  bool fills = false;     // and the slots fill the range
};

struct Rules {
  RuleCount slots_fill_range, bits_are_counted;
  std::array<RuleCount, kWords.size()> zero, pointer;
  // First slot by size of slots and range: the same bucket's subsegments agree.
  std::map<std::pair<std::uint32_t, std::uint64_t>, std::uint32_t> first;
};

std::uint16_t BlocksThatFit(const LfhGeometry& geometry, std::uint64_t range_bytes) {
  return static_cast<std::uint16_t>(
      std::min<std::uint64_t>(0xFFFF, (range_bytes - geometry.first) / geometry.block_size));
}

std::vector<Subject> SubjectsOf(const AddressSpace& space, const SegmentHeap& heap) {
  std::vector<Subject> subjects;
  for (const PageRange& range : heap.ranges()) {
    if (range.kind != RangeKind::kLfh) continue;
    PageBytes page = space.Page(range.address);
    if (page.presence != Presence::kPresent || page.bytes.size() < kPageSize) continue;
    const auto word = [&](std::uint32_t at) -> std::uint16_t { return page.bytes.TryRead<Le16>(at).value_or(Le16{}); };
    Subject subject;
    subject.header = {range.address, range.bytes, page.bytes.TryRead<Le32>(kLfhBlockOffsets).value_or(Le32{}),
                      word(kLfhBlockCount), word(kLfhFreeCount)};
    subject.geometry =
        DecodeLfhGeometry(subject.header, static_cast<std::uint32_t>(heap.lfh_key()->key), heap.layout());
    subject.possible = ReadLfhHeader(space, range.address, range.bytes).has_value() &&
                       IsPossible(subject.geometry, subject.header, heap.layout());
    subject.fills = subject.possible && BlocksThatFit(subject.geometry, range.bytes) == subject.header.blocks;
    subject.range = range;
    subject.page = std::move(page);
    subjects.push_back(std::move(subject));
  }
  return subjects;
}

Rules LearnRules(const AddressSpace& space, const SegmentHeap& heap, const std::vector<Subject>& subjects) {
  Rules rules;
  for (const Subject& subject : subjects) {
    rules.slots_fill_range.Add(subject.fills);
    for (std::size_t i = 0; i < kWords.size(); ++i) {
      rules.zero[i].Add(WordAt(subject.page, kWords[i]) == 0);
      rules.pointer[i].Add(IsHeapPointer(WordAt(subject.page, kWords[i]), subject.range.address.value));
    }
    if (!subject.possible) continue;
    const auto busy = CountBusy(space, subject.header, heap.layout(), heap.layout().lfh_bits);
    rules.bits_are_counted.Add(busy && *busy + subject.header.free == subject.header.blocks);
    if (subject.fills)
      rules.first.emplace(std::pair{subject.geometry.block_size, subject.range.bytes}, subject.geometry.first);
  }
  return rules;
}

/// The second word may be a lock, which somebody may hold: it is wrong only beside what is.
void CheckWords(const Subject& subject, const Rules& rules, HeapStructure& structure) {
  const std::uint64_t holder = subject.range.address.value;
  const std::uint32_t ones = UpperOnes(holder), upper = 8 - ones;
  for (std::size_t i = 0; i < kWords.size(); ++i) {
    const std::uint64_t value = WordAt(subject.page, kWords[i]);
    const char* field = kWords[i] == kLfhOwner ? "Owner" : "CommitLock";
    if (kWords[i] == kLfhSecondWord && value != 0 && !structure.damaged()) continue;
    if (rules.zero[i].believed())
      structure.Expect(kWords[i], 8, 0, field);
    else if (rules.pointer[i].believed() && !IsHeapPointer(value, holder))
      structure.Expect(kWords[i] + upper, ones, HeapLowest(holder) >> (8 * upper), field);
  }
}

/// Of the geometries that the slots speak for, the one of the bucket's other subsegments, else the one whose first slot
/// lies closest behind the bitmap.
std::optional<LfhGeometry> GeometryBySlots(const AddressSpace& space, const SegmentHeap& heap, const Subject& subject,
                                           const Rules& rules) {
  LfhHeader open = subject.header;
  open.blocks = 1;  // the count may be part of the damage
  std::optional<LfhGeometry> best;
  for (const LfhGeometry& geometry : GuessLfhGeometry(space, open, heap.layout())) {
    const auto sibling = rules.first.find({geometry.block_size, subject.range.bytes});
    if (sibling != rules.first.end() && sibling->second == geometry.first) return geometry;
    const std::uint32_t bitmap = (BlocksThatFit(geometry, subject.range.bytes) * heap.layout().lfh_bits + 7) / 8;
    if (geometry.first >= heap.layout().lfh_bitmap + bitmap) best = geometry;  // the likeliest first, then those before
  }
  return best;
}

/// With a sound bitmap the free count is known, too.
void CheckCounts(const AddressSpace& space, const SegmentHeap& heap, const Subject& subject, LfhHeader& mended,
                 const Rules& rules, HeapStructure& structure) {
  structure.Expect(kLfhBlockCount, 2, mended.blocks, "BlockCount");
  if (!rules.bits_are_counted.believed()) return;
  const auto busy = CountBusy(space, mended, heap.layout(), heap.layout().lfh_bits);
  if (!busy) return;
  mended.free = static_cast<std::uint16_t>(mended.blocks - std::min<std::uint32_t>(*busy, mended.blocks));
  mended.bitmap_lost = mended.free != subject.header.free;
  if (!mended.bitmap_lost) return structure.Accept(kLfhFreeCount, 2);
  // One of the two is wrong: what lies inside other damage, else nobody can say which. By one they differ, too, while
  // a block is being taken or given back.
  constexpr int kInFlight = 1;
  if (structure.IsWrong(kLfhBlockOffsets, structure.size()) || subject.header.free > mended.blocks)
    structure.Reject(kLfhFreeCount, 2, "FreeCount");
  else if (!structure.damaged() && std::abs(int{mended.free} - int{subject.header.free}) > kInFlight)
    structure.Reject(heap.layout().lfh_bitmap, 1, "BlockBitmap");
}

bool HasSlots(const AddressSpace& space, const SegmentHeap& heap, const Subject& subject) {
  LfhHeader open = subject.header;
  open.blocks = 1;
  return !GuessLfhGeometry(space, open, heap.layout()).empty();
}

/// Fills what is wrong, and what the header must have said where that matters for its slots.
std::optional<LfhHeader> CheckOne(const AddressSpace& space, const SegmentHeap& heap, const Subject& subject,
                                  const Rules& rules, HeapStructure& structure) {
  CheckWords(subject, rules, structure);
  if (!rules.slots_fill_range.believed()) return std::nullopt;
  LfhHeader mended = subject.header;
  LfhGeometry geometry = subject.geometry;
  if (!subject.fills) {
    const auto by_slots = GeometryBySlots(space, heap, subject, rules);
    if (!by_slots) return std::nullopt;
    geometry = *by_slots;
  }
  mended.blocks = BlocksThatFit(geometry, subject.range.bytes);
  mended.encoded = LfhKeyFor(subject.header, geometry, heap.layout()) ^ subject.header.encoded ^
                   static_cast<std::uint32_t>(heap.lfh_key()->key);
  structure.Expect(kLfhBlockOffsets, 4, mended.encoded, "BlockOffsets");
  CheckCounts(space, heap, subject, mended, rules, structure);
  return structure.damaged() ? std::optional(mended) : std::nullopt;
}

}  // namespace

void CheckLfhSubsegments(const AddressSpace& space, const SegmentHeap& heap, DamagedStructures& out) {
  if (!heap.lfh_key()) return;
  const std::vector<Subject> subjects = SubjectsOf(space, heap);
  const Rules rules = LearnRules(space, heap, subjects);
  std::vector<VirtAddr> entries;
  for (const Subject& subject : subjects) entries.push_back(subject.range.address);
  const LinkBook book(space, entries);
  std::size_t odd = 0;  // each costs a look at its slots
  for (const Subject& subject : subjects) {
    if (!subject.fills && ++odd > kMostDamagedStructures) continue;
    HeapStructure structure(HeapStructureKind::kLfhSubsegment, subject.range.address,
                            ByteView(subject.page.bytes.data(), heap.layout().lfh_bitmap + kFirstBits));
    if (!subject.possible && !book.Names(subject.range.address) && !HasSlots(space, heap, subject)) continue;
    book.Check(structure);
    if (const auto mended = CheckOne(space, heap, subject, rules, structure))
      out.mended_lfh.emplace(subject.range.address.value, *mended);
    KeepDamaged(std::move(structure), out);
  }
}

}  // namespace poolblame

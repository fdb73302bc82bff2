// The header of a VS subsegment: links, commit bitmap, lock, Size and Signature.
#include <algorithm>
#include <utility>

#include "parser/base/little_endian.h"
#include "parser/pool/link_book.h"
#include "parser/pool/structure_check.h"

namespace poolblame {
namespace {

constexpr std::uint16_t kSignatureBits = 0x7FFF;  // the bit above says that all pages are committed

struct VsSubject {
  PageRange range;
  PageBytes page;
  std::optional<std::uint32_t> stated;  // bytes, header included; nothing where Size and Signature disagree
};

struct VsRules {
  RuleCount size_fits_range, lock_is_free, bitmap_ends, bitmap_has_pages;
};

/// From 26100 on the range may be one page longer than the chunks.
bool SizeFitsRange(const VsSubject& subject) {
  return subject.stated &&
         (*subject.stated == subject.range.bytes || *subject.stated + kPageSize == subject.range.bytes);
}

/// Pages of the first 64, bit by bit, that are in the image.
std::uint64_t PagesHere(const AddressSpace& space, const PageRange& range) {
  std::uint64_t here = 0;
  for (std::uint64_t page = 0; page < std::min<std::uint64_t>(64, range.bytes / kPageSize); ++page)
    if (space.Page(range.address + page * kPageSize).presence == Presence::kPresent) here |= std::uint64_t{1} << page;
  return here;
}

std::uint64_t BitsBehind(std::uint64_t pages) { return pages >= 64 ? 0 : ~std::uint64_t{0} << pages; }

VsRules LearnRules(const AddressSpace& space, const std::vector<VsSubject>& subjects) {
  VsRules rules;
  for (const VsSubject& subject : subjects) {
    const std::uint64_t bitmap = WordAt(subject.page, kVsCommitBitmap);
    rules.size_fits_range.Add(SizeFitsRange(subject));
    rules.lock_is_free.Add(WordAt(subject.page, kVsCommitLock) == 0);
    rules.bitmap_ends.Add((bitmap & BitsBehind(subject.range.bytes / kPageSize)) == 0);
    rules.bitmap_has_pages.Add((PagesHere(space, subject.range) & ~bitmap) == 0);
  }
  return rules;
}

/// Where the chunks end by the chunks themselves: with the range, or a page before it where that page never was.
std::optional<std::uint64_t> EndOfChunks(const AddressSpace& space, const SegmentHeap& heap, const PageRange& range) {
  const auto subsegment = heap.ReadVs(space, range);
  if (!subsegment || range.bytes <= kPageSize) return std::nullopt;
  const std::uint64_t last_page = range.bytes - kPageSize;
  const bool last_here = space.Page(range.address + last_page).presence == Presence::kPresent;
  const bool ends_before = std::any_of(subsegment->chunks.begin(), subsegment->chunks.end(),
                                       [&](const VsChunk& chunk) { return chunk.offset + chunk.size == last_page; });
  return !last_here && ends_before ? last_page : range.bytes;
}

/// A page that is committed right now may not have its bit yet: that alone is no damage.
void CheckBitmap(const AddressSpace& space, const VsSubject& subject, const VsRules& rules, HeapStructure& structure) {
  const std::uint64_t pages = subject.range.bytes / kPageSize;
  const std::uint64_t bitmap = WordAt(subject.page, kVsCommitBitmap), here = PagesHere(space, subject.range);
  const bool damaged = structure.damaged() || (rules.bitmap_ends.believed() && (bitmap & BitsBehind(pages)) != 0);
  const bool pages_count = rules.bitmap_has_pages.believed() && (damaged || (here & ~bitmap) == 0);
  for (std::uint32_t byte = 0; byte < 8; ++byte) {
    const auto part = [&](std::uint64_t word) { return static_cast<std::uint8_t>(word >> (8 * byte)); };
    const std::uint8_t behind = part(BitsBehind(pages));
    if (behind == 0xFF && rules.bitmap_ends.believed())
      structure.Expect(kVsCommitBitmap + byte, 1, 0, "CommitBitmap");
    else if (part(here) == 0xFF && pages_count)
      structure.Expect(kVsCommitBitmap + byte, 1, 0xFF, "CommitBitmap");
    else if ((rules.bitmap_ends.believed() && (part(bitmap) & behind) != 0) ||
             (pages_count && (part(here) & ~part(bitmap)) != 0))
      structure.Reject(kVsCommitBitmap + byte, 1, "CommitBitmap");
  }
}

/// The two are one number, stated twice.
void CheckSize(const AddressSpace& space, const SegmentHeap& heap, const VsSubject& subject, const VsRules& rules,
               HeapStructure& structure) {
  const std::uint32_t signature_at = heap.layout().vs_signature;
  if (subject.stated) {
    structure.Accept(kVsSize, 2);
    structure.Accept(signature_at, 2);
    return;
  }
  const auto end = rules.size_fits_range.believed() ? EndOfChunks(space, heap, subject.range) : std::nullopt;
  if (!end) {
    structure.Reject(kVsSize, 2, "Size");
    structure.Reject(signature_at, 2, "Signature");
    return;
  }
  const std::uint64_t size = (*end - kVsFirstChunk) / kChunkUnit;
  const std::uint16_t read = subject.page.bytes.TryRead<Le16>(signature_at).value_or(Le16{});
  const std::uint64_t bits = (size ^ kVsMagic) & kSignatureBits;
  structure.Expect(kVsSize, 2, size, "Size");
  structure.Expect(signature_at, 2, bits | (read & ~kSignatureBits & 0xFFFFU), "Signature");
}

std::vector<VsSubject> VsSubjectsOf(const AddressSpace& space, const SegmentHeap& heap) {
  std::vector<VsSubject> subjects;
  for (const PageRange& range : heap.ranges()) {
    if (range.kind != RangeKind::kVs) continue;
    PageBytes page = space.Page(range.address);
    if (page.presence != Presence::kPresent || page.bytes.size() < kPageSize) continue;
    const auto stated = VsSubsegmentBytes(page.bytes, heap.layout());
    subjects.push_back({range, std::move(page), stated && *stated <= range.bytes ? stated : std::nullopt});
  }
  return subjects;
}

/// A range that says to be a VS subsegment, in no list, and holds neither its header nor its chunks is not one.
bool IsOne(const AddressSpace& space, const SegmentHeap& heap, const LinkBook& book, const VsSubject& subject) {
  return subject.stated || (book.believed() && book.Names(subject.range.address)) ||
         heap.ReadVs(space, subject.range).has_value();
}

}  // namespace

void CheckVsSubsegments(const AddressSpace& space, const SegmentHeap& heap, DamagedStructures& out) {
  const std::vector<VsSubject> subjects = VsSubjectsOf(space, heap);
  const VsRules rules = LearnRules(space, subjects);
  std::vector<VirtAddr> entries;
  for (const VsSubject& subject : subjects) entries.push_back(subject.range.address);
  const LinkBook book(space, entries);
  std::size_t without_size = 0;  // each costs a tiling
  for (const VsSubject& subject : subjects) {
    if (!subject.stated && ++without_size > kMostDamagedStructures) continue;
    HeapStructure structure(HeapStructureKind::kVsSubsegment, subject.range.address,
                            ByteView(subject.page.bytes.data(), kVsFirstChunk));
    book.Check(structure);
    CheckSize(space, heap, subject, rules, structure);
    CheckBitmap(space, subject, rules, structure);
    // Somebody may hold the lock.
    const bool free = WordAt(subject.page, kVsCommitLock) == 0;
    if (rules.lock_is_free.believed() && (free || structure.damaged()))
      structure.Expect(kVsCommitLock, 8, 0, "CommitLock");
    if (structure.damaged() && IsOne(space, heap, book, subject)) KeepDamaged(std::move(structure), out);
  }
}

}  // namespace poolblame

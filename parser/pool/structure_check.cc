#include "parser/pool/structure_check.h"

#include <utility>

#include "parser/pool/link_book.h"

namespace poolblame {

void KeepDamaged(HeapStructure&& structure, DamagedStructures& out) {
  if (structure.damaged() && out.structures.size() < kMostDamagedStructures)
    out.structures.push_back(std::move(structure));
}

/// The links, the signature under the key that the others agree on, and the first words of ranges whose later units
/// still tell of them.
void CheckSegments(const AddressSpace& space, const SegmentHeap& heap, DamagedStructures& out) {
  constexpr std::uint64_t kFewestVotes = 2;
  std::vector<VirtAddr> entries;
  for (const PageSegment& segment : heap.segments()) entries.push_back(segment.address);
  const LinkBook book(space, entries);
  const bool key_believed =
      heap.heap_key() && heap.heap_key()->votes >= kFewestVotes && heap.heap_key()->votes > heap.heap_key()->second;
  for (const PageSegment& segment : heap.segments()) {
    const PageBytes page = space.Page(segment.address);
    if (page.presence != Presence::kPresent) continue;
    HeapStructure structure(HeapStructureKind::kPageSegment, segment.address, page.bytes);
    book.Check(structure);
    if (key_believed && segment.context)
      structure.Expect(
          kSegmentSignatureAt, 8,
          heap.heap_key()->key ^ segment.address.value ^ segment.context->value ^ heap.layout().segment_signature,
          "Signature");
    for (const std::uint32_t unit : segment.damaged_units)
      structure.Expect(unit * kRangeBytes, 4, kRangeSignature, "DescArray.TreeSignature");
    KeepDamaged(std::move(structure), out);
  }
}

DamagedStructures CheckStructures(const AddressSpace& space, const SegmentHeap& heap) {
  DamagedStructures out;
  CheckSegments(space, heap, out);
  CheckVsSubsegments(space, heap, out);
  CheckLfhSubsegments(space, heap, out);
  return out;
}

}  // namespace poolblame

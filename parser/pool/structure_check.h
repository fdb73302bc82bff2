// Looks at the segment heap's own headers: which bytes of them are not what their neighbours, their ranges and the
// image's other headers say they must be. Nothing is believed that this image's headers do not keep.
#pragma once

#include <map>
#include <vector>

#include "parser/base/little_endian.h"
#include "parser/image/address_space.h"
#include "parser/pool/heap_structure.h"
#include "parser/pool/segment_heap.h"

namespace poolblame {

struct DamagedStructures {
  std::vector<HeapStructure> structures;          // ascending within each kind, at most kMostDamagedStructures
  std::map<std::uint64_t, LfhHeader> mended_lfh;  // by address: what damaged LFH headers must have said
};

inline constexpr std::size_t kMostDamagedStructures = 1024;  // more is no pool problem

/// Cost: the first page of every segment and subsegment; of damaged ones all pages.
DamagedStructures CheckStructures(const AddressSpace& space, const SegmentHeap& heap);

/// How many of the image's headers keep a rule; the steps of CheckStructures share it.
struct RuleCount {
  std::size_t kept = 0, broken = 0;
  void Add(bool keeps) { ++(keeps ? kept : broken); }
  [[nodiscard]] bool believed() const {
    constexpr std::size_t kFewest = 4;
    return kept >= kFewest && broken * 8 <= kept + 8;
  }
};

void CheckSegments(const AddressSpace& space, const SegmentHeap& heap, DamagedStructures& out);
void CheckVsSubsegments(const AddressSpace& space, const SegmentHeap& heap, DamagedStructures& out);
void CheckLfhSubsegments(const AddressSpace& space, const SegmentHeap& heap, DamagedStructures& out);

/// Eight bytes of a header at `offset` of its page; 0 behind the page's end.
inline std::uint64_t WordAt(const PageBytes& page, std::uint32_t offset) {
  return page.bytes.TryRead<Le64>(offset).value_or(Le64{});
}

/// Files `structure` when something is wrong with it.
void KeepDamaged(HeapStructure&& structure, DamagedStructures& out);

}  // namespace poolblame

// One low-fragmentation subsegment of the segment heap: slots of one size behind a header that says, encoded, how large
// they are and where the first lies, and a bitmap of those in use. No header links the slots, so geometry has to come
// from the encoded word, and its key from what the slots' own POOL_HEADERs show.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "parser/base/address.h"
#include "parser/format/segment_heap.h"
#include "parser/image/address_space.h"

namespace poolblame {

struct LfhGeometry {
  std::uint32_t block_size = 0;  // bytes
  std::uint32_t first = 0;       // offset of the first slot in the subsegment
  friend bool operator==(const LfhGeometry&, const LfhGeometry&) = default;
};

struct LfhSlot {
  std::uint32_t offset = 0;  // in the subsegment
  std::uint32_t size = 0;    // bytes; with a hole behind it, where the next slot would cross a page and is not used
  bool busy = false;
};

struct LfhSubsegment {
  VirtAddr address{};
  LfhGeometry geometry;
  std::vector<LfhSlot> slots;  // ascending; those on pages that are not there, or would cross a page, are left out
  bool states_known = true;    // false: no bitmap is here, and `busy` only says that a sound header stands there
};

/// What the header of a subsegment says in plain, and the word it hides its geometry in.
struct LfhHeader {
  VirtAddr address{};
  std::uint64_t range_bytes = 0;
  std::uint32_t encoded = 0;
  std::uint16_t blocks = 0, free = 0;
  bool bitmap_lost = false;  // it may be part of the damage that the header was mended from
};

/// Nothing when the counts contradict each other or the page is not there.
std::optional<LfhHeader> ReadLfhHeader(const AddressSpace& space, VirtAddr address, std::uint64_t range_bytes);

/// Lower 32 bits of LfhKey that would make `geometry` of this header.
std::uint32_t LfhKeyFor(const LfhHeader& header, const LfhGeometry& geometry, const SegmentHeapLayout& layout);
LfhGeometry DecodeLfhGeometry(const LfhHeader& header, std::uint32_t key, const SegmentHeapLayout& layout);
/// Sizes and places that the range of the subsegment allows.
bool IsPossible(const LfhGeometry& geometry, const LfhHeader& header, const SegmentHeapLayout& layout);

/// Geometries that the POOL_HEADERs of the subsegment speak for, the likeliest first: the size most of them state, the
/// first of them that keeps step, and places before it. Cost: up to eight pages.
std::vector<LfhGeometry> GuessLfhGeometry(const AddressSpace& space, const LfhHeader& header,
                                          const SegmentHeapLayout& layout);

/// Busy slots by the bitmap as it stands, under the version's packing. Nothing when its page is not there.
std::optional<std::uint32_t> CountBusy(const AddressSpace& space, const LfhHeader& header,
                                       const SegmentHeapLayout& layout, std::uint32_t bits);

/// The slots under this geometry. The version's bitmap packing is believed where its count of busy slots agrees with
/// the header's, else the other known one; where none does, all slots with a sound header count as busy.
LfhSubsegment ReadLfhSubsegment(const AddressSpace& space, const LfhHeader& header, const LfhGeometry& geometry,
                                const SegmentHeapLayout& layout);

/// The slots that the POOL_HEADERs of one page speak for, whatever subsegment it belongs to: three or more of one size
/// in step, and no more slots that hold something else. `first` is the place of the first whole one.
std::optional<LfhGeometry> LfhGeometryOfPage(ByteView page);

/// The header of the subsegment that begins with this page, where the page's slots have this geometry; nothing where
/// none stands there: the bitmap has to have as many bits set as the counts say.
std::optional<LfhHeader> FindLfhHeader(const AddressSpace& space, VirtAddr page, const LfhGeometry& geometry,
                                       const SegmentHeapLayout& layout);

/// Pages from the middle of a subsegment, slots by the first one's geometry. Nothing where that page shows none.
std::optional<LfhSubsegment> ReadLfhPages(const AddressSpace& space, VirtAddr address, std::uint64_t bytes);

}  // namespace poolblame

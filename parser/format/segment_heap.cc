#include "parser/format/segment_heap.h"

namespace poolblame {

const SegmentHeapLayout* FindSegmentHeapLayout(std::optional<std::uint32_t> build) {
  for (const SegmentHeapLayout& row : kSegmentHeapLayouts)
    if (build && *build >= row.first_build && *build <= row.last_build) return &row;
  return nullptr;
}

}  // namespace poolblame

#include "parser/pool/pool_census.h"

#include "parser/pool/census_builder.h"
#include "parser/pool/segment_page.h"

namespace poolblame {

const TagStatistics* PoolCensus::Tag(PoolTag tag) const {
  const auto found = tags.find(tag.name());
  return found == tags.end() ? nullptr : &found->second;
}

PoolCensus ScanPool(const AddressSpace& space, const System& system, const ScanOptions& options) {
  return CensusBuilder(space, system, options).Build();
}

std::optional<PoolPage> ReadPoolPage(const AddressSpace& space, const System& /*system*/, const PoolCensus& census,
                                     VirtAddr page) {
  if (census.layout == nullptr) return std::nullopt;
  if (census.segment_heap != nullptr) {
    const SegmentHeap& heap = *census.segment_heap;
    const SegmentPageSource source{
        space, *census.layout, heap.trust(), {census.trust, &census.tags}, heap.free_state()};
    return SegmentPageAt(source, heap, page.page());
  }
  PageBytes bytes = space.Page(page.page());
  if (bytes.presence != Presence::kPresent) return std::nullopt;
  const HeaderReader reader(*census.layout);
  return ExaminePage(std::move(bytes), page.page(), space, reader, {census.trust, &census.tags}, PageTrust::kNamed);
}

}  // namespace poolblame

// What healthy pages add to the census: counts, examples of each tag, references, and what their free lists look like.
// Filled a chunk of pages at a time and merged in image order, so that "the first 48 blocks of a tag" are the same
// blocks whatever the number of threads.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "parser/pool/free_links.h"
#include "parser/pool/page_scan.h"
#include "parser/pool/pool_census.h"

namespace poolblame {

struct HealthyPages {
  std::uint64_t pages = 0, blocks = 0, allocated = 0, free = 0;
  std::map<PoolTag, TagStatistics> tags;
  PairCounts pairs;
  std::vector<PoolPageRef> references;
  TrustTally links;                          // only its link counters
  std::vector<FoundPage> with_broken_links;  // pages with a free block whose links are not sound
  std::vector<VirtAddr> self_linked;         // blocks in use whose first pointer leads to itself, by their begin
  std::vector<ChargedBlock> charged;         // of the segment heap
  std::vector<TrackedBlock> tracked;         // by Driver Verifier

  /// Adds one page whose walk closes. `links` may be nullptr, as where the page's address is not known.
  void Add(const std::uint8_t* page, const FoundPage& found, std::optional<VirtAddr> address,
           const HeaderReader& reader, const FreeLinkChecker* checker);
  /// Appends the pages behind in image order.
  void NoteSelfLink(const FreeLinkChecker& checker, const std::uint8_t* page, VirtAddr address, std::uint32_t offset,
                    std::uint32_t size, BlockState state);
  /// Counts one block and keeps it as a sample where its bytes lie in one piece (`header` is not nullptr). Returns its
  /// tag's statistics, which stay where they are.
  TagStatistics& AddSample(PoolTag tag, const BlockSample& sample, bool paged);
  /// Keeps a block in use whose PoolType says that Driver Verifier tracks it.
  void NoteTracked(PoolTag tag, const BlockSample& sample, std::uint32_t pool_type);
  void Append(HealthyPages&& later);
  /// Gives `census` what it has collected.
  void MoveTo(PoolCensus& census) &&;
};

/// Counts who stands below whom, block by block upwards; a new one begins at every page and behind every hole.
class NeighbourWalk {
 public:
  /// A sound block: its tag's statistics where it is in use, else nullptr. `pairs` counts with those below it.
  void Next(TagStatistics* in_use, const Neighbourhood& where, std::uint64_t& pairs);
  /// A block that is not sound, or says nothing.
  void Break() { *this = NeighbourWalk(); }

 private:
  bool begun_ = false;
  TagStatistics* below_ = nullptr;
};

/// Adds what `later` saw to `statistics`, keeping its caps.
void MergeTagStatistics(TagStatistics& statistics, const TagStatistics& later);

}  // namespace poolblame

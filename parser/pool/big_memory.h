// Whose memory is it that has no header: by nt!PoolBigPageTable, by the segment heap's ranges, or by what the table
// remembers of who had it last.
#pragma once

#include <cstdint>
#include <optional>
#include <string>

#include "parser/base/address.h"
#include "parser/base/pool_tag.h"
#include "parser/pool/pool_census.h"

namespace poolblame {

struct BigOwner {
  std::optional<VirtAddr> begin;  // of the allocation; nothing where neither table nor heap know one
  std::uint64_t bytes = 0;        // as the table has it; of the range where it has none
  std::optional<PoolTag> tag;
  bool in_range = false;  // a plain page range of the segment heap
  bool freed = false;     // nobody has it now: this is its last owner
};

/// `address` is that of memory without headers. Cost: two binary searches.
BigOwner OwnerOfBigMemory(const PoolCensus& census, VirtAddr address);

/// A sentence on memory that the bug check names: headerless memory says nothing of itself. Nothing without a tag.
std::optional<std::string> NoteOfBigOwner(const BigOwner& owner);

}  // namespace poolblame

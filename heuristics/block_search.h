// Blocks by tag, by owner or by an address in them: what `!poolfind` looks for, over the whole image at once.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <string>

#include "heuristics/report.h"
#include "parser/pool/pool_blocks.h"
#include "pooltag/tag_database.h"
#include "pooltag/tag_pattern.h"

namespace poolblame {

/// What is looked for; all that is given has to fit.
struct BlockQuery {
  std::optional<TagPattern> tag = {};
  std::optional<VirtAddr> address = {};  // in the block, its header included
  std::string driver = {};               // the tag's owner; see IsDriver (pooltag/name_match.h)
  bool with_free = false;  // free blocks, too, which may keep their last owner's tag; with an address always
};

struct FoundBlock {
  PlacedBlock block;
  Owner owner;
};

/// In the order of ForEachPoolBlock. Cost: a walk over all blocks.
BlockCoverage FindBlocks(const AddressSpace& space, const System& system, const PoolCensus& census,
                         const TagDatabase& tags, const BlockQuery& query,
                         const std::function<void(const FoundBlock&)>& visit);

}  // namespace poolblame

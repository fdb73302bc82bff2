// `poolblame tag --image`: which drivers of an image have the tag in their code.
#pragma once

#include <string>
#include <vector>

#include "heuristics/code_owner.h"

namespace poolblame::cli {

/// What the drivers' images say of one tag: candidates by rank, each with its places. Where the image has no drivers'
/// code, that, and whether the drivers that the table has for the tag are among those loaded or unloaded.
std::string RenderTagCode(PoolTag tag, const CodeSearch& search, const System& system, const TagDatabase& tags);

/// A tag of the pool and how many blocks have it.
struct TagCount {
  PoolTag tag;
  std::uint64_t allocated = 0;
};

/// A line for each tag: blocks, and the driver that its code names.
std::string RenderAllTagCode(const std::vector<TagCount>& counts, const CodeSearch& search, const System& system,
                             const TagDatabase& tags);

}  // namespace poolblame::cli

// `poolblame tag --image`: which drivers of an image have the tag in their code.
#pragma once

#include <string>
#include <vector>

#include "cli/json_sections.h"
#include "heuristics/code_owner.h"
#include "pooltag/tag_search.h"

namespace poolblame::cli {

/// What the drivers' images say of one tag: candidates by rank, each with its places. Where the image has no drivers'
/// code, that, and whether the drivers that the table has for the tag are among those loaded or unloaded.
std::string RenderTagCode(PoolTag tag, const CodeSearch& search, const System& system, const TagDatabase& tags);
/// The same for a record of "poolblame.tag/1", all candidates of it.
Json TagCodeJson(PoolTag tag, const CodeSearch& search, const System& system, const TagDatabase& tags);

/// A tag of the pool and how many blocks have it.
struct TagCount {
  PoolTag tag;
  std::uint64_t allocated = 0;
};

/// The same with whose it is.
struct NamedTag {
  TagCount count;
  Owner owner;                          // as it is best known: by the code, else by the table
  const DriverTagUses* uses = nullptr;  // where the code names the owner
};

/// Those of `counts` whose tag fits one of `patterns` (all where there are none), and whose owner fits `query`'s driver
/// and vendor. `search` must outlive the answer.
std::vector<NamedTag> NameTags(const std::vector<TagCount>& counts, const std::vector<TagPattern>& patterns,
                               const TagQuery& query, const CodeSearch& search, const System& system,
                               const TagDatabase& tags);

/// A line for each tag: blocks, and the driver that its code names, else the table.
std::string RenderAllTagCode(const std::vector<NamedTag>& named, const CodeSearch& search, const System& system);
/// A record for each tag.
std::vector<Json> AllTagCodeJson(const std::vector<NamedTag>& named, const System& system);

}  // namespace poolblame::cli

// Whose tag is it, by the drivers' own code: which of the loaded drivers hands the tag to the allocator, and how sure
// that makes it.
#pragma once

#include <map>
#include <set>
#include <string>
#include <vector>

#include "heuristics/report.h"
#include "pooltag/driver_code.h"
#include "pooltag/tag_database.h"

namespace poolblame {

/// A driver that the tag was found in, or that the table has for it.
struct CodeCandidate {
  std::size_t module = 0;               // in System::modules
  double probability = 0;               // that it is the tag's owner
  const DriverTagUses* uses = nullptr;  // in the search; nullptr: it was not found in this driver
};

/// Candidates, most probable first. What is left to 1 is the drivers where nothing was found, and those that are gone.
/// Generic tags have none. `search` must outlive the answer.
std::vector<CodeCandidate> RankByCode(PoolTag tag, const CodeSearch& search, const System& system,
                                      const TagDatabase& tags);

/// The first one, when it is probable enough to be named and its code says so.
const CodeCandidate* NamedByCode(const std::vector<CodeCandidate>& ranked);

/// "vxfilter.sys+0x1234 allocates with this tag (ExAllocatePoolWithTag)".
std::string SiteText(const TagSite& site, const System& system);

/// A search of all drivers whose images are in memory, those that no list has any more among them.
struct CodeOfImage {
  System system;  // with those drivers; `search` counts modules as they stand here
  CodeSearch search;
};
/// Cost: SearchDriverCode's.
CodeOfImage SearchImageCode(const AddressSpace& space, const System& system, const std::vector<PoolTag>& wanted);

/// Of the tags of `wanted`, those whose driver the code of the image names. Cost: SearchDriverCode's.
std::map<PoolTag, Owner> OwnersByCode(const AddressSpace& space, const System& system, const TagDatabase& tags,
                                      const std::set<PoolTag>& wanted);

/// The owner as it is best known: a driver that the code names stands before one of a table.
Owner BetterOwner(const Owner& known, const std::map<PoolTag, Owner>& by_code, PoolTag tag);

/// Names the drivers of all suspects that may be named, in one search of the drivers' images, and adds what was found
/// as evidence without weight. A driver known by an allocation record or by its instruction stays.
void NameByDriverCode(const AddressSpace& space, const System& system, const TagDatabase& tags, Report& report);

}  // namespace poolblame

// What a report carries for a ranking over many dumps: which crash and machine it is of, which modules were loaded, and
// how often each tag stands below an intact block in this image.
#pragma once

#include "cli/json_sections.h"

namespace poolblame::cli {

/// {"system_time", "up_time", "processors", "machine_fingerprint"}, each null where the header does not say it.
Json JsonOrigin(const ImageReport& facts);
/// Names of the loaded modules, in load order; null where the image has no list.
Json JsonModules(const ImageReport& facts);
/// One entry a neighbourhood: the pools' chains of blocks, and slots of the sizes in which there is an incident.
Json JsonAdjacency(const ImageReport& facts);

/// Bytes of the slots that the incident's victim lies among; null where blocks of any size do.
Json JsonSlotSize(const ImageReport& facts, std::size_t incident);
/// {"blocks", "same_size"}: healthy blocks in use of a suspect's tag, and those of its size; null for no block.
Json JsonSiblings(const ImageReport& facts, const Suspect& suspect);

}  // namespace poolblame::cli

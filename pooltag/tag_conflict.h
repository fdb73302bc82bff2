// Tables that contradict each other about a tag.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "pooltag/tag_entry.h"

namespace poolblame {

/// Rows of one exactness that name different drivers. Less exact ones are other tags' families and contradict nothing;
/// rows without a driver claim nothing.
struct TagConflict {
  std::vector<std::string> drivers;  // two or more, in the order of the rows, each once whatever its case
  std::string users;                 // the one driver that the user's rows agree on, which counts before ours; or empty
};

/// `entries` as TagDatabase::Find gives them: best first. Looks at those as exact as the first.
std::optional<TagConflict> FindConflict(const std::vector<TagEntry>& entries);

/// Whose the tag is, where there is room for one word: the driver that the best rows agree on, else the component they
/// name. Empty where they differ or say nothing. Generic tags are the caller's to know.
std::string AgreedOwner(const std::vector<TagEntry>& entries);

}  // namespace poolblame

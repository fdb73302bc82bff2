// `poolblame tag`: whose tag is it?
#pragma once

#include <optional>
#include <string>

#include "pooltag/tag_database.h"

namespace poolblame::cli {

/// The tag that was typed: one to four characters, or the raw ULONG in hex; nothing for anything else.
std::optional<PoolTag> TypedTag(const std::string& typed);

struct TagAnswer {
  bool known = false;
  std::string text;
};

/// What was typed ("Ntf", "Proc", "0xe56c6946" or "e56c6946" for the raw ULONG) and all entries that fit, best first;
/// an unknown tag whose bytes reversed are known gets that as a suggestion (tags are written in memory order).
TagAnswer RenderTag(const std::string& typed, const TagDatabase& tags);

}  // namespace poolblame::cli

// How each driver's code holds its pool tags, and who else's image has the same four bytes. Drawn from the seed.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "samples/builder.h"
#include "samples/recipe.h"

namespace poolblame::samples {

enum class TagHolding {
  kCall,       // an operand on its way to the allocator
  kKept,       // the same, by way of a register that calls keep
  kLookaside,  // of a lookaside list
  kWrapper,    // given to a function of the driver's own, which allocates
  kGlobal,     // in a variable that the code loads
  kTable,      // in a table that the code indexes: only data
  kNowhere,    // computed: the driver's image does not have it
};
/// "call", "kept", "lookaside", "wrapper", "global", "table", "nowhere".
const char* TagHoldingName(TagHolding holding);

/// The same four bytes in another driver's image, with another meaning or none.
enum class TagEcho { kText, kChanceInCode, kChanceInData, kCompare, kFree };

struct EchoAt {
  std::size_t driver = 0;  // in Drivers()
  TagEcho echo = TagEcho::kText;
};

struct TagHome {
  std::size_t model = 0;  // in Tags()
  std::uint32_t tag = 0;  // as the code has it: the protected mark included
  TagHolding holding = TagHolding::kCall;
  std::string routine;  // that gets it
  std::vector<EchoAt> echoes;
};

/// One for each of Tags(), in their order.
std::vector<TagHome> DrawTagHomes(const Recipe& recipe);
/// The same as the truth tells it.
std::vector<TagTruth> TagTruths(const Recipe& recipe);

}  // namespace poolblame::samples

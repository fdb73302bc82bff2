#include "parser/kernel/bugcheck.h"

namespace poolblame {

BugCheck ExplainBugCheck(const BugCheckRecord& record, Machine /*machine*/, std::optional<std::uint32_t> /*build*/) {
  BugCheck result;
  result.code = record.code & ~std::uint32_t{0x10000000};
  result.parameters = record.parameters;
  result.name = "UNKNOWN_BUGCHECK";
  return result;
}

}  // namespace poolblame

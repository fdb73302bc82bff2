// Every check that a page failed, as sentences with both values: what was read and what must have been there.
#pragma once

#include <string>
#include <vector>

#include "parser/pool/pool_page.h"

namespace poolblame::cli {

struct FailedCheck {
  std::string where;  // "header +a40 'Ntff'"
  std::string text;   // "BlockSize is 0x41 (1040 bytes), must have been 0x0a (160 bytes)"
};

/// In page order; empty for a healthy page.
std::vector<FailedCheck> FailedChecks(const PoolPage& page);

}  // namespace poolblame::cli

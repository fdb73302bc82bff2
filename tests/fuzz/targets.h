// The names under which hostile input is fed: every container of containers.cc, and "pool_page", "tag_file",
// "reports", "symbols", "analyze". Each has its libFuzzer program fuzz_<name> and its seeds in corpus/<name>.
#pragma once

#include <functional>
#include <string_view>

#include "parser/base/byte_view.h"

namespace poolblame::fuzz {

using Target = std::function<void(ByteView)>;

/// The target of that name; an empty function where there is none. A container's target stamps what keeps the input
/// in its container, the others take the bytes as they are.
Target FindTarget(std::string_view name);

}  // namespace poolblame::fuzz

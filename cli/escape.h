// Text that came from an image, a file name or an error of somebody else, made safe for a terminal. A pool tag may be
// ESC ] 0 ; … and a module name may turn the line around: nothing of the kind may reach the screen.
#pragma once

#include <cstddef>
#include <string>
#include <string_view>

namespace poolblame::cli {

/// `text` with every control character, invalid UTF-8 byte and invisible or direction-changing character written as
/// \xNN, byte by byte. Printable UTF-8 is kept. Never longer than four times the input.
std::string Escaped(std::string_view text);

/// Columns that `text` (valid UTF-8) takes: code points, since we print nothing wider.
std::size_t Columns(std::string_view text);

}  // namespace poolblame::cli

// Text out of an image: names of modules. What comes out can be printed, whatever the image holds.
#pragma once

#include <optional>
#include <string>
#include <string_view>

#include "parser/base/address.h"
#include "parser/base/byte_view.h"
#include "parser/format/loader_entry.h"
#include "parser/image/address_space.h"

namespace poolblame {

/// UTF-16 up to its end or the first NUL; characters that are not printable ASCII become '?'.
std::string PrintableUtf16(ByteView text);

/// The text of a UNICODE_STRING at `address`; empty when it is not in the image or not a string (odd or absurd length).
/// Reads at most kMaxNameBytes.
std::string ReadUnicodeString(const AddressSpace& space, VirtAddr address, const UnicodeStringLayout& layout);

/// What follows the last backslash (or slash) of a path.
std::string_view LastComponent(std::string_view path);

}  // namespace poolblame

// How much memory a 7-Zip archive asks for before anything is unpacked: libarchive gives it whatever it says, and a
// file of some kilobytes may say 4 GiB. Private to parser/image.
#pragma once

#include <cstdint>

#include "parser/base/byte_view.h"
#include "parser/base/error.h"

namespace poolblame {

/// More is not given to an archive: 7-Zip's "ultra" asks for 64 MiB, its users for up to some hundred.
inline constexpr std::uint64_t kMostDictionary = std::uint64_t{1} << 28;

/// The largest dictionary, in bytes, that a coder of the archive has; 0 where its header is damaged or says nothing
/// (libarchive finds its own words for that). kUnsupported where the header is packed by another coder than LZMA or
/// LZMA2, which 7-Zip does not do, or unpacks to more than 16 MiB. Cost: unpacks the header, nothing else.
/// Source: 7-Zip's 7zFormat.txt.
Result<std::uint64_t> LargestDictionary(ByteView archive);

}  // namespace poolblame

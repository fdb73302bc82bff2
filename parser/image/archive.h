// The one image in an archive, unpacked like a compressed file. Private to parser/image.
#pragma once

#include <string>

#include "parser/image/archive_reader.h"
#include "parser/image/unpack.h"

namespace poolblame {

/// A file that was taken out of an archive.
struct ArchiveMember {
  std::string name;
  UnpackedBytes content;
  UnpackNote cut;  // why it is not whole, or why the files behind it are not known
};

/// Unpacks, up to `limit` bytes, the file of `bytes` that looks like a memory image: by its first bytes, or else by its
/// name; or the only file there is. kUnsupported, with the names, when none or more than one does, and when it is
/// encrypted; kIo when nothing of the archive can be read. Each byte is unpacked once, for the first file that may be
/// it is kept while the rest is looked at.
Result<ArchiveMember> UnpackArchive(ByteView bytes, ArchiveFormat format, std::uint64_t limit);

}  // namespace poolblame

// The door between "a file's bytes" and "an image": every container reader fills ImageParts. Private to parser/image.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "parser/base/byte_view.h"
#include "parser/base/error.h"
#include "parser/image/image.h"
#include "parser/image/page_map.h"
#include "parser/image/unpack.h"
#include "parser/image/virtual_map.h"

namespace poolblame {

/// What a container reader finds out. Path, compression and size are the opener's business.
struct ImageParts {
  ImageFacts facts;
  PageMap pages;
  VirtualMap virtual_ranges;
  std::optional<UnpackedBytes> unpacked = {};  // where the pages lie when the reader had to unpack them itself
  bool lacks_page_tables = false;              // nothing in the container says where they are: the opener looks
  std::vector<PhysAddr> processors = {};       // what CR3 held, where the container notes it; may be another process's
};

/// Finds out by magic what `bytes` is and reads it; formats we know by name and cannot read are kUnsupported. `stored`
/// says where `bytes` has no holes.
Result<ImageParts> OpenContainer(ByteView bytes, const StoredExtents& stored, const OpenOptions& options);

/// What every container's pages still lack when they are mapped: holes are left out, page tables looked for.
void FinishPages(const StoredExtents& stored, ImageParts& parts);

/// True when the first bytes are those of a container that has a reader and holds memory.
bool HasContainerMagic(ByteView bytes);

/// Fails with kUnsupported, and a sentence that says what to do instead, when `bytes` is a format we only know by name.
Result<void> RefuseForeignFormat(ByteView bytes);

/// One file a container. `bytes` outlives the parts.
Result<ImageParts> OpenAvml(ByteView bytes, const OpenOptions& options);
Result<ImageParts> OpenCrashDump(ByteView bytes, const OpenOptions& options);
Result<ImageParts> OpenElfCore(ByteView bytes, const OpenOptions& options);
Result<ImageParts> OpenHibernation(ByteView bytes, const OpenOptions& options);
Result<ImageParts> OpenLime(ByteView bytes, const OpenOptions& options);
Result<ImageParts> OpenPoolPages(ByteView bytes, const OpenOptions& options);
Result<ImageParts> OpenRaw(ByteView bytes, const OpenOptions& options);
Result<ImageParts> OpenVmwareState(ByteView bytes, const OpenOptions& options);

/// kUnsupported: the hibernation file of a system that runs again, and what to do.
Result<ImageParts> RefuseResumed(ByteView bytes, const OpenOptions& options);
/// The same where Windows has wiped the header: nothing but the file's name says what it was.
bool IsWipedHibernation(ByteView bytes, const std::string& name);

/// True when the file starts like a crash dump of either width.
bool IsCrashDump(ByteView bytes);

/// "0x1000": numbers of places in notes.
std::string HexText(std::uint64_t value);
/// Adds a note, and marks the image as cut off.
void NoteTruncation(ImageFacts& facts, std::string note);

}  // namespace poolblame

// Which reader a file goes to, by its first bytes. What no row knows and no foreign format claims is bare memory.
#include "parser/image/container.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "parser/image/physical_ranges.h"

namespace poolblame {
namespace {

struct ContainerRow {
  std::string_view magic;  // at offset 0
  const char* what;        // "a crash dump"
  Result<ImageParts> (*open)(ByteView, const OpenOptions&);
  bool is_image = true;  // false: may have no memory in it
};

constexpr std::array kContainers = {
    ContainerRow{"PAGEDUMP", "a crash dump", OpenCrashDump},
    ContainerRow{"PAGEDU64", "a crash dump", OpenCrashDump},
    ContainerRow{"\x7F"
                 "ELF",
                 "an ELF core", OpenElfCore},
    ContainerRow{"EMiL", "a LiME memory image", OpenLime},
    ContainerRow{"AVML", "an AVML memory image", OpenAvml},
    ContainerRow{"hibr", "a hibernation file", OpenHibernation},
    ContainerRow{"HIBR", "a hibernation file", OpenHibernation},
    ContainerRow{"RSTR", "a hibernation file", OpenHibernation},
    ContainerRow{"HORM", "a hibernation file", OpenHibernation},
    ContainerRow{"wake", "a hibernation file", RefuseResumed},
    ContainerRow{"WAKE", "a hibernation file", RefuseResumed},
    ContainerRow{"\xD0\xBE\xD2\xBE", "a VMware saved state", OpenVmwareState, false},
    ContainerRow{"\xD1\xBA\xD1\xBA", "a VMware saved state", OpenVmwareState, false},
    ContainerRow{"\xD2\xBE\xD2\xBE", "a VMware saved state", OpenVmwareState, false},
    ContainerRow{"\xD3\xBE\xD3\xBE", "a VMware saved state", OpenVmwareState, false},
};

std::string_view TextOf(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

bool AllZero(ByteView bytes, const StoredExtents& stored) {
  const auto is_zero = [](std::uint8_t byte) { return byte == 0; };
  if (!stored) return std::all_of(bytes.begin(), bytes.end(), is_zero);
  return std::all_of(stored->begin(), stored->end(), [&](const FileExtent& extent) {
    return std::all_of(bytes.begin() + extent.begin, bytes.begin() + extent.end, is_zero);
  });
}

Result<ImageParts> ReadContainer(ByteView bytes, const StoredExtents& stored, const OpenOptions& options) {
  if (bytes.empty()) return Fail(ErrorKind::kTruncated, "image (the file is empty)", 0, kPageSize, 0);
  for (const ContainerRow& row : kContainers) {
    if (!TextOf(bytes).starts_with(row.magic)) continue;
    if (options.base)
      return Fail(ErrorKind::kUsage, std::string("--base is for bare pool pages, and this is ") + row.what);
    return row.open(bytes, options);
  }
  if (Result<void> known = RefuseForeignFormat(bytes); !known) return tl::unexpected(known.error());
  if (options.base) return OpenPoolPages(bytes, options);
  if (AllZero(bytes, stored))
    return Fail(ErrorKind::kUnsupported, "file of zero bytes only: the copy or the capture failed, take it again", 0, 0,
                bytes.size());
  return OpenRaw(bytes, options);
}

}  // namespace

Result<ImageParts> OpenContainer(ByteView bytes, const StoredExtents& stored, const OpenOptions& options) {
  Result<ImageParts> parts = ReadContainer(bytes, stored, options);
  if (parts) FinishPages(stored, *parts);
  return parts;
}

void FinishPages(const StoredExtents& stored, ImageParts& parts) {
  if (const StoredExtents of_pages = parts.unpacked ? parts.unpacked->stored() : stored)
    parts.pages.SkipHoles(*of_pages);
  if (parts.lacks_page_tables) LookForPageTables(parts);
}

bool HasContainerMagic(ByteView bytes) {
  return std::ranges::any_of(
      kContainers, [&](const ContainerRow& row) { return row.is_image && TextOf(bytes).starts_with(row.magic); });
}

std::string HexText(std::uint64_t value) {
  std::string digits;
  do {
    digits.insert(digits.begin(), "0123456789abcdef"[value % 16]);
    value /= 16;
  } while (value > 0);
  return "0x" + digits;
}

void NoteTruncation(ImageFacts& facts, std::string note) {
  facts.truncated = true;
  facts.notes.push_back(std::move(note));
}

}  // namespace poolblame

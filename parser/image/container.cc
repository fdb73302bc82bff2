#include "parser/image/container.h"

#include <algorithm>
#include <array>
#include <string_view>

namespace poolblame {
namespace {

struct ForeignFormat {
  std::string_view magic;  // at offset 0
  const char* what;
};

// Longest magic first where one begins another. Sources of the magics: dump-format readers of Volatility 3, LeechCore,
// QEMU, AVML and Hibr2Bin, and the archive formats' own specifications.
constexpr std::array kForeignFormats = {
    ForeignFormat{"MDMP",
                  "user-mode minidump (MDMP): it holds one process and no kernel pool; give a kernel or complete "
                  "memory dump (MEMORY.DMP)"},
    ForeignFormat{"\x7F"
                  "ELF",
                  "ELF file: give a Windows crash dump instead (QEMU: `dump-guest-memory -w`) or raw physical memory"},
    ForeignFormat{"EMiL", "LiME memory image: convert it to raw physical memory or to a Windows crash dump first"},
    ForeignFormat{"AVML", "AVML memory image: convert it to raw physical memory first (`avml-convert`)"},
    ForeignFormat{"QEVM", "QEMU saved state (QEVM): take a crash dump with `dump-guest-memory -w` instead"},
    ForeignFormat{"\xD0\xBE\xD2\xBE",
                  "VMware saved state: give the .vmem file beside it, or convert it with vmss2core"},
    ForeignFormat{"\xD1\xBA\xD1\xBA",
                  "VMware saved state: give the .vmem file beside it, or convert it with vmss2core"},
    ForeignFormat{"\xD2\xBE\xD2\xBE",
                  "VMware saved state: give the .vmem file beside it, or convert it with vmss2core"},
    ForeignFormat{"\xD3\xBE\xD3\xBE",
                  "VMware saved state: give the .vmem file beside it, or convert it with vmss2core"},
    ForeignFormat{"hibr", "hibernation file: convert it to raw physical memory or to a Windows crash dump first"},
    ForeignFormat{"HIBR", "hibernation file: convert it to raw physical memory or to a Windows crash dump first"},
    ForeignFormat{"wake", "hibernation file of a resumed system: Windows has already discarded its memory"},
    ForeignFormat{"WAKE", "hibernation file of a resumed system: Windows has already discarded its memory"},
    ForeignFormat{"RSTR", "hibernation file: convert it to raw physical memory or to a Windows crash dump first"},
    ForeignFormat{"HORM", "hibernation file: convert it to raw physical memory or to a Windows crash dump first"},
    ForeignFormat{"7z\xBC\xAF\x27\x1C", "7-Zip archive: unpack it first"},
    ForeignFormat{"Rar!\x1A\x07", "RAR archive: unpack it first"},
    ForeignFormat{"MSCF", "cabinet archive: unpack it first (`cabextract`)"},
};

constexpr std::string_view kZipMagic("PK\x03\x04", 4);
constexpr std::string_view kAff4Member = "information.turtle";
constexpr std::size_t kAff4SearchBytes = 0x10000;  // the member's name is in one of the first local headers

std::string_view TextOf(ByteView bytes) { return {reinterpret_cast<const char*>(bytes.data()), bytes.size()}; }

bool AllZero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

Result<void> RefuseForeignFormat(ByteView bytes) {
  const std::string_view text = TextOf(bytes);
  for (const ForeignFormat& format : kForeignFormats)
    if (text.starts_with(format.magic)) return Fail(ErrorKind::kUnsupported, format.what);
  if (text.starts_with(kZipMagic)) {
    if (text.substr(0, kAff4SearchBytes).find(kAff4Member) != std::string_view::npos)
      return Fail(ErrorKind::kUnsupported, "AFF4 memory image: convert it to raw physical memory first");
    return Fail(ErrorKind::kUnsupported, "ZIP archive: unpack it first");
  }
  return {};
}

Result<ImageParts> OpenContainer(ByteView bytes, const OpenOptions& options) {
  if (bytes.empty()) return Fail(ErrorKind::kTruncated, "image (the file is empty)", 0, kPageSize, 0);
  if (IsCrashDump(bytes)) {
    if (options.base) return Fail(ErrorKind::kUsage, "--base is for bare pool pages, and this is a crash dump");
    return OpenCrashDump(bytes, options);
  }
  if (Result<void> known = RefuseForeignFormat(bytes); !known) return tl::unexpected(known.error());
  if (options.base) return OpenPoolPages(bytes, options);
  if (AllZero(bytes))
    return Fail(ErrorKind::kUnsupported, "file of zero bytes only: the copy or the capture failed, take it again", 0, 0,
                bytes.size());
  return OpenRaw(bytes, options);
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

// Files that people do hand to a dump tool and that it cannot read: refused by name, with what to do instead, so that
// none of them is ever taken for raw memory.
#include <array>
#include <string_view>

#include "parser/image/container.h"

namespace poolblame {
namespace {

struct ForeignFormat {
  std::string_view magic;
  const char* name;
  const char* advice;
};

constexpr const char* kExport = "export the memory image or the dump that it holds as a file of its own";
constexpr const char* kDisk =
    "it holds a file system and no memory; take the dump out of it (Windows\\MEMORY.DMP or Windows\\Minidump)";

// Longest magic first where one begins another. Sources of the magics: the dump-format readers of Volatility 3,
// LeechCore, QEMU and Hibr2Bin; QEMU's block drivers; libyal's notes on EWF, VHD and VMDK; and the archive formats' own
// specifications.
constexpr std::array kForeignFormats = {
    ForeignFormat{"MDMP", "user-mode minidump (MDMP)",
                  "it holds one process and no kernel pool; give a kernel or complete memory dump (MEMORY.DMP)"},
    ForeignFormat{"QEVM", "QEMU saved state (QEVM)", "take a dump with `dump-guest-memory` instead"},
    // Of another ZIP archive a file was taken before anybody looks here.
    ForeignFormat{{"PK\x03\x04", 4}, "AFF4 memory image", "convert it to raw physical memory first"},
    ForeignFormat{"Rar!\x1A\x07", "RAR archive", "unpack it first"},
    ForeignFormat{{"EVF\x09\x0D\x0A\xFF\0", 8}, "EnCase evidence file (E01)", kExport},
    ForeignFormat{{"EVF2\x0D\x0A\x81\0", 8}, "EnCase evidence file (Ex01)", kExport},
    ForeignFormat{"conectix", "VHD disk image", kDisk},
    ForeignFormat{"vhdxfile", "VHDX disk image", kDisk},
    ForeignFormat{"KDMV", "VMDK disk image", kDisk},
    ForeignFormat{"# Disk DescriptorFile", "VMDK disk image", kDisk},
    ForeignFormat{"QFI\xFB", "QCOW2 disk image", kDisk},
    ForeignFormat{"<<< Oracle VM VirtualBox Disk Image >>>", "VDI disk image", kDisk},
};

constexpr std::string_view kVhdFooter = "conectix";  // of a fixed VHD, which has nothing but the disk before it
constexpr std::size_t kVhdFooterBytes = 512;

tl::unexpected<Error> Refuse(const char* name, const char* advice) {
  return Fail(ErrorKind::kUnsupported, std::string(name) + ": " + advice);
}

}  // namespace

Result<void> RefuseForeignFormat(ByteView bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const ForeignFormat& format : kForeignFormats)
    if (text.starts_with(format.magic)) return Refuse(format.name, format.advice);
  if (text.size() >= kVhdFooterBytes && text.substr(text.size() - kVhdFooterBytes).starts_with(kVhdFooter))
    return Refuse("VHD disk image", kDisk);
  return {};
}

}  // namespace poolblame

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
constexpr const char* kUnpack = "unpack it first";
constexpr const char* kPlainCore =
    "take the dump again without compression (`dump-guest-memory` without -z, -l and -s)";
constexpr const char* kLibvirt = "restore it and take a core with `virsh dump --memory-only NAME FILE`";
constexpr const char* kNotWindows = "it is a program or a core of macOS; give a dump of Windows";
constexpr const char* kDisk =
    "it holds a file system and no memory; take the dump out of it (Windows\\MEMORY.DMP or Windows\\Minidump)";

// Longest magic first where one begins another. Sources of the magics: the dump-format readers of Volatility 3,
// LeechCore, QEMU and Hibr2Bin; QEMU's block drivers; libyal's notes on EWF, VHD and VMDK; the sources of VirtualBox
// (SSM), Xen (xl), libvirt, makedumpfile and dissect.hypervisor (VMRS); Microsoft's offline dump header; and the
// archive formats' own specifications.
constexpr std::array kForeignFormats = {
    ForeignFormat{"MDMP", "user-mode minidump (MDMP)",
                  "it holds one process and no kernel pool; give a kernel or complete memory dump (MEMORY.DMP)"},
    ForeignFormat{"QEVM", "QEMU saved state (QEVM)", "take a dump with `dump-guest-memory` instead"},
    ForeignFormat{"KDUMP   ", "compressed kdump", kPlainCore},
    ForeignFormat{"DISKDUMP", "compressed kdump", kPlainCore},
    ForeignFormat{"makedumpfile", "compressed kdump (flattened)", kPlainCore},
    ForeignFormat{"LibvirtQemudSave", "libvirt saved state", kLibvirt},
    ForeignFormat{"LibvirtQemudPart", "libvirt saved state that is not whole", kLibvirt},
    ForeignFormat{
        "\x7FVirtualBox SavedState", "VirtualBox saved state",
        "start the machine from it and take a core with `VBoxManage debugvm NAME dumpvmcore --filename FILE`"},
    ForeignFormat{"Xen saved domain", "Xen saved domain",
                  "restore it and let Windows write a dump (`xl trigger DOMAIN nmi` makes it crash)"},
    ForeignFormat{"\x14\x20\x28\x01", "Hyper-V saved state or settings (VMRS, VMCX)",
                  "start the machine from it and let Windows write a dump (`Debug-VM -InjectNonMaskableInterrupt`)"},
    ForeignFormat{"Raw_Dmp!", "offline raw dump of a device", "make a Windows dump (DMP) of it first"},
    ForeignFormat{"\xCF\xFA\xED\xFE", "Mach-O file (64 bits)", kNotWindows},
    ForeignFormat{"\xCE\xFA\xED\xFE", "Mach-O file (32 bits)", kNotWindows},
    ForeignFormat{"Microsoft C/C++ MSF 7.00", "program database (PDB)",
                  "it holds symbols and no memory; give the dump"},
    // Of another ZIP archive a file was taken before anybody looks here.
    ForeignFormat{{"PK\x03\x04", 4}, "AFF4 memory image", "convert it to raw physical memory first"},
    ForeignFormat{"Rar!\x1A\x07", "RAR archive", kUnpack},
    ForeignFormat{"\x04\x22\x4D\x18", "LZ4 file", kUnpack},
    ForeignFormat{"LZIP", "lzip file", kUnpack},
    ForeignFormat{{"\x89LZO\0\x0D\x0A\x1A\x0A", 9}, "lzop file", kUnpack},
    ForeignFormat{{"MSWIM\0\0\0", 8}, "Windows image (WIM)", kDisk},
    ForeignFormat{{"EVF\x09\x0D\x0A\xFF\0", 8}, "EnCase evidence file (E01)", kExport},
    ForeignFormat{{"EVF2\x0D\x0A\x81\0", 8}, "EnCase evidence file (Ex01)", kExport},
    ForeignFormat{{"LVF\x09\x0D\x0A\xFF\0", 8}, "EnCase logical evidence file (L01)", kExport},
    ForeignFormat{{"LEF2\x0D\x0A\x81\0", 8}, "EnCase logical evidence file (Lx01)", kExport},
    ForeignFormat{"ADSEGMENTEDFILE", "FTK evidence file (AD1)", kExport},
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

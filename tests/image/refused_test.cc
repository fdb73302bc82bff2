// What is refused, by name and with advice; nothing of it may ever be read as raw memory.
#include <gmock/gmock.h>

#include "tests/image/open.h"

namespace poolblame::testing {
namespace {

using ::testing::HasSubstr;
using ::testing::StartsWith;

TEST(Refused, DumpTypesByName) {
  const struct {
    std::uint32_t type;
    const char* starts;
    const char* advice;
  } cases[] = {
      {0, "crash dump of unknown type 0", "types read are 1, 2 and 4 to 10"},
      {3, "header-only crash dump", "kernel or complete memory dump"},
      {11, "crash dump of unknown type 11", "types read are 1, 2 and 4 to 10"},
      {0xFFFFFFFF, "crash dump of unknown type 4294967295", "types read are 1, 2 and 4 to 10"},
  };
  for (const bool wide : {false, true}) {
    for (const auto& test : cases) {
      Bytes file = wide ? Header64({test.type}) : Header32({test.type});
      const Error error = ErrorOf(file.Resize(0x4000).vector());
      EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
      EXPECT_THAT(error.what, StartsWith(test.starts));
      EXPECT_THAT(error.what, HasSubstr(test.advice));
      EXPECT_EQ(error.offset, wide ? 0xF98u : 0xF88u);
      EXPECT_EQ(error.have, test.type);
    }
  }
}

TEST(Refused, Machines) {
  EXPECT_EQ(ErrorOf(Header64({}).U32(0x30, 0x200).vector()).what,
            "crash dump of an Itanium machine: only x86, x64 and ARM64 dumps are read");
  EXPECT_EQ(ErrorOf(Header32({}).U32(0x20, 0x1C4).vector()).what,
            "crash dump of a 32-bit ARM machine: only x86, x64 and ARM64 dumps are read");
}

TEST(Refused, EncryptedDumps) {
  for (const bool wide : {false, true}) {
    const std::uint64_t attributes = wide ? 0x1050 : 0x8A0;
    const Bytes file = wide ? Header64({4}) : Header32({4});
    const Error error = ErrorOf(Bytes(file).U32(attributes, 0x1100).vector());
    EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
    EXPECT_EQ(error.what, "encrypted crash dump: decrypt it first with the key it was written with");
    EXPECT_EQ(error.offset, attributes);
    // The fill pattern has the same bit set and means nothing; so do the other bits.
    EXPECT_EQ(ErrorOf(file.vector()).what, "triage block");
    EXPECT_EQ(ErrorOf(Bytes(file).U32(attributes, 0x21808 & ~0x100u).vector()).what, "triage block");
  }
}

TEST(Refused, ForeignFormats) {
  const struct {
    std::string magic;
    const char* starts;
  } cases[] = {
      {"MDMP", "user-mode minidump (MDMP)"},
      {"QEVM", "QEMU saved state (QEVM)"},
      {std::string("PK\x03\x04", 4) + std::string(26, '\0') + "information.turtle", "AFF4 memory image"},
      {"KDUMP   ", "compressed kdump: "},
      {"DISKDUMP", "compressed kdump: "},
      {"makedumpfile", "compressed kdump (flattened): "},
      {"LibvirtQemudSave", "libvirt saved state: "},
      {"LibvirtQemudPart", "libvirt saved state that is not whole: "},
      {"\x7FVirtualBox SavedState V2.0\n", "VirtualBox saved state: "},
      {"Xen saved domain, xl format\n", "Xen saved domain: "},
      {"\x14\x20\x28\x01", "Hyper-V saved state or settings (VMRS, VMCX): "},
      {"Raw_Dmp!", "offline raw dump of a device: "},
      {"\xCF\xFA\xED\xFE", "Mach-O file (64 bits): "},
      {"\xCE\xFA\xED\xFE", "Mach-O file (32 bits): "},
      {"Microsoft C/C++ MSF 7.00\r\n", "program database (PDB): "},
      {"Rar!\x1A\x07", "RAR archive: unpack it first"},
      {"\x04\x22\x4D\x18", "LZ4 file: unpack it first"},
      {"LZIP", "lzip file: unpack it first"},
      {std::string("\x89LZO\0\x0D\x0A\x1A\x0A", 9), "lzop file: unpack it first"},
      {std::string("MSWIM\0\0\0", 8), "Windows image (WIM): "},
      {std::string("LVF\x09\x0D\x0A\xFF\0", 8), "EnCase logical evidence file (L01): "},
      {std::string("LEF2\x0D\x0A\x81\0", 8), "EnCase logical evidence file (Lx01): "},
      {"ADSEGMENTEDFILE", "FTK evidence file (AD1): "},
      {std::string("EVF\x09\x0D\x0A\xFF\0", 8), "EnCase evidence file (E01)"},
      {std::string("EVF2\x0D\x0A\x81\0", 8), "EnCase evidence file (Ex01)"},
      {"conectix", "VHD disk image"},
      {"\x33\xC0" + std::string(0x3000 - 512 - 2, 'a') + "conectix", "VHD disk image"},
      {"vhdxfile", "VHDX disk image"},
      {"KDMV", "VMDK disk image"},
      {"# Disk DescriptorFile", "VMDK disk image"},
      {"QFI\xFB", "QCOW2 disk image"},
      {"<<< Oracle VM VirtualBox Disk Image >>>", "VDI disk image"},
  };
  for (const auto& test : cases) {
    for (const bool with_base : {false, true}) {
      OpenOptions options;
      if (with_base) options.base = VirtAddr{0xFFFFFA8000000000};
      const Error error = ErrorOf(Bytes().Text(0, test.magic).Resize(0x3000).vector(), options);
      EXPECT_EQ(error.kind, ErrorKind::kUnsupported);
      EXPECT_THAT(error.what, StartsWith(test.starts));
      EXPECT_THAT(error.what, HasSubstr(": "));  // a name, then what to do
    }
  }
}

TEST(Refused, EmptyAndZeroFiles) {
  const Error empty = ErrorOf({});
  EXPECT_EQ(empty.kind, ErrorKind::kTruncated);
  EXPECT_EQ(empty.what, "image (the file is empty)");
  const Error zeros = ErrorOf(std::vector<std::uint8_t>(0x10000));
  EXPECT_EQ(zeros.kind, ErrorKind::kUnsupported);
  EXPECT_THAT(zeros.what, StartsWith("file of zero bytes only"));
  EXPECT_EQ(zeros.have, 0x10000u);
}

TEST(Refused, FilesThatCannotBeOpened) {
  const Result<Image> missing = Image::Open("/nonexistent/image.dmp", {});
  ASSERT_FALSE(missing);
  EXPECT_EQ(missing.error().kind, ErrorKind::kIo);
  EXPECT_EQ(missing.error().what, "open the file: No such file or directory");
  const Result<Image> folder = Image::Open("/", {});
  ASSERT_FALSE(folder);
  EXPECT_EQ(folder.error().what, "open the file: not a regular file");
}

}  // namespace
}  // namespace poolblame::testing

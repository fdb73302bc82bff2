#include "parser/kernel/driver_image.h"

#include <algorithm>
#include <array>
#include <span>

#include "parser/format/pe_image.h"
#include "parser/kernel/module_name.h"
#include "parser/kernel/nt_headers.h"

namespace poolblame {
namespace {

constexpr std::uint16_t kMostSections = 96;          // the loader's own limit ("PE Format")
constexpr std::size_t kMostImportedImages = 64;      // a driver imports from a handful
constexpr std::size_t kMostImports = 4096;           // of one driver, who calls some hundreds
constexpr std::uint32_t kMostExportedNames = 16384;  // the kernel has some thousands
constexpr std::size_t kMostNameBytes = 260;          // MAX_PATH, of a PDB; the longest routine we look for has 42

DriverDirectory Directory(const AddressSpace& space, const DriverImage& image, VirtAddr directories,
                          std::uint32_t entry) {
  const auto row = space.Read<ImageDataDirectory>(directories + entry * sizeof(ImageDataDirectory));
  if (!row || row->VirtualAddress == 0 || row->VirtualAddress >= image.size) return {};
  const std::uint64_t left = image.size - row->VirtualAddress;
  return {image.base + row->VirtualAddress, static_cast<std::uint32_t>(std::min<std::uint64_t>(row->Size, left))};
}

std::optional<DriverSection> SectionOf(const ImageSectionHeader& header, const DriverImage& image) {
  if (header.VirtualAddress >= image.size) return std::nullopt;
  DriverSection section;
  const auto end = std::find(header.Name.begin(), header.Name.end(), '\0');
  section.name.assign(header.Name.begin(), end);
  section.begin = image.base + header.VirtualAddress;
  const std::uint64_t wanted = header.VirtualSize != 0 ? header.VirtualSize : header.SizeOfRawData;
  section.size = std::min<std::uint64_t>(wanted, image.size - header.VirtualAddress);
  section.executable = (header.Characteristics & kImageScnMemExecute) != 0;
  return section;
}

/// A zero-terminated name; empty where it is not in the image, too long, or not printable.
std::string ReadName(const AddressSpace& space, VirtAddr at) {
  std::string name;
  while (name.size() < kMostNameBytes) {
    std::array<std::uint8_t, 32> piece{};
    const std::uint64_t length = std::min<std::uint64_t>(piece.size(), kPageSize - at.page_offset());
    if (space.Read(at, std::span(piece).first(length)) != Presence::kPresent) return "";
    for (std::uint64_t i = 0; i < length; ++i) {
      if (piece[i] == 0) return name;
      if (piece[i] < 0x20 || piece[i] > 0x7E) return "";
      name += static_cast<char>(piece[i]);
    }
    at = at + length;
  }
  return "";
}

/// `count` numbers at `rva`; fewer where the image or what is there of it ends.
template <typename T>
std::vector<T> ReadTable(const AddressSpace& space, const DriverImage& image, std::uint32_t rva, std::uint32_t count) {
  if (rva >= image.size) return {};
  const std::uint64_t fitting = std::min<std::uint64_t>(count, (image.size - rva) / sizeof(T));
  std::vector<T> table(fitting);
  const std::span<std::uint8_t> bytes(reinterpret_cast<std::uint8_t*>(table.data()), fitting * sizeof(T));
  if (space.Read(image.base + rva, bytes) != Presence::kPresent) return {};
  return table;
}

/// One imported image's slots: the name table and the slots run side by side.
void ReadSlots(const AddressSpace& space, const DriverImage& image, const ImageImportDescriptor& descriptor,
               std::vector<NamedAddress>& imports) {
  const std::uint64_t width = image.is_64bit ? 8 : 4;
  const std::uint64_t by_ordinal = image.is_64bit ? std::uint64_t{1} << 63 : std::uint64_t{1} << 31;
  for (std::uint64_t i = 0; i < kMostImports && imports.size() < kMostImports; ++i) {
    const std::uint64_t at = descriptor.OriginalFirstThunk + i * width;
    const std::uint64_t slot = descriptor.FirstThunk + i * width;
    if (at + width > image.size || slot + width > image.size) return;
    const auto name = space.ReadPointer(image.base + at);
    if (!name || name->value == 0) return;
    if ((name->value & by_ordinal) != 0 || name->value >= image.size) continue;
    std::string text = ReadName(space, image.base + name->value + kImageImportNameAt);
    if (!text.empty()) imports.push_back({std::move(text), image.base + slot});
  }
}

}  // namespace

std::optional<DriverImage> ReadDriverImage(const AddressSpace& space, const Module& module) {
  const auto nt = FindNtHeaders(space, module.base);
  const auto headers = nt ? space.Read<ImageNtHeaders>(*nt) : std::nullopt;
  if (!headers) return std::nullopt;
  if (headers->Magic != kImageOptionalMagic32 && headers->Magic != kImageOptionalMagic64) return std::nullopt;
  DriverImage image;
  image.base = module.base;
  image.size = module.size;
  image.is_64bit = headers->Magic == kImageOptionalMagic64;
  image.is_arm64 = headers->Machine == kImageFileMachineArm64;
  const VirtAddr optional = *nt + offsetof(ImageNtHeaders, Magic);
  const VirtAddr directories = optional + (image.is_64bit ? kImageDirectoriesAt64 : kImageDirectoriesAt32);
  image.exports = Directory(space, image, directories, kImageDirectoryEntryExport);
  image.imports = Directory(space, image, directories, kImageDirectoryEntryImport);
  image.resources = Directory(space, image, directories, kImageDirectoryEntryResource);
  image.debug = Directory(space, image, directories, kImageDirectoryEntryDebug);
  VirtAddr at = optional + headers->SizeOfOptionalHeader;
  for (std::uint16_t i = 0; i < std::min<std::uint16_t>(headers->NumberOfSections, kMostSections); ++i) {
    const auto header = space.Read<ImageSectionHeader>(at + i * sizeof(ImageSectionHeader));
    if (!header) break;
    if (auto section = SectionOf(*header, image)) image.sections.push_back(std::move(*section));
  }
  return image;
}

std::string ReadOwnName(const AddressSpace& space, const DriverImage& image) {
  const auto exports = space.Read<ImageExportDirectory>(image.exports.begin);
  if (image.exports.size >= sizeof(ImageExportDirectory) && exports && exports->Name < image.size) {
    std::string name = ReadName(space, image.base + exports->Name);
    if (!name.empty()) return name;
  }
  const auto debug = space.Read<ImageDebugDirectory>(image.debug.begin);
  if (image.debug.size < sizeof(ImageDebugDirectory) || !debug || debug->Type != kImageDebugTypeCodeView) return "";
  if (debug->AddressOfRawData >= image.size) return "";
  const VirtAddr record = image.base + debug->AddressOfRawData;
  const auto signature = space.Read<Le32>(record);
  if (!signature || *signature != kCodeViewSignature) return "";
  const std::string path = ReadName(space, record + kCodeViewPathAt);
  const std::string_view file = LastComponent(path);
  const std::string_view stem = file.substr(0, file.rfind('.'));
  return stem.empty() ? "" : std::string(stem) + ".sys";
}

std::vector<NamedAddress> ReadImports(const AddressSpace& space, const DriverImage& image) {
  std::vector<NamedAddress> imports;
  const std::uint64_t most =
      std::min<std::uint64_t>(image.imports.size / sizeof(ImageImportDescriptor), kMostImportedImages);
  for (std::uint64_t i = 0; i < most; ++i) {
    const auto descriptor = space.Read<ImageImportDescriptor>(image.imports.begin + i * sizeof(ImageImportDescriptor));
    if (!descriptor || descriptor->OriginalFirstThunk == 0) break;
    ReadSlots(space, image, *descriptor, imports);
  }
  return imports;
}

std::vector<NamedAddress> ReadExports(const AddressSpace& space, const DriverImage& image) {
  std::vector<NamedAddress> exports;
  const auto directory = space.Read<ImageExportDirectory>(image.exports.begin);
  if (image.exports.size < sizeof(ImageExportDirectory) || !directory) return exports;
  const std::uint32_t names = std::min<std::uint32_t>(directory->NumberOfNames, kMostExportedNames);
  const std::uint32_t functions = std::min<std::uint32_t>(directory->NumberOfFunctions, 2 * kMostExportedNames);
  const auto name_table = ReadTable<Le32>(space, image, directory->AddressOfNames, names);
  const auto ordinals = ReadTable<Le16>(space, image, directory->AddressOfNameOrdinals, names);
  const auto code = ReadTable<Le32>(space, image, directory->AddressOfFunctions, functions);
  for (std::size_t i = 0; i < std::min(name_table.size(), ordinals.size()); ++i) {
    if (ordinals[i] >= code.size() || name_table[i] >= image.size || code[ordinals[i]] >= image.size) continue;
    const VirtAddr address = image.base + code[ordinals[i]];
    const bool forwarder = address >= image.exports.begin && address - image.exports.begin < image.exports.size;
    std::string name = forwarder ? "" : ReadName(space, image.base + name_table[i]);
    if (!name.empty()) exports.push_back({std::move(name), address});
  }
  return exports;
}

}  // namespace poolblame

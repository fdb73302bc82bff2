// The version resource of an image: by type, then the first name and the first language there are.
#include <algorithm>

#include "parser/format/pe_image.h"
#include "parser/kernel/driver_image.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kMostEntries = 256;  // of one level; the kernel has a handful of types

/// The first entry of the directory at `offset` in the tree, or the one of that number.
std::optional<std::uint32_t> Descend(const AddressSpace& space, const DriverImage& image, std::uint32_t offset,
                                     std::optional<std::uint32_t> id) {
  if (offset >= image.resources.size) return std::nullopt;
  const VirtAddr at = image.resources.begin + offset;
  const auto directory = space.Read<ImageResourceDirectory>(at);
  if (!directory) return std::nullopt;
  const std::uint32_t count = directory->NumberOfNamedEntries + directory->NumberOfIdEntries;
  for (std::uint32_t i = 0; i < std::min(count, kMostEntries); ++i) {
    const auto entry =
        space.Read<ImageResourceEntry>(at + sizeof(ImageResourceDirectory) + i * sizeof(ImageResourceEntry));
    if (!entry) return std::nullopt;
    if (!id || entry->Id == *id) return entry->OffsetToData;
  }
  return std::nullopt;
}

/// Where the resource's own row lies in the tree.
std::optional<std::uint32_t> FindVersionRow(const AddressSpace& space, const DriverImage& image) {
  std::optional<std::uint32_t> offset = Descend(space, image, 0, kImageResourceVersion);
  for (int level = 0; level < 2; ++level) {
    if (!offset || (*offset & kImageResourceIsDirectory) == 0) return std::nullopt;
    offset = Descend(space, image, *offset & ~kImageResourceIsDirectory, std::nullopt);
  }
  const bool is_row = offset && (*offset & kImageResourceIsDirectory) == 0 && *offset < image.resources.size;
  return is_row ? offset : std::nullopt;
}

}  // namespace

std::optional<std::uint32_t> ReadVersionBuild(const AddressSpace& space, const DriverImage& image) {
  const auto row = FindVersionRow(space, image);
  const auto data = row ? space.Read<ImageResourceData>(image.resources.begin + *row) : std::nullopt;
  if (!data || data->OffsetToData >= image.size) return std::nullopt;
  const auto version = space.Read<ImageFixedVersion>(image.base + data->OffsetToData + kImageFixedVersionAt);
  if (!version || version->Signature != kImageFixedVersionSignature) return std::nullopt;
  return version->FileVersionLow >> 16;
}

}  // namespace poolblame

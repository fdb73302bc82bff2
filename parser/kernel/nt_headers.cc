#include "parser/kernel/nt_headers.h"

#include "parser/format/pe_image.h"

namespace poolblame {

std::optional<VirtAddr> FindNtHeaders(const AddressSpace& space, VirtAddr base) {
  constexpr std::uint32_t kFarthest = 0x800;  // what comes behind fits the first page then
  const auto dos = space.Read<Le16>(base);
  const auto offset = space.Read<Le32>(base + kImageNtHeaderAt);
  if (!dos || *dos != kImageDosSignature || !offset || *offset > kFarthest) return std::nullopt;
  const VirtAddr headers = base + *offset;
  const auto signature = space.Read<Le32>(headers);
  return signature && *signature == kImageNtSignature ? std::optional(headers) : std::nullopt;
}

std::optional<std::uint32_t> ReadSizeOfImage(const AddressSpace& space, VirtAddr base) {
  const auto headers = FindNtHeaders(space, base);
  const auto size = headers ? space.Read<Le32>(*headers + kImageSizeOfImageAt) : std::nullopt;
  return size ? std::optional<std::uint32_t>(*size) : std::nullopt;
}

}  // namespace poolblame

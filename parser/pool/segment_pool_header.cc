#include "parser/pool/segment_pool_header.h"

#include <bit>

#include "parser/base/little_endian.h"
#include "parser/base/pool_tag.h"

namespace poolblame {

bool StatesItsSize(const PoolHeaderFields& header, std::uint32_t bytes, const PoolHeaderLayout& layout) {
  const std::uint32_t stated = header.BlockSize * layout.unit;
  return stated + layout.unit >= bytes && stated <= bytes + layout.unit;
}

std::optional<std::uint32_t> UnitsStatedAt(ByteView bytes, std::size_t at) {
  const auto first = bytes.TryRead<Le32>(at);
  const auto tag = bytes.TryRead<Le32>(at + 4);
  if (!first || !tag || (*first & 0xFF) != 0 || (*first >> 24 & kPoolTypeInUse) == 0) return std::nullopt;
  return PoolTag{*tag}.plausible() ? std::optional(*first >> 16 & 0xFF) : std::nullopt;
}

bool IsOddPoolHeader(const PoolHeaderFields& header, std::uint32_t bytes, const PoolHeaderLayout& layout) {
  return header.PreviousSize != 0 || !StatesItsSize(header, bytes, layout) ||
         StateOfPoolType(layout, header.PoolType) != BlockState::kAllocated ||
         header.PoolType != ExpectedPoolType(header.PoolType) ||
         !(PoolTag{header.PoolTag}.plausible() || IsShortTag(header.PoolTag));
}

bool IsShortTag(std::uint32_t tag) {
  constexpr std::uint32_t kSpace = 0x20;
  return tag >> 24 == 0 && PoolTag{tag | kSpace << 24}.plausible();
}

std::uint16_t ExpectedPoolType(std::uint16_t type) {
  const auto mended = static_cast<std::uint16_t>((type & kPoolTypeRequest) | kPoolTypeInUse);
  // One bit went wrong, or all of it is something else and tells nothing of the request.
  return std::popcount(static_cast<unsigned>(type ^ mended)) <= 1 ? mended : kPoolTypeInUse;
}

}  // namespace poolblame

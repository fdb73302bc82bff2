#include "parser/pool/segment_pool_header.h"

#include "parser/base/pool_tag.h"

namespace poolblame {

bool StatesItsSize(const PoolHeaderFields& header, std::uint32_t bytes, const PoolHeaderLayout& layout) {
  const std::uint32_t stated = header.BlockSize * layout.unit;
  return stated + layout.unit >= bytes && stated <= bytes + layout.unit;
}

bool IsOddPoolHeader(const PoolHeaderFields& header, std::uint32_t bytes, const PoolHeaderLayout& layout) {
  return header.PreviousSize != 0 || !StatesItsSize(header, bytes, layout) ||
         StateOfPoolType(layout, header.PoolType) != BlockState::kAllocated || !PoolTag{header.PoolTag}.plausible();
}

}  // namespace poolblame

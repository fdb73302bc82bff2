#include "parser/pool/segment_block_check.h"

#include <array>
#include <bit>

#include "parser/base/ascii.h"
#include "parser/pool/segment_pool_header.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kTypeByte = 3, kTagByte = 4, kTagEnd = 8;

}  // namespace

std::optional<PoolPage> SegmentPageSource::EmptyPage(VirtAddr address) const {
  PoolPage page;
  page.bytes = space.Page(address);
  if (page.bytes.presence != Presence::kPresent) return std::nullopt;
  page.address = address;
  page.pfn = page.bytes.pfn;
  page.layout = &layout;
  return page;
}

void SegmentPageSource::CheckHeader(ByteView header, std::uint32_t block_bytes, std::uint32_t shift,
                                    PoolBlock& block) const {
  block.expected.PreviousSize = 0;
  if (!StatesItsSize(block.read, block_bytes, layout))
    block.expected.BlockSize = static_cast<std::uint16_t>(block_bytes / layout.unit);
  block.expected.PoolType = ExpectedPoolType(block.read.PoolType);
  std::array<std::uint8_t, 16> expected{};
  layout.Encode(block.expected, expected.data());
  constexpr std::uint32_t kPreviousByte = 0, kSizeByte = 2;
  for (const std::uint32_t i : {kPreviousByte, kSizeByte, kTypeByte})
    if (expected[i] != header[i]) block.damaged_bytes |= 1U << (shift + i);
  CheckTag(header, shift, block);
}

void SegmentPageSource::CheckTag(ByteView header, std::uint32_t shift, PoolBlock& block) const {
  if (block.damaged_bytes == 0 && IsShortTag(block.read.PoolTag)) return;
  for (std::uint32_t i = kTagByte; i < kTagEnd; ++i) {
    if (!IsPrintable(header[i])) block.damaged_bytes |= 1U << (shift + i);
  }
  const std::uint32_t tag_mask = 0xF0U << shift;
  const bool rare = knowledge.BlocksWithTag(block.read.PoolTag & ~PoolTag::kProtectedBit) <= 1;
  if ((block.damaged_bytes & tag_mask) != 0 || (block.damaged_bytes != 0 && rare)) {
    block.tag_known = false;
    block.doubtful_bytes |= tag_mask & ~block.damaged_bytes;
  }
}

void MarkBetween(PoolBlock& block) {
  if (block.damaged_bytes == 0) return;
  const int first = std::countr_zero(block.damaged_bytes), last = 31 - std::countl_zero(block.damaged_bytes);
  for (int i = first; i < last; ++i)
    if ((block.damaged_bytes >> i & 1U) == 0) block.doubtful_bytes |= 1U << i;
}

}  // namespace poolblame

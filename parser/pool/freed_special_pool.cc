// The record that the free of a special-pool block leaves in its page, with the stack of the thread that freed it.
#include <algorithm>

#include "parser/base/little_endian.h"
#include "parser/pool/special_pool.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kTagAt = 4;
constexpr std::size_t kMostOnStack = 64;  // kernel addresses kept; a stack of 0x400 bytes has at most 256 words

const FreedSpecialPoolLayout& LayoutOf(bool is_64bit) { return is_64bit ? kFreedSpecialX64 : kFreedSpecialX86; }

std::uint32_t Read32(ByteView page, std::uint32_t at) { return page.TryRead<Le32>(at).value_or(Le32{}); }

std::uint64_t ReadWord(ByteView page, std::uint32_t at, bool is_64bit) {
  return is_64bit ? std::uint64_t{page.TryRead<Le64>(at).value_or(Le64{})} : Read32(page, at);
}

bool IsKernel(std::uint64_t value, bool is_64bit) {
  return is_64bit ? value >= 0xFFFF800000000000 : value >= 0x80000000 && value <= 0xFFFFFFFF;
}

}  // namespace

bool HasFreedSpecialSignature(const std::uint8_t* page, bool is_64bit) {
  return Read32(ByteView(page, kPageSize), LayoutOf(is_64bit).signature) == kFreedSpecialSignature;
}

std::optional<FreedSpecialPool> ReadFreedSpecialPool(ByteView page, bool is_64bit) {
  const FreedSpecialPoolLayout& at = LayoutOf(is_64bit);
  if (page.size() != kPageSize || Read32(page, at.signature) != kFreedSpecialSignature) return std::nullopt;
  FreedSpecialPool freed;
  freed.address = {ReadWord(page, at.address, is_64bit)};
  freed.requested = Read32(page, at.bytes);
  freed.paged = Read32(page, at.pagable) != 0;
  freed.tag = {Read32(page, kTagAt)};
  freed.thread = {ReadWord(page, at.thread, is_64bit)};
  if (!IsKernel(freed.address.value, is_64bit) || freed.requested == 0) return std::nullopt;
  if (freed.address.page_offset() + freed.requested > kPageSize) return std::nullopt;
  const std::uint32_t word = is_64bit ? 8 : 4;
  const std::uint32_t stack = std::min(Read32(page, at.stack_bytes), kMostFreedStackBytes);
  for (std::uint32_t i = 0; i + word <= stack && freed.on_stack.size() < kMostOnStack; i += word) {
    const std::uint64_t value = ReadWord(page, at.stack + i, is_64bit);
    if (IsKernel(value, is_64bit)) freed.on_stack.push_back({value});
  }
  return freed;
}

}  // namespace poolblame

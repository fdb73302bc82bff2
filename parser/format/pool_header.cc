// The rows of POOL_HEADER, and what a PoolType byte may say under each.
//
// Everything that differs between versions is in two tables: the layouts, and the meaning of PoolType's low three bits.
// Builds overlap on purpose: 3790 machines are reported with more than one in-use encoding, so the reader asks the
// image's own pages which row fits (parser/pool/layout_vote.h).
#include "parser/format/pool_header.h"

#include <array>
#include <cstring>

#include "parser/base/little_endian.h"

namespace poolblame {
namespace {

constexpr std::string_view kPdb = "PDB-derived headers (Vergilius), `dt nt!_POOL_HEADER`";
constexpr std::string_view kPoolInfo = "poolinfo WinDbg extension; Volatility pool overlays";
constexpr std::string_view kSeen = "reported on service-packed 3790 machines; taken only when the pages vote for it";

constexpr PoolHeaderLayout Row32(std::string_view name, std::uint32_t first, std::uint32_t last, InUseEncoding in_use,
                                 std::string_view source) {
  return {name, false, first, last, 8, 8, in_use, QuotaEncoding::kTailPointer, false, source};
}

constexpr PoolHeaderLayout Row64(std::string_view name, std::uint32_t first, std::uint32_t last, InUseEncoding in_use,
                                 QuotaEncoding quota, bool aligned_second_header, std::string_view source) {
  return {name, true, first, last, 16, 16, in_use, quota, aligned_second_header, source};
}

constexpr auto kBit4 = InUseEncoding::kBasePlusOneBit4;
constexpr auto kPlus1 = InUseEncoding::kBasePlusOne;
constexpr auto kBit2 = InUseEncoding::kBit2;
constexpr auto kPlain = QuotaEncoding::kPlainPointer;
constexpr auto kCookie = QuotaEncoding::kXorCookie;

// Within one build the likelier row comes first: it wins where the pages do not decide.
constexpr std::array kLayouts = {
    Row32("nt5-x86", 2600, 3790, kBit4, kPoolInfo),
    Row32("nt5-x86-plus1", 3790, 3790, kPlus1, kSeen),
    Row32("nt5-x86-bit2", 3790, 3790, kBit2, kSeen),
    Row64("nt5-x64", 3790, 3790, kBit4, kPlain, false, kPoolInfo),
    Row64("nt5-x64-plus1", 3790, 3790, kPlus1, kPlain, false, kSeen),
    Row64("nt5-x64-bit2", 3790, 3790, kBit2, kPlain, false, kSeen),
    Row32("nt6-x86", 6000, 7601, kBit2, kPdb),
    Row64("nt6-x64", 6000, 7601, kBit2, kPlain, false, kPdb),
    Row32("nt62-x86", 9200, 17763, kBit2, kPdb),
    Row64("nt62-x64", 9200, 17763, kBit2, kCookie, true, kPdb),
};

// PoolType above its low three bits: 0x08 quota charged, 0x20 session, 0x40 Driver Verifier. 0x10 and 0x80 are never
// stored (`(request & 0x6D) | 2` from Windows 8 on).
constexpr std::uint16_t kFlagBits = kPoolTypeQuota | kPoolTypeSession | kPoolTypeVerifier;
constexpr std::uint16_t kLowBits = 0x07;

constexpr auto U = BlockState::kUnknown;
constexpr auto A = BlockState::kAllocated;
constexpr auto L = BlockState::kLookaside;
constexpr auto F = BlockState::kFree;

// Meaning of the low three bits, by encoding.
//   XP/2003 |4   busy = (type+1)|4: 5 nonpaged, 6 paged; the 4 is cleared while on a lookaside list: 1, 2 (unsure)
//   2003 +1      busy = type+1: 1 nonpaged, 2 paged
//   Vista |2     busy = type|2: 2, 3; freed to a lookaside or deferred list: 4, 5; 6, 7 busy and CacheAligned
constexpr std::array<BlockState, 8> kBit4States = {F, L, L, U, U, A, A, U};
constexpr std::array<BlockState, 8> kPlusOneStates = {F, A, A, U, U, U, U, U};
constexpr std::array<BlockState, 8> kBit2States = {F, U, A, A, L, L, A, A};

const std::array<BlockState, 8>& StatesOf(InUseEncoding encoding) {
  switch (encoding) {
    case InUseEncoding::kBasePlusOneBit4:
      return kBit4States;
    case InUseEncoding::kBasePlusOne:
      return kPlusOneStates;
    case InUseEncoding::kBit2:
      break;
  }
  return kBit2States;
}

}  // namespace

PoolHeaderFields PoolHeaderLayout::Decode(const std::uint8_t* bytes) const {
  PoolHeaderFields fields;
  Le32 tag;
  std::memcpy(&tag, bytes + 4, sizeof(tag));
  fields.PoolTag = tag;
  if (is_64bit) {
    fields.PreviousSize = bytes[0];
    fields.PoolIndex = bytes[1];
    fields.BlockSize = bytes[2];
    fields.PoolType = bytes[3];
    Le64 billed;
    std::memcpy(&billed, bytes + 8, sizeof(billed));
    fields.ProcessBilled = billed;
    return fields;
  }
  const auto word = [bytes](std::size_t at) { return static_cast<unsigned>(bytes[at] | bytes[at + 1] << 8); };
  fields.PreviousSize = static_cast<std::uint16_t>(word(0) & 0x1FF);
  fields.PoolIndex = static_cast<std::uint16_t>(word(0) >> 9);
  fields.BlockSize = static_cast<std::uint16_t>(word(2) & 0x1FF);
  fields.PoolType = static_cast<std::uint16_t>(word(2) >> 9);
  return fields;
}

void PoolHeaderLayout::Encode(const PoolHeaderFields& fields, std::uint8_t* bytes) const {
  const Le32 tag = fields.PoolTag;
  std::memcpy(bytes + 4, &tag, sizeof(tag));
  if (is_64bit) {
    bytes[0] = static_cast<std::uint8_t>(fields.PreviousSize);
    bytes[1] = static_cast<std::uint8_t>(fields.PoolIndex);
    bytes[2] = static_cast<std::uint8_t>(fields.BlockSize);
    bytes[3] = static_cast<std::uint8_t>(fields.PoolType);
    const Le64 billed = fields.ProcessBilled;
    std::memcpy(bytes + 8, &billed, sizeof(billed));
    return;
  }
  const Le16 first = static_cast<std::uint16_t>((fields.PreviousSize & 0x1FF) | (fields.PoolIndex & 0x7F) << 9);
  const Le16 second = static_cast<std::uint16_t>((fields.BlockSize & 0x1FF) | (fields.PoolType & 0x7F) << 9);
  std::memcpy(bytes, &first, sizeof(first));
  std::memcpy(bytes + 2, &second, sizeof(second));
}

std::span<const PoolHeaderLayout> PoolHeaderLayouts() { return kLayouts; }

const PoolHeaderLayout* FindPoolHeaderLayout(std::string_view name) {
  for (const PoolHeaderLayout& layout : kLayouts)
    if (layout.name == name) return &layout;
  return nullptr;
}

const char* BlockStateName(BlockState state) {
  switch (state) {
    case BlockState::kAllocated:
      return "allocated";
    case BlockState::kFree:
      return "free";
    case BlockState::kLookaside:
      return "lookaside";
    case BlockState::kBig:
      return "big";
    case BlockState::kUnknown:
      break;
  }
  return "unknown";
}

BlockState StateOfPoolType(const PoolHeaderLayout& layout, std::uint16_t pool_type) {
  if ((pool_type & ~(kLowBits | kFlagBits)) != 0) return BlockState::kUnknown;
  const BlockState state = StatesOf(layout.in_use)[pool_type & kLowBits];
  // A free block owes no quota and has no verifier entry; its session bit may stay.
  if (state == BlockState::kFree && (pool_type & (kPoolTypeQuota | kPoolTypeVerifier)) != 0)
    return BlockState::kUnknown;
  return state;
}

bool IsPagedPoolType(const PoolHeaderLayout& layout, std::uint16_t pool_type) {
  // XP/2003 store the type plus one, so that paged (1) is even and not zero.
  const bool low_bit = (pool_type & 1) != 0;
  if (layout.in_use == InUseEncoding::kBit2) return low_bit;
  return !low_bit && (pool_type & 3) != 0;
}

bool IsCacheAlignedPoolType(const PoolHeaderLayout& layout, std::uint16_t pool_type) {
  return layout.in_use == InUseEncoding::kBit2 && (pool_type & 6) == 6;
}

std::uint32_t CacheAlignedGap(const PoolHeaderLayout& layout, const std::uint8_t* block, std::uint32_t size) {
  constexpr std::uint32_t kLargestLine = 128;  // bytes
  const PoolHeaderFields outer = layout.Decode(block);
  for (std::uint32_t gap = layout.unit; gap <= kLargestLine && gap + layout.header_size < size; gap += layout.unit) {
    constexpr std::uint32_t kTagAt = 4, kTagBytes = 4;
    if (std::memcmp(block + gap + kTagAt, block + kTagAt, kTagBytes) != 0) continue;
    const PoolHeaderFields inner = layout.Decode(block + gap);
    if (IsCacheAlignedPoolType(layout, inner.PoolType) && inner.BlockSize + gap / layout.unit == outer.BlockSize)
      return gap;
  }
  return 0;
}

}  // namespace poolblame

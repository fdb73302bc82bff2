// POOL_HEADER as data: one row for each way Windows has written it. A new Windows is a new row.
//
//  x86, 8 bytes, unit 8                           x64, 16 bytes, unit 16
//  0x00 u16  PreviousSize:9  PoolIndex:7          0x00 u8  PreviousSize   0x01 u8 PoolIndex
//  0x02 u16  BlockSize:9     PoolType:7           0x02 u8  BlockSize      0x03 u8 PoolType
//  0x04 u32  PoolTag                              0x04 u32 PoolTag
//                                                 0x08 u64 ProcessBilled (meaning by version; often old bytes)
// Sizes count units and include the header. Field names are Windows' own so that they can be searched in WinDbg.
// Sources: PDB-derived headers XP SP3 … Windows 11 (Vergilius); A. Schuster, "Pool header", 2006; `dt nt!_POOL_HEADER`.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "parser/base/byte_view.h"
#include "parser/base/pool_tag.h"

namespace poolblame {

/// The fields of one POOL_HEADER; sizes in units of the layout.
struct PoolHeaderFields {
  std::uint16_t PreviousSize = 0;
  std::uint16_t PoolIndex = 0;
  std::uint16_t BlockSize = 0;
  std::uint16_t PoolType = 0;
  std::uint32_t PoolTag = 0;
  std::uint64_t ProcessBilled = 0;  // x64 only

  friend bool operator==(const PoolHeaderFields&, const PoolHeaderFields&) = default;
};

/// How PoolType says "in use".
enum class InUseEncoding {
  kBasePlusOneBit4,  // XP/2003: (type + 1) | 4; freed to a lookaside list: the 4 cleared; free: 0
  kBasePlusOne,      // 2003 variant: type + 1 without the 4; free: 0
  kBit2,             // Vista … 1809: type | 2; on a lookaside or deferred list: 2 cleared, 4 set; free: 0
};

/// What ProcessBilled (x64, +8) or the tail pointer (x86) holds.
enum class QuotaEncoding { kTailPointer, kPlainPointer, kXorCookie };

struct PoolHeaderLayout {
  std::string_view name;  // REPORT.md's `pool_layout`: "nt6-x64"
  bool is_64bit = false;
  std::uint32_t first_build = 0, last_build = 0;  // inclusive; rows may overlap where the build does not settle it
  std::uint32_t unit = 0;                         // bytes of one size unit
  std::uint32_t header_size = 0;                  // bytes
  InUseEncoding in_use = InUseEncoding::kBit2;
  QuotaEncoding quota = QuotaEncoding::kPlainPointer;
  bool aligned_second_header = false;  // Windows 8+ x64: CacheAligned requests carry a second header in the block
  std::string_view source;

  [[nodiscard]] PoolHeaderFields Decode(const std::uint8_t* bytes) const;  // reads header_size bytes
  void Encode(const PoolHeaderFields& fields, std::uint8_t* bytes) const;  // writes header_size bytes
  /// Largest value of a size field, in units: 0x1FF or 0xFF.
  [[nodiscard]] std::uint32_t max_units() const { return is_64bit ? 0xFF : 0x1FF; }
  [[nodiscard]] std::uint32_t units_in_page() const { return 4096 / unit; }
};

/// All rows, oldest first.
std::span<const PoolHeaderLayout> PoolHeaderLayouts();
/// The row of that name, or nullptr.
const PoolHeaderLayout* FindPoolHeaderLayout(std::string_view name);

enum class BlockState { kUnknown, kAllocated, kFree, kLookaside, kBig };
/// REPORT.md's words: "allocated", "free", "lookaside", "big", "unknown".
const char* BlockStateName(BlockState state);

/// Flag bits of a stored PoolType, the same in every version.
inline constexpr std::uint16_t kPoolTypeQuota = 0x08;     // ProcessBilled or the tail pointer is valid
inline constexpr std::uint16_t kPoolTypeSession = 0x20;   // session pool
inline constexpr std::uint16_t kPoolTypeVerifier = 0x40;  // the block's last pointer belongs to Driver Verifier

/// What `pool_type` means under `layout`: kUnknown when no block of that version may carry it.
BlockState StateOfPoolType(const PoolHeaderLayout& layout, std::uint16_t pool_type);
/// True when an allocated or lookaside block of this type is paged pool.
bool IsPagedPoolType(const PoolHeaderLayout& layout, std::uint16_t pool_type);

/// True when a busy block's type carries Vista's CacheAligned mark (6 or 7): rare, and a neighbour of the common types.
bool IsCacheAlignedPoolType(const PoolHeaderLayout& layout, std::uint16_t pool_type);
/// Bytes from a block's header to the inner one that an allocation on a cache line has in front of its data: the same
/// tag, the rest of the size. 0 where `block`, `size` bytes from its header on, is none. Cost: a few headers.
std::uint32_t CacheAlignedGap(const PoolHeaderLayout& layout, const std::uint8_t* block, std::uint32_t size);

}  // namespace poolblame

// One block of a simulated pool page: what the allocator knows about it (the shadow), and how its header is written.
// The shadow stays true when a fault damages the bytes; that difference is where the stated truth comes from.
#pragma once

#include <array>
#include <cstdint>

#include "samples/windows_profile.h"

namespace poolblame::samples {

enum class BlockState : std::uint8_t {
  kAllocated,
  kFree,       // on ListHeads, or a one-unit fragment on no list
  kLookaside,  // on a per-processor lookaside list
  kDeferred,   // on the descriptor's PendingFrees
};

inline constexpr std::uint16_t kNoModel = 0xFFFF;

/// Which part of the segment heap a block belongs to.
enum class Backend : std::uint8_t { kClassic, kVs, kLfh, kLarge };

/// Sizes in units, header included, as Windows counts. `model` and `seed` are the last owner's even when the block is
/// free.
struct Block {
  std::uint16_t offset = 0;  // of the header in its page, bytes
  std::uint32_t units = 0;
  std::uint16_t request = 0;       // bytes the caller asked for
  std::uint16_t model = kNoModel;  // index into the tag population
  std::uint8_t aligned_units = 0;  // distance of a second, cache-aligned header; 0 = none
  BlockState state = BlockState::kFree;
  bool quota = false;
  bool verified = false;  // its last pointer is Driver Verifier's
  Backend backend = Backend::kClassic;
  bool headerless = false;          // segment heap: larger than 0xFE0 bytes, so without a POOL_HEADER
  std::uint16_t header_offset = 0;  // segment heap: from the block's first byte to its POOL_HEADER
  std::uint32_t tag = 0;            // as written in the header
  std::uint32_t seed = 0;           // what the owner's payload is made from
  std::uint32_t live_index = 0;
};

/// The four header fields and the tag.
struct HeaderFields {
  std::uint32_t previous_units = 0;
  std::uint32_t index = 0;
  std::uint32_t units = 0;
  std::uint32_t type = 0;
  std::uint32_t tag = 0;
};

/// The first eight bytes of a POOL_HEADER. x86: 9+7 and 9+7 bits; x64: four bytes. Both: then the tag.
/// Source: _POOL_HEADER in public PDB dumps (vergilius, XP SP3 to Windows 10).
std::array<std::uint8_t, 8> EncodeHeader(const HeaderFields& fields, bool x64);
HeaderFields DecodeHeader(const std::uint8_t* bytes, bool x64);

inline constexpr std::uint32_t kVerifiedType = 0x40;  // in PoolType

/// PoolType byte of a block in use. `base` is bit 0 paged, 0x20 session.
std::uint32_t BusyType(InUseEncoding encoding, std::uint32_t base, bool quota);
/// PoolType byte of a block that lies on a lookaside or deferred list.
std::uint32_t ListedType(InUseEncoding encoding, std::uint32_t base);

}  // namespace poolblame::samples

// What a tag in ARM64 code is there for. Its four bytes do not stand together: a pair of instructions, MOVZ and MOVK,
// makes them.
#pragma once

#include <optional>
#include <vector>

#include "parser/base/byte_view.h"
#include "pooltag/routine_finder.h"
#include "pooltag/tag_site.h"

namespace poolblame {

/// The value that the MOVK at the end of `code` completes, with the MOVZ of the same register at most eight
/// instructions before it; nothing where the last four bytes are no such MOVK.
std::optional<std::uint32_t> ValueOfMoves(ByteView code);
/// Bytes of code that ValueOfMoves looks at.
inline constexpr std::uint64_t kArm64MoveWindow = 36;

/// The use of the value that the MOVK at `move` completes.
TagSite UseInArm64(const RoutineFinder& finder, VirtAddr move);

/// The slot that a jump thunk at `code` goes through: `adrp x16; ldr x16, [x16, n]; br x16`.
std::optional<VirtAddr> SlotOfArm64Thunk(const AddressSpace& space, VirtAddr code);

}  // namespace poolblame

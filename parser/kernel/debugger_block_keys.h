// Looks in the kernel's own code for what it decodes its debugger data block with. Without symbols the three inputs
// are not known, but the code that uses them has a shape:
//
//   80 3D rel32 00        cmp byte ptr [KdpDataBlockEncoded], 0
//   … within 300 bytes …
//   48 8D 05-like rel32   lea r64, [KdDebuggerDataBlock]
//   48 8B 05-like rel32   mov/xor r64, [KiWaitNever] and [KiWaitAlways], in some order
//   48 0F C8-like         bswap r64
//
// Many places look like it; the caller tries the keys of each on the first words of the block.
// Source: the method of Volatility's win8_kdbg. Not tried on a real image of a running system: none could be had.
#pragma once

#include <cstdint>
#include <functional>
#include <span>

#include "parser/image/address_space.h"
#include "parser/kernel/debugger_data.h"

namespace poolblame {

struct DebuggerBlockKeys {
  std::uint64_t never = 0;          // value of nt!KiWaitNever
  std::uint64_t always = 0;         // value of nt!KiWaitAlways
  std::uint64_t flag_address = 0;   // address of nt!KdpDataBlockEncoded
  std::span<const VirtAddr> named;  // addresses that the same code takes: the block's may be among them
};

/// Calls `try_keys` with every candidate until it returns true. Cost: one pass over the image's pages that are there
/// (at most kMaxScannedBytes) and at most kMaxCandidates calls.
void ForEachKeyCandidate(const AddressSpace& space, ImageRange kernel,
                         const std::function<bool(const DebuggerBlockKeys&)>& try_keys);

}  // namespace poolblame

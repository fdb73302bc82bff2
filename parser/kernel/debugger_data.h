// Finds and reads the debugger data block; decodes it where the kernel keeps it encoded (Windows 8 and later, x64,
// booted without a debugger: memory images taken from a running system; crash dumps hold it in plain).
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <vector>

#include "parser/base/address.h"
#include "parser/format/debugger_block.h"
#include "parser/image/address_space.h"

namespace poolblame {

/// A loaded image, as far as a search in it needs to know.
struct ImageRange {
  VirtAddr base{};
  std::uint64_t size = 0;  // bytes
};

/// The plain text of an encoded block: for each word x
///   rotl(x ^ never, never), its bytes reversed after ^ flag_address, ^ always.
/// `never` and `always` are the values of nt!KiWaitNever and nt!KiWaitAlways, `flag_address` is the address (not the
/// value) of nt!KdpDataBlockEncoded. Each word stands alone. Source: Volatility's win8_kdbg, QEMU's elf2dmp.
std::vector<std::uint64_t> DecodeDebuggerBlock(std::span<const std::uint64_t> words, std::uint64_t never,
                                               std::uint64_t always, std::uint64_t flag_address);

/// The block at `address`, in plain or decoded with what the code of `kernel` refers to. What fails becomes a note.
std::optional<DebuggerBlock> ReadDebuggerBlock(const AddressSpace& space, VirtAddr address,
                                               std::optional<ImageRange> kernel, std::vector<std::string>& notes);

/// The encoded block whose address nobody gives: the code that has the keys names it. Believed where it decodes to a
/// block of this very kernel. x64 only, as the encoding is. Cost: as of reading an encoded block, and some reads a pair
/// of keys.
std::optional<DebuggerBlock> FindEncodedBlock(const AddressSpace& space, ImageRange kernel);

/// The block from bytes that hold it in plain; nothing when they do not.
std::optional<DebuggerBlock> ParseDebuggerBlock(ByteView bytes);

}  // namespace poolblame

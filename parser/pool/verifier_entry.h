// Driver Verifier's record of a block in pool of blocks: who allocated it. A block whose PoolType has bit 0x40 carries,
// in its last pointer, the address of
//
//  _VI_POOL_ENTRY_INUSE       x86   x64
//  VirtualAddress             0x00  0x00  what the caller was given
//  CallingAddress             0x04  0x08  the instruction behind the call
//  NumberOfBytes              0x08  0x10  as requested
//  Tag                        0x0C  0x18
// Sources: PDB-derived headers XP SP3 to Windows 10 (Vergilius); the place of the pointer from published disassembly of
// Windows 8's allocator.
#pragma once

#include <cstdint>
#include <optional>

#include "parser/base/pool_tag.h"
#include "parser/image/address_space.h"

namespace poolblame {

struct VerifierEntry {
  VirtAddr address{}, caller{};
  std::uint64_t bytes = 0;
  PoolTag tag;
};

/// What stands at `entry`, whatever it is; nothing where that is not in the image.
std::optional<VerifierEntry> ReadAnyVerifierEntry(const AddressSpace& space, bool is_64bit, VirtAddr entry);

/// The record at `entry`, if it speaks of the block whose data begins at `data` and has room for `capacity` bytes.
/// Nothing when it is absent or speaks of another block: then the pointer was no pointer, or the record is old.
std::optional<VerifierEntry> ReadVerifierEntry(const AddressSpace& space, bool is_64bit, VirtAddr entry, VirtAddr data,
                                               std::uint64_t capacity, PoolTag tag);

}  // namespace poolblame

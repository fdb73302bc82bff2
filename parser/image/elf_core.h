// What the two halves of the ELF core reader share: the file's headers of either width, reduced to what matters.
// Private to parser/image.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "parser/base/byte_view.h"
#include "parser/base/error.h"
#include "parser/image/image.h"

namespace poolblame {

struct ElfSegment {
  std::uint32_t type = 0;
  std::uint64_t offset = 0;  // in the file
  std::uint64_t virtual_address = 0;
  std::uint64_t physical_address = 0;
  std::uint64_t file_size = 0;    // bytes
  std::uint64_t memory_size = 0;  // bytes
};

/// The program headers of a little-endian ELF core. Fails when the file is another kind of ELF, or when its own count
/// of them makes no sense; those behind the file's end are left out, with a note.
Result<std::vector<ElfSegment>> ReadElfSegments(ByteView bytes, ImageFacts& facts);

/// What the notes say.
struct ElfNotes {
  ByteView crash_dump_header;  // that the guest gave QEMU; empty = none
  bool by_virtual_box = false;
  std::vector<PhysAddr> processors;  // what CR3 held of each that QEMU describes; none where paging was off
};

/// Walks the notes of all PT_NOTE segments; broken ones end their segment.
ElfNotes ReadElfNotes(ByteView bytes, const std::vector<ElfSegment>& segments);

}  // namespace poolblame

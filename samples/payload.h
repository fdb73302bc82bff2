// What the owners write into their blocks. Content is a function of (tag, seed, offset): the first n bytes are the same
// whatever the length, so "the owner simply went on writing" (an overrun) is the same function asked for more bytes.
#pragma once

#include <cstdint>
#include <vector>

#include "samples/bytes.h"
#include "samples/tag_population.h"

namespace poolblame::samples {

/// What payload pointers may point at.
struct PayloadWorld {
  std::uint32_t pointer_size = 8;
  std::vector<std::uint64_t> driver_bases;  // by index in Drivers()
  std::uint64_t pool_base = 0;              // objects point at other pool memory from here
  std::uint64_t pool_size = 0x100000;
  bool object_headers_have_type_index = true;  // Windows 7 and later; before, a pointer to the type
  bool rich = false;                           // payload=rich: shapes and optional fields (payload_words.h)
};

/// `size` bytes of what the owner of a block with this tag and seed writes from `va` on. `terminated`: a text ends
/// inside these bytes, as it does in a block that is large enough.
Bytes OwnerContent(const PayloadWorld& world, const TagSpec& spec, std::uint32_t seed, std::uint64_t va,
                   std::size_t size, bool terminated);

/// True where every block of this tag has the same byte at this payload offset: a sibling comparison would miss a
/// change.
bool IsFixedByte(const PayloadWorld& world, const TagSpec& spec, std::size_t offset);

/// Endless text from a list of words, at position `index`.
char TextCharacter(std::uint64_t seed, std::size_t index, bool path);

}  // namespace poolblame::samples

// Special pool of the simulated machine: one block a page between unmapped pages, the rest of the page one byte.
// Sources: Microsoft's Q188831 and "Special Pool" for the places, ReactOS' documentation of the 2003 allocator for the
// header and for the record of a free. From Windows Vista to 1803 the header is assumed to have stayed.
#pragma once

#include <cstdint>
#include <vector>

#include "samples/fault.h"
#include "samples/machine.h"

namespace poolblame::samples {

struct SpecialBlock {
  std::uint64_t page = 0;
  bool at_start = false;  // data at the page's start, header at its end
  std::uint32_t request = 0;
  std::uint16_t model = 0;
  std::uint32_t seed = 0;  // what the owner's payload is made from
  std::uint8_t fill = 0;
  std::uint32_t header_size = 0;

  [[nodiscard]] std::uint64_t header() const { return at_start ? page + kPage - header_size : page; }
  [[nodiscard]] std::uint64_t data() const {
    return at_start ? page : page + ((kPage - request) & ~std::uint64_t{header_size - 1});
  }
  [[nodiscard]] std::uint64_t data_end() const { return data() + request; }
  [[nodiscard]] std::uint64_t slop_end() const { return at_start ? header() : page + kPage; }
};

/// Allocates `recipe.special` blocks; fewer where RAM runs out.
std::vector<SpecialBlock> PlaceSpecialPool(Machine& machine);

/// Unmaps the page; up to Windows Server 2003 the frame keeps a record of the free.
void FreeSpecialBlock(Machine& machine, const SpecialBlock& block);

/// What a fault in special pool did, and what the kernel says of it.
struct SpecialFault {
  Truth truth;
  BugCheckFacts crash;
};

bool IsSpecialFault(Fault fault);
/// Does what the recipe's fault says. kUsage where no block of this image fits.
Result<SpecialFault> InjectSpecialFault(Machine& machine, const std::vector<SpecialBlock>& blocks);

}  // namespace poolblame::samples

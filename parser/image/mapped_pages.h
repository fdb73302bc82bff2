// Which physical pages the page tables of kernel space lead to.
#pragma once

#include <vector>

#include "parser/base/address.h"
#include "parser/image/address_space.h"

namespace poolblame {

/// Pages [first, end).
struct PfnRange {
  Pfn first = 0, end = 0;
};

/// What kernel space maps, ascending, without overlaps; all pages there can be where that is in more than a million
/// pieces (tables shuffled on purpose, or damaged), nothing without page tables. Whether the pages are in the image is
/// another question. Cost: one walk of the page tables.
std::vector<PfnRange> PagesOfKernelSpace(const AddressSpace& space);

}  // namespace poolblame

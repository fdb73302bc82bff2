// From an address to a place in memory, by way of the page tables. Private to parser/image.
#pragma once

#include "parser/format/page_table.h"
#include "parser/image/address_space.h"
#include "parser/image/page_map.h"

namespace poolblame {

/// What the tables of `mode` below `root` say of `address`. Reads one entry a level.
Translation TranslateBy(const PageMap& pages, const PagingMode& mode, PhysAddr root, VirtAddr address);

}  // namespace poolblame

// One page can be the top table of x64 with four levels, of x64 with five, and of ARM64: all map themselves alike. What
// lies behind it tells which. Private to parser/image.
#pragma once

#include <array>
#include <vector>

#include "parser/base/address.h"
#include "parser/image/image.h"
#include "parser/image/page_map.h"

namespace poolblame {

/// A way to read page tables.
struct PageTableReading {
  Machine machine = Machine::kUnknown;
  PageTableForm form = PageTableForm::kUsual;

  friend bool operator==(const PageTableReading&, const PageTableReading&) = default;
};

/// All readings of a top table with 512 entries, the likeliest first: where nothing speaks, this order does.
inline constexpr std::array kReadings64 = {PageTableReading{Machine::kX64, PageTableForm::kUsual},
                                           PageTableReading{Machine::kX64, PageTableForm::kLa57},
                                           PageTableReading{Machine::kArm64, PageTableForm::kUsual}};

/// Those of them that `machine` allows (kUnknown: all) and that the evidence behind `root` does not speak against, in
/// the same order; never empty.
std::vector<PageTableReading> ReadingsOf(const PageMap& pages, PhysAddr root, Machine machine);

/// Those of `readings`, one at least, that the evidence does not speak against; never empty. Asked in this order, until
/// one is left: is KUSER_SHARED_DATA where Windows has it, and of that machine; of which machine are the images of
/// drivers; whose bits do the entries carry (the architectures' marks for "accessed" differ); are the pages that four
/// levels lead to themselves tables. Cost: page tables of the kernel half, once a reading and question, and some bytes
/// of at most kMostEvidencePages pages.
std::vector<PageTableReading> LikeliestOf(const PageMap& pages, PhysAddr root, std::vector<PageTableReading> readings);

inline constexpr std::uint32_t kMostEvidencePages = 1 << 16;

}  // namespace poolblame

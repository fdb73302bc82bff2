// What a tag in x86 or x64 code is there for.
#pragma once

#include "pooltag/routine_finder.h"
#include "pooltag/tag_site.h"

namespace poolblame {

/// The use of the tag whose four bytes stand at `field`: the instruction that holds them is found, then followed to the
/// next calls with an eye on where the tag goes. kChance where no instruction has them as its operand.
TagSite UseInX86(const RoutineFinder& finder, VirtAddr field);

/// The same of a tag that lies in data: at `field` stands the distance (x64) or address (x86) of the constant. kChance
/// where no instruction loads it, or nothing is done with it that an argument would be.
TagSite UseOfLoadInX86(const RoutineFinder& finder, VirtAddr field);

}  // namespace poolblame

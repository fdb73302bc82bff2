// Which driver stands behind a tag, and where that knowledge comes from.
#pragma once

#include "heuristics/report.h"
#include "parser/kernel/system.h"
#include "pooltag/tag_database.h"

namespace poolblame {

/// The best table entry for the tag. Of several drivers that use it, one that is loaded in this image wins; when
/// several loaded ones do, none is named. Generic tags own nothing.
Owner OwnerOf(PoolTag tag, const TagDatabase& tags, const System& system);

/// File names are compared as Windows does, without case.
bool IsSameDriver(const std::string& a, const std::string& b);

/// Makes the driver that holds `code`, which called the pool for the block, its owner: that is known better than whose
/// the tag is. The kernel allocates for others, too, so that it does not count.
void NameByCode(VirtAddr code, const System& system, Owner& owner);

}  // namespace poolblame

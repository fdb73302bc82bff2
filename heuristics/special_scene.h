// The scene of a fault in special pool: one block alone on its page, what is wrong around it, or the access that the
// page tables stopped. Apart from the scenes of classic pool, because nothing of theirs (neighbours, lists, siblings'
// bytes) exists here, and because there is no POOL_HEADER layout to choose: it works on every Windows.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "heuristics/report.h"
#include "parser/kernel/bugcheck.h"
#include "parser/pool/pool_census.h"
#include "parser/pool/special_pool.h"

namespace poolblame {

enum class SpecialEvent {
  kSlop,       // bytes behind the data are wrong
  kFiller,     // bytes between header and data are wrong
  kHeader,     // only the header is wrong
  kAccess,     // nothing is wrong yet: the page tables stopped the access
  kFreeAgain,  // 0xC1/20: nothing is allocated where something was freed
  kWrongFree,  // 0xC1/21, 22: another address was freed than the block's, which is sound
};

struct SpecialScene {
  const System* system = nullptr;
  const TagDatabase* tags = nullptr;
  SpecialEvent event = SpecialEvent::kSlop;
  std::optional<SpecialPoolPage> page;      // nothing where the block's page is not in the image
  const FreedSpecialPool* freed = nullptr;  // record of the block's free
  std::uint64_t begin = 0, end = 0;         // of the damage, or of the place that the bug check names
  std::uint32_t wrong_bytes = 0;            // known to be wrong
  std::uint32_t wrong_bits = 0;             // 0 = not known
  std::optional<TrappedAccess> access;      // for kAccess
  const Module* code = nullptr;             // that made the access; nullptr where no module is at that address
  bool beyond_start = false;                // kAccess: the guard page before a block at its page's start was hit
  bool named_by_crash = false;

  /// Address of the page's first byte: virtual where known, else physical. Only with a page.
  [[nodiscard]] std::uint64_t base() const;
  [[nodiscard]] bool physical() const { return page && !page->address; }
  [[nodiscard]] std::uint64_t AddressOf(std::uint32_t offset) const { return base() + offset; }
  /// The block as the report says it; of a page that is not in the image only the place is known.
  [[nodiscard]] BlockReference Reference() const;
  /// Nothing where neither page nor record has it.
  [[nodiscard]] std::optional<PoolTag> tag() const;
  /// The code is a driver's: the kernel's own works for whoever called it, with the caller's pointers.
  [[nodiscard]] bool code_is_a_driver() const;
};

/// "foo.sys+0x1234" where a loaded module holds the address, else empty.
std::string CodeText(const System& system, VirtAddr address);

/// Everything that went wrong in special pool, in image order, the bug check's own event last.
std::vector<SpecialScene> FormSpecialScenes(const AddressSpace& space, const System& system, const PoolCensus& census,
                                            const TagDatabase& tags);

}  // namespace poolblame

// Driver Verifier's pool tracking in pool of blocks, as `verifier=third-party` or `verifier=DRIVER.SYS` asks for it:
// each block of those drivers carries, in its last pointer, the address of its entry in a page of entries.
#pragma once

#include <cstdint>
#include <string>
#include <unordered_map>
#include <vector>

#include "samples/kernel_memory.h"
#include "samples/pool.h"
#include "samples/tag_population.h"

namespace poolblame::samples {

class VerifierPool {
 public:
  /// `who`: "none", "third-party", or a driver's file name. `base`: of the pages of entries.
  VerifierPool(KernelMemory& memory, std::string who, std::uint64_t base, std::uint64_t seed);

  /// True where blocks of this tag are tracked, and there is room for one more entry.
  bool Takes(const TagSpec& spec);
  /// Writes the entry of the block just allocated with `request`, and the pointer to it at the block's end.
  void Track(const Pool& pool, std::uint64_t header, const PoolRequest& request, std::uint64_t caller);
  /// Gives the entry of the block that was at `header` back, if it had one.
  void Release(std::uint64_t header);

 private:
  [[nodiscard]] std::uint64_t EntryBytes() const { return 4 * std::uint64_t{memory_.pointer_size()}; }
  bool AddPage();
  void WriteFields(std::uint64_t entry, std::initializer_list<std::uint64_t> fields);

  KernelMemory& memory_;
  std::string who_;
  std::uint64_t base_, next_page_;
  std::uint64_t signature_;
  std::vector<std::uint64_t> free_;                            // entries, the one handed out next last
  std::unordered_map<std::uint64_t, std::uint64_t> entry_of_;  // by block; only looked up
};

}  // namespace poolblame::samples

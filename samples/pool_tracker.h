// What nt counts of a pool, tag by tag, the moment it hands a block out or takes it back. A block that goes to a
// lookaside or delay-free list has been taken back: the lists are hidden from these counts.
#pragma once

#include <cstdint>
#include <map>

namespace poolblame::samples {

struct TagCount {
  std::uint64_t allocs = 0, frees = 0;
  std::uint64_t bytes = 0;  // outstanding: BlockSize of small blocks, header included; whole pages of larger ones
};

class PoolTracker {
 public:
  void Allocated(std::uint32_t tag, std::uint64_t bytes) {
    TagCount& count = CountOf(tag);
    ++count.allocs;
    count.bytes += bytes;
  }
  void Freed(std::uint32_t tag, std::uint64_t bytes) {
    TagCount& count = CountOf(tag);
    ++count.frees;
    count.bytes -= bytes;
  }
  [[nodiscard]] const std::map<std::uint32_t, TagCount>& counts() const { return counts_; }

 private:
  static constexpr std::uint32_t kProtected = 0x80000000;  // no part of the name that is counted under
  TagCount& CountOf(std::uint32_t tag) { return counts_[tag & ~kProtected]; }

  std::map<std::uint32_t, TagCount> counts_;
};

}  // namespace poolblame::samples

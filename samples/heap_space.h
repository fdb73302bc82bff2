// What the parts of one segment heap share: memory, keys, the shadow of the blocks, the pages it may commit, and the
// damage that it must not touch.
#pragma once

#include <cstdint>
#include <map>
#include <vector>

#include "samples/heap_layout.h"
#include "samples/kernel_memory.h"
#include "samples/pool.h"
#include "samples/random.h"

namespace poolblame::samples {

/// What is written after the heaps, kernel data and page tables, takes no more.
inline constexpr std::uint64_t kFramesForKernel = 56;

class HeapSpace {
 public:
  HeapSpace(KernelMemory& its_memory, const HeapLayout& its_layout, const HeapKeys& its_keys, const PoolSetup& setup,
            std::uint64_t seed)
      : memory(its_memory),
        layout(its_layout),
        keys(its_keys),
        heap(setup.base),
        max_pages(setup.max_pages),
        random(seed) {}

  /// Commits the pages of [begin, end) that are not yet; all or none, and none where the heap may hold no more.
  bool Commit(std::uint64_t begin, std::uint64_t end);
  /// Gives the committed pages of [begin, end) back; some of their frames come again with their old bytes.
  void Decommit(std::uint64_t begin, std::uint64_t end);
  [[nodiscard]] std::uint32_t Uncommitted(std::uint64_t begin, std::uint64_t end) const;
  [[nodiscard]] bool Sound(std::uint64_t va, std::uint64_t size) const;
  /// Writes a word of the heap's own unless damage lies there.
  void Put64(std::uint64_t va, std::uint64_t value);
  /// A LIST_ENTRY ring from `head`; `encoded`: each link is XORed with its own address.
  void LinkRing(std::uint64_t head, const std::vector<std::uint64_t>& entries, bool encoded);

  KernelMemory& memory;
  const HeapLayout& layout;
  const HeapKeys keys;
  const std::uint64_t heap;  // SEGMENT_HEAP
  std::uint64_t max_pages;
  Random random;
  std::map<std::uint64_t, Block> blocks;  // by first byte
  std::vector<VaRange> damage;
  std::uint64_t used_pages = 0;
  bool refused = false;  // a commit was refused: the heap has been full

 private:
  bool BackPage(std::uint64_t va);
  std::vector<std::uint64_t> spare_frames_;
  std::uint64_t stale_frames_ = 0;
};

}  // namespace poolblame::samples

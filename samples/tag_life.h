// How single tags live while the machine does: one leaks, one is busy, one is a cache that fills. Everybody else
// allocates and frees at random.
#pragma once

#include <cstdint>
#include <deque>
#include <optional>
#include <set>
#include <string>

#include "samples/pool.h"
#include "samples/random.h"

namespace poolblame::samples {

/// Tags as recipes name them; empty = none.
struct TagHabits {
  std::string leak;   // never freed from now on
  std::string busy;   // allocated and freed soon, often
  std::string cache;  // grows: two are freed for three that are allocated
  [[nodiscard]] bool any() const { return !leak.empty() || !busy.empty() || !cache.empty(); }
};

/// What is to be done now.
struct TagStep {
  std::optional<std::uint16_t> allocate;  // a block of this model
  std::optional<BlockRef> release;
};

class TagLife {
 public:
  TagLife(const TagHabits& habits, std::uint64_t seed);

  /// The next step of one of the tags, or of none.
  TagStep Next();
  /// The block that a step asked for.
  void Own(std::uint16_t model, const BlockRef& block);
  /// Nobody else may free this block: its life is decided here, or its tag leaks.
  [[nodiscard]] bool Keeps(std::uint64_t header, std::uint16_t model) const {
    return model == leak_ || owned_.contains(header);
  }

 private:
  BlockRef Oldest(std::deque<BlockRef>& blocks);

  std::optional<std::uint16_t> leak_, busy_, cache_;
  std::deque<BlockRef> busy_blocks_, cache_blocks_;
  std::set<std::uint64_t> owned_;  // headers
  Random random_;
};

}  // namespace poolblame::samples

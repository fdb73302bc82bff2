// `poolblame find`: one line a block, written while the walk goes on, so that only what is shown is kept.
#pragma once

#include <cstddef>
#include <cstdint>
#include <string>

#include "cli/analysis.h"
#include "cli/render_text.h"
#include "heuristics/block_search.h"

namespace poolblame::cli {

enum class FindForm { kText, kJsonLines };

class FindList {
 public:
  /// `most` blocks are shown (0 = kMostBlocks), the others are counted. `hex`: the first bytes of each.
  FindList(const AddressSpace& space, FindForm form, bool hex, std::size_t most);

  void Add(const FoundBlock& found);
  [[nodiscard]] std::uint64_t count() const { return count_; }
  /// Everything, with a first line that says how many there are.
  [[nodiscard]] std::string Finish(const ImageReport& facts, const BlockCoverage& coverage) const;

  static constexpr std::size_t kMostBlocks = std::size_t{1} << 20;  // some 200 MiB of JSON; nobody reads more
  static constexpr std::size_t kHexBytes = 64;                      // of each block, its header first

 private:
  void AddText(const FoundBlock& found);
  void AddJson(const FoundBlock& found);

  const AddressSpace& space_;
  FindForm form_;
  bool hex_;
  std::size_t most_;
  std::uint64_t count_ = 0, bytes_ = 0;
  std::string lines_;
};

}  // namespace poolblame::cli

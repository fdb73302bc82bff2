// Blocks in use that do not begin as their tag's usual blocks do: looked for in the whole image, judged by
// crossing_scan.h.
#pragma once

#include <vector>

#include "heuristics/content.h"
#include "heuristics/content_model.h"
#include "heuristics/scene.h"
#include "heuristics/usual_front.h"

namespace poolblame {

/// A block whose front is not as its tag's usual blocks have it.
struct StandsOut {
  VirtAddr header{}, end{};
  PoolTag tag{};
  BrokenFront front;
  std::vector<std::uint8_t> words = {};  // `front` of them, as they are in the block
  std::uint64_t words_address = 0;
  bool begins_like_another = false;    // tag's blocks: old memory of one, or a copy
  bool from_first_word = true;         // else the words in front may hold anything, and say nothing
  bool may_be_link = false;            // its first word may be the link of a list, and is what is otherwise
  bool is_like_entry = false;          // it begins with zero or a pointer, as entries of lists do
  bool may_be_free = false;            // one that no header tells of, with what an earlier owner left in it
  std::vector<WordClass> begins = {};  // its first words, eight at most

  /// It begins as usual and its rest is otherwise, too: only a write that tells of itself says that somebody did it.
  [[nodiscard]] bool needs_telling_write() const { return !from_first_word && !front.rest_is_as_usual(); }
};

/// In the order of BlocksInUse, at most 2048: an image with more has variety, not damage. `setter`'s census has a
/// layout.
std::vector<StandsOut> FindOddFronts(const SceneSetter& setter, const ImageContents& contents);

}  // namespace poolblame

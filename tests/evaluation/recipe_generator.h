// Which images are drawn: a recipe is one line for the sample builder, and image i of seed s always has the same one,
// however many are drawn and in however many threads. The shares are rows of tables in the .cc, with their reasons.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace poolblame::evaluation {

/// One line for samples::BuildSample, kept as fields because the tables split by them.
struct Recipe {
  std::string fault;           // the builder's word; "none" is a clean image
  std::string machine;         // "x64", "x86"
  std::uint32_t windows = 0;   // build number
  std::string container;       // "full", "bitmap", …
  std::string content;         // what the fault writes; empty where that is not for us to choose
  std::uint32_t bytes = 0;     // how many bytes the fault writes outside; 0 where that is not for us to choose
  std::uint32_t pages = 0;     // of RAM; the builder gives half of them to the pools
  std::uint32_t activity = 0;  // allocator calls before the fault
  std::uint32_t after = 0;     // and after it; 0 = the machine stopped at once
  std::string style;           // words for an unusual allocator or contents, or empty
  std::uint64_t seed = 0;

  /// The line: `poolblame synth "…"` builds the same image.
  [[nodiscard]] std::string Text() const;
  /// The blocks of a tag are as different as in real pools.
  [[nodiscard]] bool is_rich() const;
  /// A raw image or a file of pool pages says nothing of its system. In every second draw the person who looks at it
  /// knows machine and build; in the others they have to be inferred.
  [[nodiscard]] bool system_told() const { return seed % 2 == 0; }
};

/// What is left out of the draw; an empty list leaves nothing out.
struct RecipeFilter {
  std::vector<std::string> faults;  // REPORT.md's kinds ("clean", "overrun") or the builder's words ("off-by-one")
  std::vector<std::string> machines;
  std::vector<std::uint32_t> windows;
  std::vector<std::string> containers{};
  bool segment_heap = false;  // machines with the segment heap in place of those with the classic pool
};

/// The recipe of image `index` of `seed`. The same on every machine. Where the filter leaves nothing over (a build that
/// the machine never had), the part of the filter that cannot be met is ignored. `attempt` changes seed and size only:
/// for an image in which no block fits the fault.
Recipe DrawRecipe(std::uint64_t seed, std::uint64_t index, const RecipeFilter& filter, std::uint32_t attempt = 0);

/// Every word that RecipeFilter::containers may hold. The segment heap's machines have all but raw and pool-pages.
std::vector<std::string> ContainerWords();

/// Every word that RecipeFilter::faults may hold.
std::vector<std::string> FaultWords();

}  // namespace poolblame::evaluation

// Which images are drawn: a recipe is one line for the sample builder, and image i of seed s always has the same one,
// however many are drawn and in however many threads. The shares are rows of tables in the .cc, with their reasons.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace poolblame::evaluation {

/// One line for samples::BuildSample, kept as fields because the tables split by them.
struct Recipe {
  std::string fault;           // REPORT.md's kind, or "clean"
  std::string machine;         // "x64", "x86"
  std::uint32_t windows = 0;   // build number
  std::string container;       // as samples/ names it: "full", "bitmap", …
  std::string content;         // what the fault writes; empty where the fault writes nothing of its own
  std::uint32_t bytes = 0;     // how many bytes the fault writes; 0 where that makes no sense
  std::uint32_t pages = 0;     // pool pages
  std::uint32_t activity = 0;  // allocator calls after the fault; 0 = the machine stopped at once
  std::uint64_t seed = 0;

  /// The line: `poolblame synth "…"` builds the same image.
  [[nodiscard]] std::string Text() const;
};

/// What is left out of the draw; an empty list leaves nothing out.
struct RecipeFilter {
  std::vector<std::string> faults;
  std::vector<std::string> machines;
  std::vector<std::uint32_t> windows;
};

/// The recipe of image `index` of `seed`. The same on every machine. Where the filter leaves nothing over (a build that
/// the machine never had), the part of the filter that cannot be met is ignored.
Recipe DrawRecipe(std::uint64_t seed, std::uint64_t index, const RecipeFilter& filter);

/// Every fault that is drawn, in table order: what --only may name.
std::vector<std::string> DrawnFaults();

}  // namespace poolblame::evaluation

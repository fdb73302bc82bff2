// A small image of built pages and everything a heuristic may look at. Two ways in: Scene() knows the truth (which
// bytes are wrong is the difference to the healthy page), so that a signal is tested apart from the page search;
// Judge() goes the user's way, from the bytes through the scan to the report.
#pragma once

#include <gmock/gmock.h>

#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "heuristics/hypothesis.h"
#include "heuristics/report.h"
#include "heuristics/scene.h"
#include "heuristics/signals/signals.h"
#include "parser/image/address_space.h"
#include "parser/image/image.h"
#include "parser/kernel/system.h"
#include "parser/pool/pool_census.h"
#include "pooltag/tag_database.h"
#include "tests/heuristics/page_builder.h"

namespace poolblame::testing {

class Stage {
 public:
  explicit Stage(Windows windows);

  /// The next page of the image; the pages are contiguous from FactsOf(windows).first_page on.
  Stage& Add(const PageBuilder& page);
  /// `n` pages of everyday blocks, as a live system has many.
  Stage& AddHealthy(std::uint32_t n);
  Stage& TagFile(std::string_view pooltag_text);
  Stage& LoadModule(std::string_view name, std::uint64_t base, std::uint64_t size);
  Stage& Crash(BugCheckHint hint, std::uint64_t address, AddressUse use);
  /// A healthy allocated block elsewhere in the image: what this tag's blocks look like. For Scene() only.
  Stage& Sibling(std::string_view tag, const ByteString& payload);

  /// The scene of all pages with every wrong byte as a spot: headers, links of free blocks, then payloads of allocated
  /// blocks when nothing else is wrong.
  poolblame::Scene Scene();
  /// Scan, then judge.
  Report Judge();
  /// Only the scan.
  const PoolCensus& Scan();

  [[nodiscard]] const WindowsFacts& facts() const { return facts_; }
  [[nodiscard]] const AddressSpace& space();
  [[nodiscard]] const System& system() const { return system_; }
  [[nodiscard]] const TagDatabase& tags() const { return tags_; }
  [[nodiscard]] std::uint64_t AddressOf(std::size_t page, std::uint32_t offset) const {
    return facts_.first_page + page * kPageSize + offset;
  }

 private:
  void Open();
  [[nodiscard]] PoolPage TruePage(std::size_t index) const;
  void AddPage(poolblame::Scene& scene, std::size_t index) const;

  WindowsFacts facts_;
  const PoolHeaderLayout* layout_;
  std::vector<BuiltPage> pages_;
  ByteString bytes_;
  std::vector<ByteString> sibling_blocks_;
  std::optional<Image> image_;
  std::optional<AddressSpace> space_;
  System system_;
  TagDatabase tags_;
  PoolCensus census_;   // of Scene(): only what Sibling() put there
  PoolCensus scanned_;  // of Scan()
};

/// The hypothesis of that kind about the block with that tag (of several: the first), out of Enumerate(scene).
Hypothesis HypothesisOf(const Scene& scene, FaultKind kind, std::string_view tag);
/// The hypothesis of that kind that names no block.
Hypothesis HypothesisOf(const Scene& scene, FaultKind kind);
std::vector<Vote> VotesOf(SignalFunction signal, const Scene& scene, const Hypothesis& hypothesis);

/// The same on a scene of the stage, or of one page of Windows 7 x64.
std::vector<Vote> On(Stage& stage, SignalFunction signal, FaultKind kind, std::string_view tag);
std::vector<Vote> On(const PageBuilder& page, SignalFunction signal, FaultKind kind, std::string_view tag);

/// One vote, with that row of the table.
MATCHER_P(Votes, weight, "") {
  for (const Vote& vote : arg) *result_listener << "\n  " << vote.text << " (strength " << vote.strength << ")";
  return arg.size() == 1 && arg.front().weight == weight;
}

/// A vote with that row among others.
MATCHER_P(IncludesVote, weight, "") {
  for (const Vote& vote : arg) *result_listener << "\n  " << vote.text << " (strength " << vote.strength << ")";
  for (const Vote& vote : arg)
    if (vote.weight == weight) return true;
  return false;
}

}  // namespace poolblame::testing

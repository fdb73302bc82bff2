// Which POOL_HEADER reading fits this image? Where the build names one row, that row; where it names several or there
// is no build, the pages vote: under the right row chains close and types are legal, under a wrong one they do not.
// Rows that decode alike (Vista/7 and 8–1809 on x64) are told apart by what Windows 8 changed: object tags lost their
// protected bit, and blocks on lookaside lists carry cookie ^ address.
#pragma once

#include <cstdint>
#include <functional>
#include <optional>
#include <vector>

#include "parser/image/image.h"
#include "parser/pool/header_reader.h"

namespace poolblame {

/// The rows that machine and build leave open, likeliest first; all rows where neither is known.
std::vector<const PoolHeaderLayout*> CandidateLayouts(Machine machine, std::optional<std::uint32_t> build);

/// Counts pages for each candidate.
class LayoutVote {
 public:
  explicit LayoutVote(std::vector<const PoolHeaderLayout*> candidates);

  /// One page of 4096 bytes; true when any candidate took it for pool.
  bool Add(const std::uint8_t* page);

  struct Result {
    const PoolHeaderLayout* layout = nullptr;  // nullptr: no page looked like pool under any row
    double margin = 0;                         // votes ahead of the second row that decodes differently
    std::uint64_t pages = 0;                   // that voted for the winner
  };
  [[nodiscard]] Result Winner() const;
  /// Pages that look like segment heap: blocks with PreviousSize 0 away from offset 0, and no classic chain.
  [[nodiscard]] std::uint64_t segment_pages() const { return segment_pages_; }

 private:
  struct Entry {
    HeaderReader reader;
    double votes = 0;
    std::uint64_t pages = 0;
    std::uint64_t protected_tags = 0, plain_tags = 0;
  };
  double Weigh(Entry& entry, const std::uint8_t* page);

  std::vector<Entry> entries_;
  std::uint64_t segment_pages_ = 0;
};

}  // namespace poolblame

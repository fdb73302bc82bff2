// The counts of a run: who was ranked where, which kinds were confused, who was wrongly accused.
#pragma once

#include <cstdint>
#include <map>
#include <string>
#include <vector>

#include "tests/evaluation/calibration.h"
#include "tests/evaluation/confusion.h"
#include "tests/evaluation/outcome.h"

namespace poolblame::evaluation {

/// Rank of the culprit among the suspects of the first incident.
struct RankCount {
  std::uint64_t total = 0;
  std::uint64_t first = 0;
  std::uint64_t in_three = 0;
  std::uint64_t no_incident = 0;   // nothing reported at all
  std::uint64_t insufficient = 0;  // reported, and the tool says itself that it is not sure
  std::uint64_t innocent = 0;      // reported as suspect or strong, and a block that did not do it comes first
  void Add(const Outcome& outcome);
};

/// For kinds where kind and block have to be right at once.
struct KindBlockCount {
  std::uint64_t total = 0;
  std::uint64_t kind = 0;
  std::uint64_t block = 0;
  std::uint64_t both = 0;
  std::uint64_t no_incident = 0;
  void Add(const Outcome& outcome);
};

struct CleanCount {
  std::uint64_t images = 0;
  std::uint64_t false_alarms = 0;  // images with any incident
  std::map<std::string, std::uint64_t> verdicts;
};

/// Incidents of one confidence, on all images.
struct AccusationCount {
  std::uint64_t incidents = 0;
  std::uint64_t innocent_first = 0;  // the first suspect is a block that did not do it
};

struct MissedCount {
  std::uint64_t visible = 0;
  std::uint64_t said_clean = 0;
};

/// What became of HeapKey. To find none is honest, a wrong one is not.
struct KeyCount {
  std::uint64_t images = 0, found = 0, right = 0;
  void Add(Outcome::Key key);
};

using RankSplit = std::map<std::string, RankCount>;
using CountByName = std::map<std::string, std::uint64_t>;

/// Fewer blocks of a tag say little of what they have in common.
inline constexpr std::uint64_t kFewestSiblings = 8;

struct Score {
  std::uint64_t images = 0;
  std::vector<std::string> errors;  // images that could not be built or opened: recipe and reason

  RankCount overrun_header;                         // overruns that damaged a header byte
  RankCount overrun_header_absent;                  // the same, by a block that the container left out
  RankCount overrun_payload;                        // overruns that damaged payload only, where a sibling would show it
  RankCount overrun_payload_rich;                   // of these, those with payload=rich
  RankCount overrun_payload_alike;                  // the others, where the dump holds enough siblings to show it
  RankCount overrun_payload_vs;                     // of these, those of VS chunks
  RankCount overrun_unseen;                         // and where no sibling would, though the bytes differ from before
  std::map<std::string, RankSplit> overrun_splits;  // of overrun_header: "length", "content", "machine", …
  std::map<std::string, KindBlockCount> kinds;      // other kinds, visible damage only (bit flips: of a header)
  Confusion confusion;                              // of clean images and visible damage
  CleanCount clean, rich_clean;                     // all of them; those with payload=rich
  KeyCount keys, triage_keys;   // of images with the segment heap; triage dumps hold no page segment
  CountByName absent_verdicts;  // damage on a page that the container left out: the verdicts
  CountByName invisible;        // damage nobody could see: what was reported all the same
  std::map<std::string, AccusationCount> accusations;  // by confidence
  std::map<std::string, MissedCount> missed;           // by true kind
  Calibration first_suspects;
  Calibration all_suspects;

  void Add(const Outcome& outcome);
};

/// The damage left a trace and the page is in the image: somebody could see it.
bool IsVisible(const Outcome& outcome);

/// What an overrun of the segment heap hit, and so what it could leave: "VS chunk", "LFH slot that had an owner" (its
/// POOL_HEADER was there to be changed), "LFH slot that nobody had yet", "header of the heap's own"; empty for others.
std::string HitInSegmentHeap(const samples::Truth& truth);
inline constexpr const char* kHitChunk = "VS chunk";
inline constexpr const char* kSegmentHeapSplit = "what it hit";
inline constexpr const char* kHitOwnedSlot = "LFH slot that had an owner";

/// What a person has to look at in this outcome, one phrase each; empty when the report is right.
std::vector<std::string> Misses(const Outcome& outcome);

/// Bytes of a header-hitting overrun that are "off by N": at most one header long.
bool IsOffByN(const Outcome& outcome);

/// True where the first answer points at the right place: the first suspect is guilty, and where no block did it (bit
/// flips, stray writes, a mishandled list) the victim is the block that was hit.
bool BlockNamed(const Outcome& outcome);

}  // namespace poolblame::evaluation

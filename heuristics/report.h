// The whole answer, as facts: what REPORT.md's JSON says, field for field. cli/ turns it into text and JSON.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "heuristics/weights.h"
#include "parser/base/address.h"
#include "parser/base/pool_tag.h"
#include "parser/format/pool_header.h"
#include "parser/kernel/system.h"
#include "parser/pool/pool_census.h"
#include "pooltag/tag_database.h"

namespace poolblame {

/// In the order ties are broken. Names: FaultKindName.
enum class FaultKind {
  kOverrun,
  kUnderrun,
  kUseAfterFree,
  kDoubleFree,
  kBadFree,
  kFreeList,
  kBitFlip,
  kWildWrite,
  kNonlinearOverrun,
  kPageStomp,
  kUninitialised,
  kUnknown,
};
inline constexpr std::size_t kFaultKindCount = 12;
/// "overrun", "use-after-free", …: REPORT.md's words.
const char* FaultKindName(FaultKind kind);

enum class Confidence { kStrong, kSuspect, kInsufficient };
const char* ConfidenceName(Confidence confidence);
enum class Verdict { kCorrupt, kClean, kInconclusive };
const char* VerdictName(Verdict verdict);

/// REPORT.md's BLOCK. Addresses are virtual where the page's is known; else `physical` is set and they are physical.
struct BlockReference {
  std::uint64_t header = 0;
  std::uint64_t address = 0;  // payload
  bool physical = false;
  PoolTag tag;
  std::uint64_t size = 0;  // bytes, header included
  BlockState state = BlockState::kUnknown;
  std::uint32_t offset_in_page = 0;
  HeapStructureKind structure = HeapStructureKind::kNone;  // no block: a structure of the segment heap's own
};

struct Owner {
  std::string driver;  // empty = not known
  std::string vendor;
  std::string source = "none";  // module-scan|tag-database|pooltag.txt|verifier|none
  double probability = 0;       // of module-scan: that the tag is this driver's
};

struct Evidence {
  std::string signal;   // "content-continues": the file name of the signal with '-' for '_'
  double log_odds = 0;  // of this vote; inside a group only the best and the worst one count
  std::optional<std::uint64_t> address;
  std::string text;  // one plain sentence
};

enum class SuspectRole { kBlock, kHardware, kUnknown };
const char* SuspectRoleName(SuspectRole role);

struct Suspect {
  std::uint32_t rank = 0;
  double probability = 0;
  SuspectRole role = SuspectRole::kBlock;
  FaultKind kind = FaultKind::kUnknown;
  std::optional<BlockReference> block;
  Owner owner;
  std::vector<Evidence> evidence;
};

/// How a vote stands in the sum of its hypothesis.
enum class VoteStanding {
  kCounts,
  kShadowed,  // a weightier vote of its group speaks of the same fact
  kCapped,    // its group may not add as much
};
const char* VoteStandingName(VoteStanding standing);

struct ExplainedVote {
  Weight weight{};      // row of the table
  double strength = 0;  // 1 = as the row describes
  VoteStanding standing = VoteStanding::kCounts;
  double share = 0;   // log-odds it brought into the sum
  Evidence evidence;  // its log_odds: the row's times the strength
};

/// [begin, end), same address form as the incident.
struct AddressRange {
  std::uint64_t begin = 0, end = 0;
};

struct ExplainedHypothesis {
  FaultKind kind = FaultKind::kUnknown;
  SuspectRole role = SuspectRole::kUnknown;
  std::optional<BlockReference> block;
  std::optional<AddressRange> write;  // written without right, as this hypothesis has it
  Weight prior{};
  std::vector<ExplainedVote> votes;  // by group; inside one, those that count first
  double log_odds = 0;               // the prior's and the shares of the votes
  double probability = 0;            // softmax over the log_odds of the incident
};

/// One thing that a word of confidence takes.
struct ConfidenceTest {
  Confidence word = Confidence::kSuspect;
  std::string text;
  bool met = false;
};

struct Explanation {
  std::vector<ExplainedHypothesis> hypotheses;  // most probable first
  std::vector<ConfidenceTest> tests;            // a word whose tests are all met holds; the strongest is said
};

/// How far a write out of its block ran, the first suspect being right. Addresses in the incident's form; ends are
/// those of the first byte that was not written. Ranges include both ends.
struct WriteExtent {
  std::uint64_t first_damaged = 0, last_damaged = 0;  // bytes that are known to be wrong
  std::optional<std::uint64_t> start_earliest;        // nothing: before what the image has
  std::uint64_t start_latest = 0;
  std::uint64_t end_earliest = 0, end_latest = 0;
  std::uint64_t boundary = 0;           // of the block, that the write crossed: its end, or its data's begin
  bool upwards = true;                  // an overrun
  std::optional<std::uint32_t> slack;   // bytes of the block behind what was asked for, where a record has that
  std::optional<std::uint32_t> stride;  // bytes of one element, where it is made of records
  std::uint32_t blocks_run_over = 0;    // that hold damage: the heap's own structures too

  /// Bytes on the wrong side of the boundary.
  [[nodiscard]] std::uint64_t least_outside() const {
    return upwards ? end_earliest - boundary : boundary - start_latest;
  }
  [[nodiscard]] std::optional<std::uint64_t> most_outside() const {
    if (upwards) return end_latest - boundary;
    return start_earliest ? std::optional(boundary - *start_earliest) : std::nullopt;
  }
  [[nodiscard]] std::uint64_t least_length() const { return end_earliest - start_latest; }
  [[nodiscard]] std::optional<std::uint64_t> most_length() const {
    return start_earliest ? std::optional(end_latest - *start_earliest) : std::nullopt;
  }
};

struct Damage {
  std::uint64_t start = 0, end = 0;  // [start, end), same address form as the incident
  std::uint32_t certain_bytes = 0;   // bytes known to be wrong
  std::vector<std::uint8_t> bytes;   // from start to end, at most 64
};

struct ExpectedHeader {
  std::uint32_t previous_size = 0, block_size = 0;  // bytes
  std::uint32_t pool_index = 0, pool_type = 0;
  std::vector<std::uint8_t> bytes;  // the whole header as it must have been
};

struct Incident {
  std::uint32_t id = 0;
  std::optional<VirtAddr> page;
  std::optional<PhysAddr> physical;
  PoolKind pool = PoolKind::kUnknown;
  FaultKind kind = FaultKind::kUnknown;
  std::vector<std::pair<FaultKind, double>> kind_probabilities;  // descending, sums to 1
  Confidence confidence = Confidence::kInsufficient;
  Damage damage;
  std::optional<BlockReference> victim;
  std::optional<ExpectedHeader> expected_header;
  std::vector<Suspect> suspects;  // descending; hardware and unknown included; probabilities sum to 1
  std::vector<std::string> advice;
  std::optional<WriteExtent> write;  // of an overrun or underrun by the first suspect
  Explanation explanation;
  std::optional<SpecialPoolPage> special_page;  // of a block in special pool, for the picture
  std::optional<std::size_t> finding;           // index in PoolCensus::findings of the page, for the picture
  bool breaks_rule = true;                      // of the allocator's; false: told by what blocks hold alone
};

struct Report {
  Verdict verdict = Verdict::kInconclusive;
  std::vector<Incident> incidents;  // gravest first: by confidence, then by breaks_rule, then by probability
  std::vector<NotJudged> not_judged;
  std::vector<std::string> notes;
};

/// Judges what the scan found. No I/O beyond reading image bytes through `space`. The same whatever `threads`
/// says (0: as many as the machine has).
Report Judge(const AddressSpace& space, const System& system, const PoolCensus& census, const TagDatabase& tags,
             unsigned threads = 0);

}  // namespace poolblame

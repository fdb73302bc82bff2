#include "cli/report_reader.h"

#include <algorithm>
#include <array>
#include <bit>
#include <cmath>
#include <set>
#include <utility>

#include "parser/base/ascii.h"

namespace poolblame::cli {
namespace {

constexpr std::size_t kMostNeighbourhoods = 512, kMostTags = 4096, kMostEvidence = 256;
constexpr std::uint64_t kMostBlocks = UINT32_MAX;  // of 16 bytes: 64 GiB of pool

/// The key that a report has for a tag in its counts.
std::optional<PoolTag> TagOfHex(const ReadJson& value) {
  const std::string text = TextOf(value, 8);
  const auto number = text.size() == 8 ? AddressOf("0x" + text) : std::nullopt;
  if (!number) return std::nullopt;
  return PoolTag{static_cast<std::uint32_t>(*number)}.name();
}

std::string KeyOf(PoolTag tag) { return tag.plausible() ? tag.text() : tag.name().hex(); }

/// What the report says of one incident's neighbourhood.
class Surroundings {
 public:
  Surroundings(const ReadJson& adjacency, const ReadJson& incident) {
    const std::string pool = TextOf(Member(incident, "pool"), kLongestName);
    const std::string wanted = pool == "session" || pool == "paged" ? "paged" : "nonpaged";
    for (const ReadJson* one : Items(adjacency, kMostNeighbourhoods)) {
      const bool same_pool = pool == "unknown" || TextOf(Member(*one, "pool"), kLongestName) == wanted;
      if (same_pool && Member(*one, "slot_size") == Member(incident, "slot_size")) parts_.push_back(one);
    }
  }
  [[nodiscard]] std::uint64_t Sum(const char* name) const {
    std::uint64_t sum = 0;
    for (const ReadJson* part : parts_) sum += NumberOf(Member(*part, name), kMostBlocks).value_or(0);
    return std::min(sum, kMostBlocks);
  }
  [[nodiscard]] NeighbourCounts Of(PoolTag tag) const {
    NeighbourCounts counts;
    const std::string key = KeyOf(tag);
    for (const ReadJson* part : parts_) {
      counts.below += NumberOf(Member(Member(*part, "below"), key.c_str()), kMostBlocks).value_or(0);
      counts.below_same += NumberOf(Member(Member(*part, "below_same_tag"), key.c_str()), kMostBlocks).value_or(0);
    }
    counts.below = std::min(counts.below, kMostBlocks);
    counts.below_same = std::min(counts.below_same, counts.below);
    return counts;
  }

 private:
  std::vector<const ReadJson*> parts_;
};

std::int32_t OwnershipOf(const ReadJson& suspect) {
  constexpr double kMost = 10;
  double sum = 0;
  for (const ReadJson* evidence : Items(Member(suspect, "evidence"), kMostEvidence))
    if (TextOf(Member(*evidence, "signal"), kLongestName) == "ownership")
      sum += RealOf(Member(*evidence, "log_odds"), -kMost, kMost).value_or(0);
  return static_cast<std::int32_t>(std::lround(std::clamp(sum, -kMost, kMost) * 100));
}

std::optional<std::int64_t> DistanceOf(const ReadJson& incident, const ReadJson& block) {
  constexpr std::int64_t kFar = 1 << 20;  // no overrun that was written in order goes so far
  const auto start = AddressOf(Member(Member(incident, "damage"), "start"));
  const auto address = AddressOf(Member(block, "address"));
  if (!start || !address) return std::nullopt;
  const auto distance = static_cast<std::int64_t>(*start - *address);
  if (distance > kFar || distance < -kFar) return std::nullopt;
  return distance;
}

void ReadBlock(const ReadJson& incident, const ReadJson& suspect, const Surroundings& surroundings, FleetSuspect& out) {
  const ReadJson& block = Member(suspect, "block");
  const auto tag = TagOfHex(Member(block, "tag_hex"));
  if (!tag) return;
  const NeighbourCounts neighbours = surroundings.Of(*tag);
  // What was written over a tag is nobody's.
  if (!tag->plausible() && neighbours.below == 0) return;
  out.role = SuspectRole::kBlock;
  out.tag = *tag;
  out.neighbours = neighbours;
  out.driver = TextOf(Member(Member(suspect, "owner"), "driver"), kLongestName);
  const auto header = AddressOf(Member(block, "header"));
  out.is_victim = header && header == AddressOf(Member(Member(incident, "victim"), "header"));
  const ReadJson& siblings = Member(suspect, "siblings");
  out.blocks = static_cast<std::uint32_t>(NumberOf(Member(siblings, "blocks"), UINT32_MAX).value_or(0));
  out.same_size = static_cast<std::uint32_t>(NumberOf(Member(siblings, "same_size"), UINT32_MAX).value_or(0));
  out.same_size = std::min(out.same_size, out.blocks);
  out.distance = DistanceOf(incident, block);
}

FleetSuspect SuspectOf(const ReadJson& incident, const ReadJson& suspect, const Surroundings& surroundings) {
  FleetSuspect out;
  const double probability = RealOf(Member(suspect, "probability"), 0, 1).value_or(0);
  out.probability = static_cast<std::uint32_t>(std::lround(probability * 10000));
  out.ownership = OwnershipOf(suspect);
  if (Member(suspect, "block").is_object())
    ReadBlock(incident, suspect, surroundings, out);
  else if (TextOf(Member(suspect, "kind"), kLongestName) == FaultKindName(FaultKind::kBitFlip))
    out.role = SuspectRole::kHardware;
  return out;
}

/// The one bit in which the damaged header differs from what it must have been.
std::optional<std::uint64_t> ColumnOf(const ReadJson& incident) {
  constexpr std::size_t kMostBytes = 64;
  const ReadJson& damage = Member(incident, "damage");
  const auto start = AddressOf(Member(damage, "start"));
  const auto header = AddressOf(Member(Member(incident, "victim"), "header"));
  const std::vector<std::uint8_t> read = BytesOf(Member(damage, "hex"), kMostBytes);
  const std::vector<std::uint8_t> expected = BytesOf(Member(Member(incident, "expected_header"), "bytes"), kMostBytes);
  if (!start || !header || *start < *header || *start - *header >= expected.size()) return std::nullopt;
  std::optional<std::uint64_t> column;
  for (std::size_t i = 0, at = *start - *header; i < read.size() && at < expected.size(); ++i, ++at) {
    const auto wrong = static_cast<std::uint8_t>(read[i] ^ expected[at]);
    if (wrong == 0) continue;
    if (column || !std::has_single_bit(wrong)) return std::nullopt;
    column = (*start + i) % 8 * 8 + static_cast<unsigned>(std::countr_zero(wrong));
  }
  return column;
}

FleetVictim VictimOf(const ReadJson& incident, const Surroundings& surroundings) {
  const ReadJson& block = Member(incident, "victim");
  FleetVictim victim;
  victim.size = NumberOf(Member(block, "size")).value_or(0);
  const auto tag = TagOfHex(Member(block, "tag_hex"));
  if (tag && surroundings.Of(*tag).below > 0) victim.tag = tag;
  return victim;
}

FleetIncident IncidentOf(const ReadJson& incident, const ReadJson& adjacency) {
  const Surroundings surroundings(adjacency, incident);
  FleetIncident out;
  out.pairs = surroundings.Sum("pairs");
  out.pairs_same = std::min(surroundings.Sum("pairs_same_tag"), out.pairs);
  out.random_places = Member(incident, "slot_size").is_number();
  out.victim = VictimOf(incident, surroundings);
  out.bytes = BytesOf(Member(Member(incident, "damage"), "hex"), FleetIncident::kMaxBytes);
  if (const auto physical = AddressOf(Member(incident, "physical"))) out.page = *physical / kPageSize;
  out.column = ColumnOf(incident);
  for (const ReadJson* suspect : Items(Member(incident, "suspects"), FleetIncident::kMaxSuspects))
    out.suspects.push_back(SuspectOf(incident, *suspect, surroundings));
  return out;
}

CrashIdentity CrashOf(const ReadJson& report) {
  const ReadJson& image = Member(report, "image");
  const ReadJson& origin = Member(report, "origin");
  const ReadJson& bugcheck = Member(report, "bugcheck");
  CrashIdentity crash;
  crash.machine = TextOf(Member(image, "machine"), kLongestName);
  if (const auto build = NumberOf(Member(image, "build"), UINT32_MAX)) crash.build = static_cast<std::uint32_t>(*build);
  crash.system_time = AddressOf(Member(origin, "system_time"));
  crash.up_time = AddressOf(Member(origin, "up_time"));
  if (const auto code = AddressOf(Member(bugcheck, "code"))) crash.code = static_cast<std::uint32_t>(*code);
  for (const ReadJson* parameter : Items(Member(bugcheck, "parameters"), 4))
    crash.parameters.push_back(AddressOf(*parameter).value_or(0));
  return crash;
}

std::vector<std::string> ModulesOf(const ReadJson& report) {
  std::set<std::string> modules;
  for (const ReadJson* name : Items(Member(report, "modules"), kMostModules)) {
    std::string text = Lower(TextOf(*name, kLongestName));
    if (!text.empty()) modules.insert(std::move(text));
  }
  return {modules.begin(), modules.end()};
}

std::uint32_t TagsOf(const ReadJson& adjacency) {
  std::set<std::string> tags;
  for (const ReadJson* one : Items(adjacency, kMostNeighbourhoods)) {
    const ReadJson& below = Member(*one, "below");
    if (!below.is_object()) continue;
    for (const auto& [key, count] : below.items())
      if (tags.size() < kMostTags && key.size() <= 8) tags.insert(key);
  }
  return static_cast<std::uint32_t>(tags.size());
}

}  // namespace

Result<FleetEntry> ReadReport(const ReadJson& report) {
  constexpr std::array kVerdicts = {Verdict::kCorrupt, Verdict::kClean, Verdict::kInconclusive};
  const std::string word = TextOf(Member(report, "verdict"), kLongestName);
  const auto verdict =
      std::find_if(kVerdicts.begin(), kVerdicts.end(), [&](Verdict one) { return word == VerdictName(one); });
  if (verdict == kVerdicts.end()) return Fail(ErrorKind::kIo, "the report has no verdict");
  const ReadJson& incidents = Member(report, "incidents");
  if (!incidents.is_array()) return Fail(ErrorKind::kIo, "the report has no list of incidents");
  FleetEntry entry;
  FleetDump& dump = entry.dump;
  const ReadJson& adjacency = Member(report, "adjacency");
  dump.verdict = *verdict;
  dump.crash = CrashOf(report);
  dump.pool_blocks = NumberOf(Member(Member(report, "coverage"), "pool_blocks")).value_or(0);
  dump.machine_fingerprint = AddressOf(Member(Member(report, "origin"), "machine_fingerprint"));
  dump.modules = ModulesOf(report);
  dump.tags = TagsOf(adjacency);
  for (const ReadJson* incident : Items(incidents, FleetDump::kMaxIncidents))
    dump.incidents.push_back(IncidentOf(*incident, adjacency));
  entry.paths.insert(TextOf(Member(Member(report, "image"), "path"), kLongestPath));
  return entry;
}

}  // namespace poolblame::cli

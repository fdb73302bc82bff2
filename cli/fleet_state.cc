#include "cli/fleet_state.h"

#include <algorithm>
#include <utility>

#include "cli/json_sections.h"

namespace poolblame::cli {
namespace {

constexpr std::size_t kMostPaths = 65536;

template <typename T>
Json OrNull(const std::optional<T>& value) {
  return value ? Json(*value) : Json(nullptr);
}

Json AddressOrNull(const std::optional<std::uint64_t>& value) { return value ? JsonAddress(*value) : Json(nullptr); }

Json SuspectJson(const FleetSuspect& suspect) {
  return Json{{"role", static_cast<int>(suspect.role)},
              {"probability", suspect.probability},
              {"ownership", suspect.ownership},
              {"is_victim", suspect.is_victim},
              {"tag", suspect.tag.value},
              {"driver", suspect.driver},
              {"below", suspect.neighbours.below},
              {"below_same_tag", suspect.neighbours.below_same},
              {"blocks", suspect.blocks},
              {"same_size", suspect.same_size},
              {"distance", OrNull(suspect.distance)}};
}

Json IncidentJson(const FleetIncident& incident) {
  Json suspects = Json::array();
  for (const FleetSuspect& suspect : incident.suspects) suspects.push_back(SuspectJson(suspect));
  return Json{{"pairs", incident.pairs},
              {"pairs_same_tag", incident.pairs_same},
              {"random_places", incident.random_places},
              {"victim_tag", incident.victim.tag ? Json(incident.victim.tag->value) : Json(nullptr)},
              {"victim_size", incident.victim.size},
              {"bytes", JsonHex(incident.bytes)},
              {"page", AddressOrNull(incident.page)},
              {"column", OrNull(incident.column)},
              {"suspects", suspects}};
}

Json CrashJson(const CrashIdentity& crash) {
  Json parameters = Json::array();
  for (const std::uint64_t parameter : crash.parameters) parameters.push_back(JsonAddress(parameter));
  return Json{{"machine", crash.machine},
              {"build", OrNull(crash.build)},
              {"system_time", AddressOrNull(crash.system_time)},
              {"up_time", AddressOrNull(crash.up_time)},
              {"code", OrNull(crash.code)},
              {"parameters", parameters}};
}

Json EntryJson(const FleetEntry& entry) {
  Json incidents = Json::array();
  for (const FleetIncident& incident : entry.dump.incidents) incidents.push_back(IncidentJson(incident));
  return Json{{"schema", kFleetStateSchema},
              {"reports", entry.reports},
              {"paths", entry.paths},
              {"pool_blocks", entry.dump.pool_blocks},
              {"crash", CrashJson(entry.dump.crash)},
              {"verdict", static_cast<int>(entry.dump.verdict)},
              {"machine_fingerprint", AddressOrNull(entry.dump.machine_fingerprint)},
              {"tags", entry.dump.tags},
              {"modules", entry.dump.modules},
              {"incidents", incidents}};
}

template <typename T>
T Small(const ReadJson& value) {
  return static_cast<T>(NumberOf(value, UINT32_MAX).value_or(0));
}

template <typename Enum>
Enum EnumOf(const ReadJson& value, Enum last) {
  const auto number = NumberOf(value, static_cast<std::uint64_t>(last));
  return number ? static_cast<Enum>(*number) : last;
}

FleetSuspect SuspectOf(const ReadJson& json) {
  constexpr std::int64_t kFar = 1 << 20, kMostOwnership = 1000;
  FleetSuspect suspect;
  suspect.role = EnumOf(Member(json, "role"), SuspectRole::kUnknown);
  suspect.probability = static_cast<std::uint32_t>(NumberOf(Member(json, "probability"), 10000).value_or(0));
  suspect.ownership = static_cast<std::int32_t>(SignedOf(Member(json, "ownership"), kMostOwnership).value_or(0));
  suspect.is_victim = Member(json, "is_victim") == true;
  suspect.tag = PoolTag{Small<std::uint32_t>(Member(json, "tag"))}.name();
  suspect.driver = TextOf(Member(json, "driver"), kLongestName);
  suspect.neighbours.below = Small<std::uint64_t>(Member(json, "below"));
  suspect.neighbours.below_same =
      std::min(Small<std::uint64_t>(Member(json, "below_same_tag")), suspect.neighbours.below);
  suspect.blocks = Small<std::uint32_t>(Member(json, "blocks"));
  suspect.same_size = std::min(Small<std::uint32_t>(Member(json, "same_size")), suspect.blocks);
  suspect.distance = SignedOf(Member(json, "distance"), kFar);
  return suspect;
}

FleetIncident IncidentOf(const ReadJson& json) {
  FleetIncident incident;
  incident.pairs = Small<std::uint64_t>(Member(json, "pairs"));
  incident.pairs_same = std::min(Small<std::uint64_t>(Member(json, "pairs_same_tag")), incident.pairs);
  incident.random_places = Member(json, "random_places") == true;
  if (const auto tag = NumberOf(Member(json, "victim_tag"), UINT32_MAX))
    incident.victim.tag = PoolTag{static_cast<std::uint32_t>(*tag)}.name();
  incident.victim.size = NumberOf(Member(json, "victim_size")).value_or(0);
  incident.bytes = BytesOf(Member(json, "bytes"), FleetIncident::kMaxBytes);
  incident.page = AddressOf(Member(json, "page"));
  incident.column = NumberOf(Member(json, "column"), 63);
  for (const ReadJson* suspect : Items(Member(json, "suspects"), FleetIncident::kMaxSuspects))
    incident.suspects.push_back(SuspectOf(*suspect));
  return incident;
}

CrashIdentity CrashOfState(const ReadJson& json) {
  CrashIdentity crash;
  crash.machine = TextOf(Member(json, "machine"), kLongestName);
  if (const auto build = NumberOf(Member(json, "build"), UINT32_MAX)) crash.build = static_cast<std::uint32_t>(*build);
  crash.system_time = AddressOf(Member(json, "system_time"));
  crash.up_time = AddressOf(Member(json, "up_time"));
  if (const auto code = NumberOf(Member(json, "code"), UINT32_MAX)) crash.code = static_cast<std::uint32_t>(*code);
  for (const ReadJson* parameter : Items(Member(json, "parameters"), 4))
    crash.parameters.push_back(AddressOf(*parameter).value_or(0));
  return crash;
}

std::set<std::string> Texts(const ReadJson& list, std::size_t most, std::size_t longest) {
  std::set<std::string> texts;
  for (const ReadJson* item : Items(list, most)) texts.insert(TextOf(*item, longest));
  return texts;
}

}  // namespace

std::string FleetStateLines(const Fleet& fleet) {
  std::string lines;
  for (const auto& [identity, entry] : fleet.entries()) lines += JsonLine(EntryJson(entry));
  return lines;
}

Result<FleetEntry> ReadFleetState(const ReadJson& line) {
  if (!Member(line, "incidents").is_array()) return Fail(ErrorKind::kIo, "the partial result has no list of incidents");
  FleetEntry entry;
  entry.reports = std::max<std::uint64_t>(1, Small<std::uint64_t>(Member(line, "reports")));
  entry.paths = Texts(Member(line, "paths"), kMostPaths, kLongestPath);
  entry.dump.pool_blocks = NumberOf(Member(line, "pool_blocks")).value_or(0);
  entry.dump.crash = CrashOfState(Member(line, "crash"));
  entry.dump.verdict = EnumOf(Member(line, "verdict"), Verdict::kInconclusive);
  entry.dump.machine_fingerprint = AddressOf(Member(line, "machine_fingerprint"));
  entry.dump.tags = Small<std::uint32_t>(Member(line, "tags"));
  const std::set<std::string> modules = Texts(Member(line, "modules"), kMostModules, kLongestName);
  entry.dump.modules = {modules.begin(), modules.end()};
  for (const ReadJson* incident : Items(Member(line, "incidents"), FleetDump::kMaxIncidents))
    entry.dump.incidents.push_back(IncidentOf(*incident));
  return entry;
}

}  // namespace poolblame::cli

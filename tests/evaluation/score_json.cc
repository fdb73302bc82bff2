#include "tests/evaluation/score_json.h"

#include <nlohmann/json.hpp>

namespace poolblame::evaluation {
namespace {

using Json = nlohmann::ordered_json;

Json ToJson(const RankCount& count) {
  return {{"images", count.total},
          {"first", count.first},
          {"in_three", count.in_three},
          {"no_incident", count.no_incident},
          {"insufficient", count.insufficient},
          {"innocent", count.innocent}};
}

Json ToJson(const KindBlockCount& count) {
  return {{"images", count.total},
          {"kind", count.kind},
          {"block", count.block},
          {"both", count.both},
          {"no_incident", count.no_incident}};
}

Json ToJson(const CountByName& counts) {
  Json json = Json::object();
  for (const auto& [name, count] : counts) json[name] = count;
  return json;
}

Json ToJson(const CleanCount& count) {
  return {{"images", count.images}, {"false_alarms", count.false_alarms}, {"verdicts", ToJson(count.verdicts)}};
}

Json ToJson(const Calibration& calibration) {
  Json bins = Json::array();
  for (const Calibration::Bin& bin : calibration.bins())
    bins.push_back({{"count", bin.count}, {"guilty", bin.guilty}, {"mean_probability", bin.mean_probability()}});
  return {{"expected_error", calibration.ExpectedError()}, {"bins", bins}};
}

Json ToJson(const ConfusionCell& cell) { return {{"told", cell.told}, {"insufficient", cell.insufficient}}; }

Json ToJson(const KindCount& count) {
  return {{"images", count.images}, {"right", count.right}, {"told", count.told}, {"told_right", count.told_right}};
}

template <typename Value>
Json ToJson(const std::map<std::string, Value>& rows) {
  Json json = Json::object();
  for (const auto& [name, value] : rows) json[name] = ToJson(value);
  return json;
}

Json ToJson(const AccusationCount& count) {
  return {{"incidents", count.incidents}, {"innocent_first", count.innocent_first}};
}

Json ToJson(const MissedCount& count) { return {{"visible", count.visible}, {"said_clean", count.said_clean}}; }

Json ToJson(const std::vector<TargetResult>& targets) {
  Json json = Json::array();
  for (const TargetResult& target : targets)
    json.push_back({{"name", target.name},
                    {"wanted", target.wanted},
                    {"measured", target.measured},
                    {"cases", target.cases},
                    {"holds", target.holds}});
  return json;
}

}  // namespace

std::string ScoreJson(const Score& score, const std::vector<TargetResult>& targets, std::uint64_t seed) {
  Json splits = Json::object();
  for (const auto& [split, rows] : score.overrun_splits) splits[split] = ToJson(rows);
  Json accusations = Json::object();
  for (const auto& [confidence, count] : score.accusations) accusations[confidence] = ToJson(count);
  Json missed = Json::object();
  for (const auto& [kind, count] : score.missed) missed[kind] = ToJson(count);
  Json right_kind = {{"all", ToJson(score.confusion.AllKinds())}};
  for (const auto& [kind, count] : score.confusion.kinds()) right_kind[kind] = ToJson(count);
  const Json json = {{"seed", seed},
                     {"images", score.images},
                     {"errors", score.errors},
                     {"overrun_header", ToJson(score.overrun_header)},
                     {"overrun_header_culprit_absent", ToJson(score.overrun_header_absent)},
                     {"overrun_payload", ToJson(score.overrun_payload)},
                     {"overrun_payload_rich", ToJson(score.overrun_payload_rich)},
                     {"overrun_payload_alike", ToJson(score.overrun_payload_alike)},
                     {"overrun_payload_vs", ToJson(score.overrun_payload_vs)},
                     {"overrun_unseen", ToJson(score.overrun_unseen)},
                     {"overrun_splits", splits},
                     {"kinds", ToJson(score.kinds)},
                     {"confusion", ToJson(score.confusion.rows())},
                     {"right_kind", right_kind},
                     {"clean", ToJson(score.clean)},
                     {"clean_rich", ToJson(score.rich_clean)},
                     {"absent_verdicts", ToJson(score.absent_verdicts)},
                     {"invisible", ToJson(score.invisible)},
                     {"accusations", accusations},
                     {"missed", missed},
                     {"calibration_first", ToJson(score.first_suspects)},
                     {"calibration_all", ToJson(score.all_suspects)},
                     {"targets", ToJson(targets)}};
  return json.dump(2) + '\n';
}

}  // namespace poolblame::evaluation

#include <fmt/format.h>

#include "cli/json_sections.h"
#include "cli/render_correlate.h"

namespace poolblame::cli {
namespace {

constexpr std::size_t kMostCandidates = 100;  // behind them stand tags that no dump speaks for

const char* RoleName(CandidateRole role) {
  switch (role) {
    case CandidateRole::kDriver:
      return "driver";
    case CandidateRole::kTag:
      return "tag";
    case CandidateRole::kHardware:
      break;
  }
  return "hardware";
}

Json TagJson(const CandidateTag& tag) {
  return Json{{"tag", tag.tag.text()},
              {"tag_hex", tag.tag.hex()},
              {"probability", JsonRounded(tag.probability, 4)},
              {"dumps", tag.dumps}};
}

Json DumpJson(const DumpBehind& dump) {
  return Json{{"path", JsonText(dump.path)}, {"crash", dump.identity}, {"ratio", JsonRounded(dump.ratio, 2)}};
}

Json CandidateJson(const Candidate& candidate, std::size_t rank) {
  Json tags = Json::array(), dumps = Json::array();
  for (const CandidateTag& tag : candidate.tags) tags.push_back(TagJson(tag));
  for (const DumpBehind& dump : candidate.dumps) dumps.push_back(DumpJson(dump));
  const bool hardware = candidate.role == CandidateRole::kHardware;
  return Json{
      {"rank", rank},
      {"kind", RoleName(candidate.role)},
      {"probability", JsonRounded(candidate.probability, 4)},
      {"log_odds", JsonRounded(candidate.log_odds, 2)},
      {"owner", Json{{"driver", JsonText(candidate.owner.driver)},
                     {"vendor", JsonText(candidate.owner.vendor)},
                     {"source", candidate.owner.source}}},
      {"tags", tags},
      {"machine", hardware ? JsonAddress(candidate.machine) : Json(nullptr)},
      {"machines", candidate.machines},
      {"victim_tags", candidate.victims},
      {"same_distance", candidate.constant_distance ? Json(*candidate.constant_distance) : Json(nullptr)},
      {"more_dumps", candidate.more_dumps ? Json(*candidate.more_dumps) : Json(nullptr)},
      {"dumps", dumps},
  };
}

}  // namespace

std::string RenderRankingJson(const Ranking& ranking) {
  Json candidates = Json::array();
  for (std::size_t i = 0; i < ranking.candidates.size() && i < kMostCandidates; ++i)
    candidates.push_back(CandidateJson(ranking.candidates[i], i + 1));
  const Json document = {
      {"schema", "poolblame.correlate/1"},
      {"tool", JsonTool()},
      {"verdict", FleetVerdictName(ranking.verdict)},
      {"reports", ranking.reports},
      {"crashes", ranking.dumps},
      {"damaged", ranking.damaged},
      {"clean", ranking.clean},
      {"inconclusive", ranking.inconclusive},
      {"machines", ranking.machines},
      {"tags", ranking.tags},
      {"nobody", JsonRounded(ranking.nobody, 4)},
      {"candidates", candidates},
  };
  return document.dump(2, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace poolblame::cli

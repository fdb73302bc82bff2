#include "cli/render_json.h"

#include "cli/json_fleet.h"
#include "cli/json_sections.h"

namespace poolblame::cli {
namespace {

Json EvidenceJson(const Evidence& evidence) {
  return Json{
      {"signal", evidence.signal},
      {"log_odds", JsonRounded(evidence.log_odds, 2)},
      {"address", evidence.address ? JsonAddress(*evidence.address) : Json(nullptr)},
      {"text", evidence.text},
  };
}

/// The contract knows no word for a driver that its code is known by; the evidence says where that is.
std::string SourceWord(const std::string& source) { return source == "verifier" ? "none" : source; }

Json OwnerJson(const Owner& owner) {
  Json json{
      {"driver", JsonText(owner.driver)}, {"vendor", JsonText(owner.vendor)}, {"source", SourceWord(owner.source)}};
  if (owner.source == "module-scan") json["probability"] = JsonRounded(owner.probability, 4);
  return json;
}

Json SuspectJson(const ImageReport& facts, const Incident& incident, const Suspect& suspect, double share) {
  const Owner owner = NameableOwner(incident, suspect);
  Json evidence = Json::array();
  for (const Evidence& item : suspect.evidence) evidence.push_back(EvidenceJson(item));
  return Json{
      {"rank", suspect.rank},
      {"probability", share},
      {"kind", FaultKindName(suspect.kind)},
      {"block", JsonBlock(suspect.block)},
      {"siblings", JsonSiblings(facts, suspect)},
      {"owner", OwnerJson(owner)},
      {"evidence", evidence},
  };
}

Json SuspectsJson(const ImageReport& facts, const Incident& incident) {
  std::vector<double> probabilities;
  for (const Suspect& suspect : incident.suspects) probabilities.push_back(suspect.probability);
  const std::vector<double> shares = JsonShares(probabilities);
  Json list = Json::array();
  for (std::size_t i = 0; i < shares.size(); ++i)
    list.push_back(SuspectJson(facts, incident, incident.suspects[i], shares[i]));
  return list;
}

Json KindsJson(const Incident& incident) {
  std::vector<double> probabilities;
  for (const auto& [kind, probability] : incident.kind_probabilities) probabilities.push_back(probability);
  const std::vector<double> shares = JsonShares(probabilities);
  Json kinds = Json::object();
  for (std::size_t i = 0; i < shares.size(); ++i)
    kinds[FaultKindName(incident.kind_probabilities[i].first)] = shares[i];
  return kinds;
}

Json DamageJson(const Damage& damage) {
  return Json{{"start", JsonAddress(damage.start)},
              {"end", JsonAddress(damage.end)},
              {"certain_bytes", damage.certain_bytes},
              {"hex", JsonHex(damage.bytes)}};
}

Json RangeJson(std::optional<std::uint64_t> earliest, std::uint64_t latest) {
  return Json{{"earliest", earliest ? JsonAddress(*earliest) : Json(nullptr)}, {"latest", JsonAddress(latest)}};
}

Json WriteJson(const std::optional<WriteExtent>& write) {
  if (!write) return nullptr;
  const auto number = [](const auto& value) { return value ? Json(*value) : Json(nullptr); };
  const auto bytes = [&](std::uint64_t least, const auto& most) { return Json{{"min", least}, {"max", number(most)}}; };
  return Json{{"first_damaged", JsonAddress(write->first_damaged)},
              {"last_damaged", JsonAddress(write->last_damaged)},
              {"start", RangeJson(write->start_earliest, write->start_latest)},
              {"end", RangeJson(write->end_earliest, write->end_latest)},
              {"outside", bytes(write->least_outside(), write->most_outside())},
              {"length", bytes(write->least_length(), write->most_length())},
              {"slack", number(write->slack)},
              {"stride", number(write->stride)},
              {"blocks_run_over", write->blocks_run_over}};
}

Json ExpectedHeaderJson(const std::optional<ExpectedHeader>& header) {
  if (!header) return nullptr;
  return Json{{"previous_size", header->previous_size},
              {"block_size", header->block_size},
              {"pool_index", header->pool_index},
              {"pool_type", header->pool_type},
              {"bytes", JsonHex(header->bytes)}};
}

Json IncidentJson(const ImageReport& facts, std::size_t index, const ExplainChoice& explain) {
  const Incident& incident = facts.report.incidents[index];
  Json json{
      {"id", incident.id},
      {"page", incident.page ? JsonAddress(incident.page->value) : Json(nullptr)},
      {"physical", incident.physical ? JsonAddress(incident.physical->value) : Json(nullptr)},
      {"pool", PoolKindName(incident.pool)},
      {"slot_size", JsonSlotSize(facts, index)},
      {"kind", FaultKindName(incident.kind)},
      {"kind_probabilities", KindsJson(incident)},
      {"confidence", ConfidenceName(incident.confidence)},
      {"damage", DamageJson(incident.damage)},
      {"write", WriteJson(incident.write)},
      {"victim", JsonBlock(incident.victim)},
      {"expected_header", ExpectedHeaderJson(incident.expected_header)},
      {"suspects", SuspectsJson(facts, incident)},
      {"advice", incident.advice},
  };
  if (explain.Includes(incident)) json["explanation"] = JsonExplanation(incident);
  return json;
}

Json ModuleJson(const Module& module) {
  return Json{
      {"name", module.name},
      {"path", JsonText(module.path)},
      {"base", JsonAddress(module.base.value)},
      {"size", module.size},
      {"timestamp", module.timestamp != 0 ? Json(module.timestamp) : Json(nullptr)},
      {"unloaded", module.unloaded},
  };
}

Json SecondaryDataJson(const ImageFacts& image) {
  Json list = Json::array();
  for (const SecondaryBlock& block : image.secondary_data)
    list.push_back(Json{
        {"guid", block.guid}, {"size", block.size}, {"name", JsonText(std::string(SecondaryDataNameOf(block.guid)))}});
  return list;
}

/// Bytes that are no UTF-8 (a hostile module name, a path of another code page) become U+FFFD.
std::string Dump(const Json& document, JsonForm form) {
  return document.dump(form == JsonForm::kIndented ? 2 : -1, ' ', true, Json::error_handler_t::replace) + "\n";
}

}  // namespace

std::string RenderReportJson(const ImageReport& facts, JsonForm form, const ExplainChoice& explain) {
  Json incidents = Json::array();
  for (std::size_t i = 0; i < facts.report.incidents.size(); ++i) incidents.push_back(IncidentJson(facts, i, explain));
  const Json document = {
      {"schema", "poolblame.report/1"},  {"tool", JsonTool()},
      {"image", JsonImage(facts)},       {"bugcheck", JsonBugCheck(facts)},
      {"coverage", JsonCoverage(facts)}, {"verdict", VerdictName(facts.report.verdict)},
      {"incidents", incidents},          {"origin", JsonOrigin(facts)},
      {"modules", JsonModules(facts)},   {"adjacency", JsonAdjacency(facts)},
      {"notes", facts.AllNotes()},
  };
  return Dump(document, form);
}

std::string RenderInfoJson(const ImageReport& facts, JsonForm form) {
  Json modules = Json::array();
  for (const Module& module : facts.system.modules) modules.push_back(ModuleJson(module));
  const Json document = {
      {"schema", "poolblame.info/1"},
      {"tool", JsonTool()},
      {"image", JsonImage(facts)},
      {"bugcheck", JsonBugCheck(facts)},
      {"coverage", JsonCoverage(facts)},
      {"modules", modules},
      {"secondary_data", SecondaryDataJson(facts.image)},
      {"notes", facts.AllNotes()},
  };
  return Dump(document, form);
}

}  // namespace poolblame::cli

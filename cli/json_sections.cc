#include "cli/json_sections.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <numeric>

#include "cli/version.h"

namespace poolblame::cli {
namespace {

/// "header", "inferred", "option": REPORT.md's words.
const char* LayoutSourceName(LayoutSource source) {
  switch (source) {
    case LayoutSource::kHeader:
      return "header";
    case LayoutSource::kInferred:
      return "inferred";
    case LayoutSource::kOption:
      return "option";
  }
  return "inferred";
}

Json BugCheckAddresses(const ImageReport& facts) {
  Json list = Json::array();
  const std::vector<BugCheckAddress>& addresses = facts.system.bugcheck->addresses;
  for (std::size_t i = 0; i < addresses.size(); ++i) {
    const bool present = i < facts.bugcheck_address_in_image.size() && facts.bugcheck_address_in_image[i];
    list.push_back(
        Json{{"role", addresses[i].role}, {"address", JsonAddress(addresses[i].address.value)}, {"in_image", present}});
  }
  return list;
}

}  // namespace

Json JsonAddress(std::uint64_t address) { return fmt::format("0x{:016x}", address); }

std::string JsonHex(const std::vector<std::uint8_t>& bytes) { return fmt::format("{:02x}", fmt::join(bytes, "")); }

std::string JsonLine(const Json& document) {
  return document.dump(-1, ' ', true, Json::error_handler_t::replace) + "\n";
}

Json JsonText(const std::string& text) { return text.empty() ? Json(nullptr) : Json(text); }

double JsonRounded(double value, int decimals) {
  const double scale = std::pow(10.0, decimals);
  const double rounded = std::round(value * scale) / scale;
  return rounded == 0 ? 0.0 : rounded;
}

std::vector<double> JsonShares(const std::vector<double>& probabilities) {
  std::vector<double> shares;
  for (const double p : probabilities) shares.push_back(JsonRounded(p, 4));
  const double before = std::accumulate(probabilities.begin(), probabilities.end(), 0.0);
  if (shares.empty() || std::abs(before - 1) > 1e-6) return shares;
  const double after = std::accumulate(shares.begin(), shares.end(), 0.0);
  const auto largest = std::max_element(shares.begin(), shares.end());
  *largest = JsonRounded(*largest + (1 - after), 4);
  return shares;
}

Json JsonBlock(const std::optional<BlockReference>& block) {
  if (!block) return nullptr;
  Json json{
      {"header", JsonAddress(block->header)},
      {"address", JsonAddress(block->address)},
      {"tag", block->tag.text()},
      {"tag_hex", block->tag.hex()},
      {"size", block->size},
      {"state", BlockStateName(block->state)},
      {"offset_in_page", block->offset_in_page},
  };
  if (block->structure != HeapStructureKind::kNone) json["structure"] = HeapStructureName(block->structure);
  return json;
}

Json JsonTool() { return Json{{"name", "poolblame"}, {"version", kVersion}}; }

Json JsonImage(const ImageReport& facts) {
  const ImageFacts& image = facts.image;
  const PoolHeaderLayout* layout = facts.census.layout;
  Json json{{"path", image.path}, {"container", image.container}, {"compression", image.compression}};
  if (!image.member.empty()) json["member"] = image.member;
  json.update(Json{
      {"size", image.size},
      {"machine", MachineName(facts.system.machine)},
      {"build", facts.system.build ? Json(*facts.system.build) : Json(nullptr)},
      {"os", facts.system.os},
      {"allocator", facts.census.allocator},
      {"pool_layout", layout != nullptr ? Json(std::string(layout->name)) : Json(nullptr)},
      {"layout_source", layout != nullptr ? Json(LayoutSourceName(facts.census.layout_source)) : Json(nullptr)},
  });
  return json;
}

Json JsonBugCheck(const ImageReport& facts) {
  if (!facts.system.bugcheck) return nullptr;
  const BugCheck& check = *facts.system.bugcheck;
  Json parameters = Json::array();
  for (const std::uint64_t parameter : check.parameters) parameters.push_back(JsonAddress(parameter));
  return Json{
      {"code", fmt::format("0x{:08x}", check.code)},
      {"name", check.name},
      {"parameters", parameters},
      {"meaning", check.meaning},
      {"pool_related", check.pool_related},
      {"addresses", BugCheckAddresses(facts)},
  };
}

Json JsonCoverage(const ImageReport& facts) {
  const PoolCensus& census = facts.census;
  Json not_judged = Json::array();
  for (const NotJudged& left_out : facts.AllNotJudged()) {
    not_judged.push_back(Json{{"reason", left_out.reason},
                              {"address", left_out.address ? JsonAddress(left_out.address->value) : Json(nullptr)}});
  }
  return Json{
      {"pages_in_image", census.pages_in_image},
      {"pages_read", census.pages_read},
      {"pool_pages", census.pool_pages},
      {"pool_blocks", census.pool_blocks},
      {"allocated", census.allocated},
      {"free", census.free},
      {"big_allocations", census.big_allocations},
      {"pages_unreadable", census.pages_unreadable},
      {"truncated", facts.image.truncated},
      {"not_judged", not_judged},
  };
}

}  // namespace poolblame::cli

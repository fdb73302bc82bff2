#include "cli/render_tag.h"

namespace poolblame::cli {
namespace {

Json EntryJson(const TagEntry& entry) {
  return {
      {"pattern", entry.pattern},         {"driver", JsonText(entry.driver)}, {"component", JsonText(entry.component)},
      {"vendor", JsonText(entry.vendor)}, {"note", JsonText(entry.note)},     {"source", entry.source},
      {"file", JsonText(entry.file)}};
}

Json ConflictJson(const std::optional<TagConflict>& conflict) {
  if (!conflict) return nullptr;
  return {{"drivers", conflict->drivers}, {"counts", JsonText(conflict->users)}};
}

Json ReversedJson(const std::optional<ReversedTag>& reversed) {
  if (!reversed) return nullptr;
  return {{"tag", reversed->tag.text()}, {"tag_hex", reversed->tag.hex()}, {"known", reversed->known}};
}

Json FoundRowJson(const FoundTagRow& row) {
  const bool is_tag = row.pattern.is_exact();
  Json json{{"record", "row"}, {"tag_hex", is_tag ? Json(PoolTag{row.pattern.value}.hex()) : Json(nullptr)}};
  json.update(EntryJson(row.entry));
  json["generic"] = is_tag && TagDatabase::IsGeneric({row.pattern.value});
  json["rivals"] = row.rivals;
  return json;
}

}  // namespace

Json TagJson(const TagAnswer& answer, const Json& code) {
  if (!answer.tag) return {{"record", "tag"}, {"typed", answer.typed}, {"tag", nullptr}, {"known", false}};
  Json rows = Json::array();
  for (const TagEntry& entry : answer.entries) rows.push_back(EntryJson(entry));
  const std::string_view generic = TagDatabase::GenericReason(*answer.tag);
  return {{"record", "tag"},
          {"typed", answer.typed},
          {"tag", answer.tag->text()},
          {"tag_hex", answer.tag->hex()},
          {"protected", answer.tag->is_protected()},
          {"known", !answer.entries.empty()},
          {"generic", !generic.empty()},
          {"generic_reason", JsonText(std::string(generic))},
          {"rows", rows},
          {"conflict", ConflictJson(answer.conflict)},
          {"reversed", ReversedJson(answer.reversed)},
          {"code", code}};
}

std::vector<Json> TagSearchJson(const TagSearchAnswer& answer) {
  std::vector<Json> records = {{{"record", "search"},
                                {"typed", JsonText(answer.typed)},
                                {"driver", JsonText(answer.query.driver)},
                                {"vendor", JsonText(answer.query.vendor)},
                                {"rows", answer.rows.size()}}};
  for (const FoundTagRow& row : answer.rows) records.push_back(FoundRowJson(row));
  return records;
}

Json TagJsonHead(const std::string& image) {
  return {{"schema", "poolblame.tag/1"}, {"tool", JsonTool()}, {"image", JsonText(image)}};
}

}  // namespace poolblame::cli

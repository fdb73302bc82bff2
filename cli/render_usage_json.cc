#include "cli/json_sections.h"
#include "cli/render_usage.h"

namespace poolblame::cli {
namespace {

Json TotalsOf(const Usage& usage) {
  Json totals = Json::object();
  for (std::size_t i = 0; i < kUsageTypes; ++i) {
    const UsageTotal& total = usage.totals[i];
    totals[UsageTypeName(static_cast<UsageType>(i))] = {{"blocks", total.blocks},
                                                        {"bytes", total.bytes},
                                                        {"nameless_blocks", total.nameless_blocks},
                                                        {"nameless_bytes", total.nameless_bytes},
                                                        {"free_blocks", total.free_blocks},
                                                        {"free_bytes", total.free_bytes},
                                                        {"listed_blocks", total.listed_blocks},
                                                        {"listed_bytes", total.listed_bytes},
                                                        {"stateless_blocks", total.stateless_blocks}};
  }
  return totals;
}

Json RowOf(const UsageRow& row) {
  return {{"record", "tag"},
          {"tag", row.tag.text()},
          {"tag_hex", row.tag.hex()},
          {"type", UsageTypeName(row.type)},
          {"allocs", row.by_tracker ? Json(row.tracked->allocs) : Json(nullptr)},
          {"frees", row.by_tracker ? Json(row.tracked->frees) : Json(nullptr)},
          {"diff", row.outstanding()},
          {"bytes", row.bytes()},
          {"bytes_each", row.outstanding() > 0 ? Json(BytesEach(row)) : Json(nullptr)},
          {"source", row.by_tracker ? "tracker" : "blocks"},
          {"blocks_seen", row.blocks},
          {"bytes_seen", row.block_bytes},
          {"blocks_listed", row.listed},
          {"executable_bytes", row.executable_bytes},
          {"driver", JsonText(row.owner.driver)},
          {"driver_source", row.owner.source}};
}

Json TrackerJson(const Usage& usage) {
  if (!usage.tracker) return nullptr;
  const TrackerComparison& comparison = usage.comparison;
  return {{"address", JsonAddress(usage.tracker->address.value)},
          {"entries", usage.tracker->entries},
          {"odd_entries", usage.tracker->odd},
          {"tags", usage.tracker->tags.size()},
          {"rows_compared", comparison.rows},
          {"same_count", comparison.same_count},
          {"same_bytes", comparison.same_bytes},
          {"more_tracked", comparison.more_tracked},
          {"more_found", comparison.more_found}};
}

Json FillsJson(const std::vector<PoolFill>& fills) {
  Json list = Json::array();
  for (const PoolFill& fill : fills) {
    list.push_back(Json{{"pool", UsageTypeName(fill.type)},
                        {"held", fill.held},
                        {"limit", fill.limit},
                        {"rule", fill.rule},
                        {"share", JsonRounded(fill.share(), 4)},
                        {"exhausted", fill.exhausted},
                        {"largest", fill.largest ? Json(fill.largest->tag.text()) : Json(nullptr)}});
  }
  return list;
}

Json ExecutableJson(const ExecutablePool& pool) {
  if (!pool.known) return nullptr;
  return {{"blocks", pool.blocks}, {"bytes", pool.bytes}, {"pages", pool.pages}};
}

Json DetailJson(UsageType type, const PoolFragmentation& pool) {
  Json classes = Json::array(), largest = Json::array(), waiting = Json::array();
  for (const auto& [power, in_class] : pool.free)
    classes.push_back(
        Json{{"from", std::uint64_t{1} << power}, {"blocks", in_class.blocks}, {"bytes", in_class.bytes}});
  for (const FreeRun& run : pool.largest)
    largest.push_back(Json{{"address", JsonAddress(run.begin.value)}, {"bytes", run.bytes}});
  for (const auto& [size, count] : pool.waiting) waiting.push_back(Json{{"bytes", size}, {"blocks", count}});
  return {{"record", "detail"},
          {"pool", UsageTypeName(type)},
          {"pages", pool.pages},
          {"pages_nearly_empty", pool.nearly_empty},
          {"bytes_on_nearly_empty", pool.nearly_empty_bytes},
          {"free_classes", classes},
          {"largest_free", largest},
          {"waiting", waiting}};
}

Json CheckJson(const LimitCheck& check) {
  return {{"record", "limit"},
          {"pool", UsageTypeName(check.limit.type)},
          {"state", LimitStateName(check.state())},
          {"held", check.held},
          {"warning", check.limit.warning},
          {"critical", check.limit.critical ? Json(*check.limit.critical) : Json(nullptr)}};
}

}  // namespace

std::string RenderUsageJsonLines(const ImageReport& facts, const UsageAnswer& answer, const UsageView& view) {
  const Usage& usage = answer.usage;
  const std::vector<const UsageRow*> rows = RowsOf(usage, view);
  const Json image{{"schema", "poolblame.usage/1"},
                   {"record", "image"},
                   {"tool", JsonTool()},
                   {"image", JsonImage(facts)},
                   {"source", usage.source == UsageSource::kTracker ? "tracker" : "blocks"},
                   {"why_not_tracker", JsonText(usage.why_not_tracker)},
                   {"tracker", TrackerJson(usage)},
                   {"totals", TotalsOf(usage)},
                   {"windows_limits", FillsJson(answer.fills)},
                   {"executable_nonpaged", ExecutableJson(usage.executable)},
                   {"rows", rows.size()},
                   {"notes", usage.notes}};
  std::string lines = JsonLine(image);
  for (const LimitCheck& check : answer.checks) lines += JsonLine(CheckJson(check));
  for (std::size_t i = 0; answer.fragmentation && i < kUsageTypes; ++i)
    lines += JsonLine(DetailJson(static_cast<UsageType>(i), answer.fragmentation->Of(static_cast<UsageType>(i))));
  for (const UsageRow* row : rows) lines += JsonLine(RowOf(*row));
  return lines;
}

}  // namespace poolblame::cli

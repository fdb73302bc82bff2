#include "cli/render_growth.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "cli/escape.h"
#include "cli/json_sections.h"
#include "cli/text_writer.h"

namespace poolblame::cli {
namespace {

std::vector<const GrowthRow*> RowsOf(const Growth& growth, const UsageView& view) {
  std::vector<const GrowthRow*> rows;
  for (const GrowthRow& row : growth.rows)
    if (IsWanted(row.tag, row.owner, view)) rows.push_back(&row);
  return rows;
}

std::size_t SuspectsOf(const Growth& growth) {
  return static_cast<std::size_t>(
      std::count_if(growth.rows.begin(), growth.rows.end(), [](const GrowthRow& row) { return row.suspect; }));
}

std::string Signed(std::int64_t number) {
  return (number < 0 ? "-" : "+") + Grouped(static_cast<std::uint64_t>(number < 0 ? -number : number));
}

std::string HoursText(double hours) { return fmt::format("{:.1f} h", hours); }

void WriteImages(TextWriter& out, const Growth& growth) {
  out.Heading("images, oldest first");
  for (const UsageSample* sample : growth.samples) {
    const auto up = sample->origin.up_time;
    out.Line(fmt::format("  up {:>9}  {}, by {}", up ? HoursText(HoursOf(*up)) : "unknown", Escaped(sample->name),
                         sample->usage.source == UsageSource::kTracker ? "its tracker table" : "its blocks"));
  }
}

void WriteRow(TextWriter& out, const GrowthRow& row) {
  const std::string line =
      fmt::format("{} {:<4}  {:<8}  {:>10}  {:>10}  {:>8}  {:>12}  {:>5}  {:>11}  {:>5}  {}", row.suspect ? '*' : ' ',
                  Escaped(row.tag.text()), UsageTypeName(row.type), row.tracked ? Grouped(row.allocs) : "-",
                  row.tracked ? Grouped(row.frees) : "-", Signed(row.blocks), Signed(row.bytes),
                  row.tracked ? Percent(row.kept) : "-",
                  row.bytes_per_hour ? Signed(static_cast<std::int64_t>(*row.bytes_per_hour)) : "-",
                  fmt::format("{}/{}", row.steps_up, row.steps), DriverOrDash(row.owner.driver));
  out.Line(out.palette().Paint(row.suspect ? Style::kCulprit : Style::kPlain, line));
}

void WriteRows(TextWriter& out, const Growth& growth, const UsageView& view) {
  const std::vector<const GrowthRow*> rows = RowsOf(growth, view);
  out.Heading(fmt::format("{} that grew, most like a leak first (* leak suspect)", Counted(rows.size(), "row")));
  out.Line(fmt::format("  {:<4}  {:<8}  {:>10}  {:>10}  {:>8}  {:>12}  {:>5}  {:>11}  {:>5}  {}", "tag", "type",
                       "allocs", "frees", "diff", "bytes", "kept", "bytes/hour", "steps", "driver"));
  const std::size_t shown = RowsShown(rows.size(), view.top);
  for (std::size_t i = 0; i < shown; ++i) WriteRow(out, *rows[i]);
  if (shown < rows.size()) out.Line(AndMore(rows.size() - shown));
}

std::string TitleOf(const Growth& growth) {
  const std::size_t suspects = SuspectsOf(growth);
  if (suspects == 0) return "no leak suspect";
  const GrowthRow& first = growth.rows.front();
  std::string title = fmt::format("leak suspect: '{}' ({})", first.tag.text(), UsageTypeName(first.type));
  if (!first.owner.driver.empty()) title += ", " + first.owner.driver;
  return suspects == 1 ? title : fmt::format("{} and {} more", title, suspects - 1);
}

Json RowJson(const GrowthRow& row, std::size_t rank) {
  return {{"record", "tag"},
          {"rank", rank},
          {"tag", row.tag.text()},
          {"tag_hex", row.tag.hex()},
          {"type", UsageTypeName(row.type)},
          {"allocs", row.tracked ? Json(row.allocs) : Json(nullptr)},
          {"frees", row.tracked ? Json(row.frees) : Json(nullptr)},
          {"diff", row.blocks},
          {"bytes", row.bytes},
          {"bytes_per_hour", row.bytes_per_hour ? Json(JsonRounded(*row.bytes_per_hour, 1)) : Json(nullptr)},
          {"kept", row.tracked ? Json(JsonRounded(row.kept, 4)) : Json(nullptr)},
          {"steps", row.steps},
          {"steps_up", row.steps_up},
          {"score", JsonRounded(row.score, 3)},
          {"suspect", row.suspect},
          {"driver", JsonText(row.owner.driver)}};
}

}  // namespace

std::string RenderGrowthText(const Growth& growth, const UsageView& view, const TextOptions& options) {
  TextWriter out(options.palette, options.columns);
  out.Line(options.palette.Paint(Style::kAnswer, Escaped(TitleOf(growth))));
  WriteImages(out, growth);
  WriteRows(out, growth, view);
  if (!growth.notes.empty()) out.Heading("how sure");
  for (const std::string& note : growth.notes) out.Sentence("  - ", note);
  return out.text();
}

std::string RenderGrowthJsonLines(const Growth& growth, const UsageView& view) {
  Json images = Json::array();
  for (const UsageSample* sample : growth.samples) {
    const auto up = sample->origin.up_time;
    images.push_back(Json{{"path", sample->name},
                          {"up_hours", up ? Json(JsonRounded(HoursOf(*up), 3)) : Json(nullptr)},
                          {"source", sample->usage.source == UsageSource::kTracker ? "tracker" : "blocks"}});
  }
  const std::vector<const GrowthRow*> rows = RowsOf(growth, view);
  std::string lines = JsonLine(Json{{"schema", "poolblame.growth/1"},
                                    {"record", "images"},
                                    {"tool", JsonTool()},
                                    {"images", images},
                                    {"hours", growth.hours ? Json(JsonRounded(*growth.hours, 3)) : Json(nullptr)},
                                    {"rows", rows.size()},
                                    {"suspects", SuspectsOf(growth)},
                                    {"notes", growth.notes}});
  for (const GrowthRow* row : rows)
    lines += JsonLine(RowJson(*row, static_cast<std::size_t>(row - growth.rows.data()) + 1));
  return lines;
}

}  // namespace poolblame::cli

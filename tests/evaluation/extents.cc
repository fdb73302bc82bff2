#include "tests/evaluation/extents.h"

#include <fmt/format.h>

#include <algorithm>

#include "tests/evaluation/score.h"
#include "tests/evaluation/tables.h"

namespace poolblame::evaluation {
namespace {

std::string RangeCells(const RangeCount& count) {
  return fmt::format("{:>10}{:>10}", Percent(count.inside, count.total), count.MedianWidth());
}

}  // namespace

void RangeCount::Add(std::uint64_t earliest, std::uint64_t latest, std::uint64_t truth) {
  ++total;
  if (earliest <= truth && truth <= latest) ++inside;
  widths.push_back(latest - earliest);
}

std::uint64_t RangeCount::MedianWidth() const {
  if (widths.empty()) return 0;
  std::vector<std::uint64_t> sorted = widths;
  const auto middle = sorted.begin() + static_cast<std::ptrdiff_t>(sorted.size() / 2);
  std::nth_element(sorted.begin(), middle, sorted.end());
  return *middle;
}

void Extents::Add(const Outcome& outcome) {
  const samples::Truth& truth = outcome.truth;
  const bool runs_out = truth.kind == "overrun" || truth.kind == "underrun";
  if (!runs_out || truth.write_end == 0 || !outcome.BlockRight() || !outcome.KindRight()) return;
  const IncidentOutcome& first = outcome.incidents.front();
  if (!first.write || first.physical) return;
  AddRanges(outcome, *first.write);
  AddDetails(outcome, *first.write);
}

void Extents::AddRanges(const Outcome& outcome, const WriteExtent& write) {
  const samples::Truth& truth = outcome.truth;
  std::vector<std::string> names = {truth.kind, truth.kind + ", " + outcome.recipe.fault};
  if (truth.kind == "overrun")
    names.push_back(!truth.header_hit   ? "overrun, payload only"
                    : IsOffByN(outcome) ? "overrun, off-by-N"
                                        : "overrun, longer");
  for (const std::string& name : names) {
    ExtentCount& row = rows_[name];
    row.ends.Add(write.end_earliest, write.end_latest, truth.write_end);
    if (write.start_earliest)
      row.starts.Add(*write.start_earliest, write.start_latest, truth.write_start);
    else
      ++row.unknown_starts;
  }
}

void Extents::AddDetails(const Outcome& outcome, const WriteExtent& write) {
  const samples::Truth& truth = outcome.truth;
  if (truth.stride != 0) {
    ++records_;
    if (write.stride) ++(*write.stride == truth.stride ? strides_right_ : strides_wrong_);
  } else {
    ++others_;
    if (write.stride) ++strides_of_others_;
  }
  if (!write.slack || truth.slack < 0) return;
  ++slacks_;
  if (*write.slack == static_cast<std::uint32_t>(truth.slack)) ++slacks_right_;
}

std::string Extents::Table() const {
  if (rows_.empty()) return "";
  std::string text = fmt::format(
      "\nLength and origin, culprit first: the truth inside the printed range, median width in bytes\n"
      "  {:<28}{:>6}{:>10}{:>10}{:>10}{:>10}{:>10}\n",
      "", "images", "end", "width", "start", "width", "unknown");
  for (const auto& [name, row] : rows_)
    text += fmt::format("  {:<28}{:>6}{}{}{:>10}\n", name, row.ends.total, RangeCells(row.ends), RangeCells(row.starts),
                        row.unknown_starts);
  text += fmt::format("  stride of records: right in {} of {}, wrong in {}; printed for {} of {} other writes\n",
                      strides_right_, records_, strides_wrong_, strides_of_others_, others_);
  text += fmt::format("  slack: printed for {}, right in {}\n", slacks_, slacks_right_);
  return text;
}

}  // namespace poolblame::evaluation

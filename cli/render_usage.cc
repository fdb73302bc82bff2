#include "cli/render_usage.h"

#include <fmt/format.h>

#include <algorithm>
#include <utility>
#include <vector>

#include "cli/escape.h"
#include "cli/text_writer.h"

namespace poolblame::cli {
namespace {

void WriteTotals(TextWriter& out, const Usage& usage) {
  out.Heading("pools");
  for (std::size_t i = 0; i < kUsageTypes; ++i) {
    const UsageTotal& total = usage.totals[i];
    if (total.blocks + total.free_blocks + total.listed_blocks == 0) continue;
    out.Line(fmt::format("  {:<9} {:>15} bytes in {:>13} in use, {:>15} bytes in {:>9} free",
                         UsageTypeName(static_cast<UsageType>(i)), Grouped(total.bytes), Counted(total.blocks, "block"),
                         Grouped(total.free_bytes + total.listed_bytes),
                         Grouped(total.free_blocks + total.listed_blocks)));
  }
}

std::string OrDash(bool known, std::uint64_t number) { return known ? Grouped(number) : "-"; }

/// Which of the two sources the table shows, and how far they agree.
void WriteSource(TextWriter& out, const Usage& usage) {
  out.Heading("source");
  if (usage.source == UsageSource::kTracker)
    out.Sentence("  ", fmt::format("nt!PoolTrackTable at {}, {} of {} entries used; session pool by its blocks",
                                   AddressText(usage.tracker->address.value), usage.tracker->tags.size(),
                                   usage.tracker->entries));
  else
    out.Sentence("  ", "the blocks themselves: " + usage.why_not_tracker);
  if (!usage.tracker) return;
  const TrackerComparison& comparison = usage.comparison;
  out.Sentence("  ", fmt::format("held against the blocks that were found: {} of {} equal in number, {} in bytes; "
                                 "{} with more in the table, {} with more found",
                                 comparison.same_count, Counted(comparison.rows, "row"), comparison.same_bytes,
                                 comparison.more_tracked, comparison.more_found));
}

void WriteRow(TextWriter& out, const UsageRow& row) {
  out.Line(fmt::format("  {:<4}  {:<8}  {:>12}  {:>12}  {:>10}  {:>14}  {:>9}  {:>9}  {}", Escaped(row.tag.text()),
                       UsageTypeName(row.type), OrDash(row.by_tracker, row.by_tracker ? row.tracked->allocs : 0),
                       OrDash(row.by_tracker, row.by_tracker ? row.tracked->frees : 0), row.outstanding(),
                       Grouped(row.bytes()), OrDash(row.outstanding() > 0, BytesEach(row)), Grouped(row.blocks),
                       DriverOrDash(row.owner.driver)));
}

void WriteRows(TextWriter& out, const Usage& usage, const UsageView& view) {
  const std::vector<const UsageRow*> rows = RowsOf(usage, view);
  out.Heading(fmt::format("{} by {}", Counted(rows.size(), "row"), view.sort));
  out.Line(fmt::format("  {:<4}  {:<8}  {:>12}  {:>12}  {:>10}  {:>14}  {:>9}  {:>9}  {}", "tag", "type", "allocs",
                       "frees", "diff", "bytes", "each", "seen", "driver"));
  const std::size_t shown = RowsShown(rows.size(), view.top);
  for (std::size_t i = 0; i < shown; ++i) WriteRow(out, *rows[i]);
  if (shown < rows.size()) out.Line(AndMore(rows.size() - shown));
}

void WriteChecks(TextWriter& out, const std::vector<LimitCheck>& checks) {
  for (const LimitCheck& check : checks) {
    const std::string critical =
        check.limit.critical ? fmt::format(", critical from {}", Grouped(*check.limit.critical)) : "";
    const Style style = check.state() == LimitState::kOk ? Style::kPlain : Style::kDamage;
    out.Line(out.palette().Paint(style, fmt::format("{} {}: {} bytes (warning from {}{})",
                                                    LimitStateName(check.state()), UsageTypeName(check.limit.type),
                                                    Grouped(check.held), Grouped(check.limit.warning), critical)));
  }
}

void WriteFills(TextWriter& out, const std::vector<PoolFill>& fills) {
  if (fills.empty()) return;
  out.Heading("against what this Windows allows");
  for (const PoolFill& fill : fills) {
    const std::string text = fmt::format("{}: {} bytes held, {} of at most {}", UsageTypeName(fill.type),
                                         Grouped(fill.held), Percent(fill.share()), fill.rule);
    out.Sentence("  ", text, fill.exhausted ? Style::kDamage : Style::kPlain);
    if (!fill.exhausted) continue;
    std::string who;
    if (fill.largest)
      who = fmt::format("; '{}' has most of it, {} bytes{}", fill.largest->tag.text(), Grouped(fill.largest->bytes()),
                        fill.largest->owner.driver.empty() ? "" : " (" + fill.largest->owner.driver + ")");
    out.Sentence("  ", fmt::format("{} pool exhaustion{}", UsageTypeName(fill.type), who), Style::kDamage);
  }
}

void WriteExecutable(TextWriter& out, const Usage& usage, std::size_t top) {
  const ExecutablePool& pool = usage.executable;
  if (!pool.known || pool.blocks == 0) return;
  out.Heading("executable nonpaged pool (a security risk: what is written there can be run)");
  out.Line(fmt::format("  {} bytes in {} on {}", Grouped(pool.bytes), Counted(pool.blocks, "block"),
                       Counted(pool.pages, "page")));
  const std::vector<const UsageRow*> rows = ExecutableRows(usage);
  const std::size_t shown = RowsShown(rows.size(), top);
  for (std::size_t i = 0; i < shown; ++i)
    out.Line(fmt::format("  {:<4}  {:>14}  {}", Escaped(rows[i]->tag.text()), Grouped(rows[i]->executable_bytes),
                         DriverOrDash(rows[i]->owner.driver)));
  if (shown < rows.size()) out.Line(AndMore(rows.size() - shown));
}

/// "64 to 127".
std::string ClassText(std::uint32_t power) {
  return fmt::format("{} to {}", Grouped(std::uint64_t{1} << power), Grouped((std::uint64_t{2} << power) - 1));
}

/// Blocks that are freed and still held; the JSON lists every size.
void WriteWaiting(TextWriter& out, const PoolFragmentation& pool) {
  constexpr std::size_t kDeepest = 6;
  std::vector<std::pair<std::uint64_t, std::uint64_t>> sizes(pool.waiting.begin(), pool.waiting.end());
  if (sizes.empty()) return;
  std::stable_sort(sizes.begin(), sizes.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::uint64_t blocks = 0;
  std::string deepest;
  for (std::size_t i = 0; i < sizes.size(); ++i) {
    blocks += sizes[i].second;
    if (i < kDeepest) deepest += fmt::format(", {} of {} bytes", Grouped(sizes[i].second), Grouped(sizes[i].first));
  }
  out.Sentence("  ", fmt::format("{} of {} on lookaside and delay-free lists, most{}", Counted(blocks, "block"),
                                 Counted(sizes.size(), "size"), deepest.substr(1)));
}

void WriteFragmentation(TextWriter& out, UsageType type, const PoolFragmentation& pool) {
  if (pool.pages == 0 && pool.free.empty()) return;
  out.Heading(fmt::format("free memory of {} pool", UsageTypeName(type)));
  for (const auto& [power, in_class] : pool.free)
    out.Line(fmt::format("  {:>23} bytes: {:>13}, {:>12} bytes", ClassText(power), Counted(in_class.blocks, "block"),
                         Grouped(in_class.bytes)));
  std::string largest;
  for (const FreeRun& run : pool.largest)
    largest += fmt::format("{}{} at {}", largest.empty() ? "" : ", ", Grouped(run.bytes), AddressText(run.begin.value));
  if (!largest.empty()) out.Sentence("  largest: ", largest);
  out.Sentence("  ", fmt::format("{} of {} with blocks in use hold {} bytes or less, {} bytes in all",
                                 Grouped(pool.nearly_empty), Counted(pool.pages, "page"),
                                 PoolFragmentation::kNearlyEmpty, Grouped(pool.nearly_empty_bytes)));
  WriteWaiting(out, pool);
}

void WriteGaps(TextWriter& out, const Usage& usage) {
  if (usage.notes.empty()) return;
  out.Heading("not in these numbers");
  for (const std::string& note : usage.notes) out.Sentence("  - ", note);
}

}  // namespace

std::string RenderUsageText(const ImageReport& facts, const UsageAnswer& answer, const UsageView& view,
                            const TextOptions& options) {
  TextWriter out(options.palette, options.columns);
  const std::string title = fmt::format("pool usage, {}, {}", facts.system.os, MachineName(facts.system.machine));
  out.Line(options.palette.Paint(Style::kAnswer, Escaped(title)));
  const Usage& usage = answer.usage;
  WriteChecks(out, answer.checks);
  WriteTotals(out, usage);
  WriteFills(out, answer.fills);
  WriteSource(out, usage);
  WriteRows(out, usage, view);
  WriteExecutable(out, usage, view.top);
  for (std::size_t i = 0; answer.fragmentation && i < kUsageTypes; ++i)
    WriteFragmentation(out, static_cast<UsageType>(i), answer.fragmentation->Of(static_cast<UsageType>(i)));
  WriteGaps(out, usage);
  return out.text();
}

}  // namespace poolblame::cli

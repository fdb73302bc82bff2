// poolblame_fleets: does a ranking over many dumps find the common culprit, and nobody where there is none? Draws
// fleets, ranks them, prints the table that README.md explains. Exit status: 0, or with --check 1 when a promise is
// missed; 2 usage.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <algorithm>
#include <atomic>
#include <cstdio>
#include <optional>
#include <thread>
#include <vector>

#include "heuristics/correlate.h"
#include "tests/evaluation/fleet_draw.h"

namespace poolblame::evaluation {
namespace {

struct CommandLine {
  std::uint64_t fleets = 200, seed = 1000, dumps = 20;
  unsigned threads = 1;
  bool check = false, verbose = false;
};

/// What became of one fleet.
struct FleetOutcome {
  FleetTruth truth;
  std::size_t dumps = 0, insufficient = 0;
  std::uint32_t drawn = 0;
  FleetVerdict verdict = FleetVerdict::kUndecided;
  bool right_first = false;                 // the culprit is the first candidate
  bool wrongly_accused = false;             // with all dumps
  bool ever_wrongly_accused = false;        // with the first two, three, … of them
  std::optional<std::size_t> dumps_needed;  // until the right one is accused
  std::string first;
  double probability = 0;
};

bool IsRight(const Ranking& ranking, const FleetTruth& truth) {
  if (ranking.candidates.empty()) return false;
  const Candidate& first = ranking.candidates.front();
  if (truth.kind == FleetKind::kMemory) return first.role == CandidateRole::kHardware;
  return !truth.tag.empty() && first.role != CandidateRole::kHardware &&
         first.tags.front().tag == PoolTag::FromText(truth.tag);
}

/// A driver or tag is accused that did not do it. Bad memory is nobody's driver, but wrong where it is not that.
bool IsWrong(const Ranking& ranking, const FleetTruth& truth) {
  const bool told = ranking.verdict == FleetVerdict::kCulprit || ranking.verdict == FleetVerdict::kHardware;
  return told && !IsRight(ranking, truth);
}

FleetOutcome Run(FleetKind kind, const CommandLine& line, std::uint64_t index, const TagDatabase& tags) {
  const DrawnFleet drawn = DrawFleet(kind, line.seed, index, line.dumps, tags);
  FleetOutcome outcome;
  outcome.truth = drawn.truth;
  outcome.dumps = drawn.dumps.size();
  outcome.drawn = drawn.drawn;
  Fleet fleet;
  for (std::size_t i = 0; i < drawn.dumps.size(); ++i) {
    fleet.Add(drawn.dumps[i].entry);
    outcome.insufficient += drawn.dumps[i].insufficient ? 1 : 0;
    const Ranking ranking = Correlate(fleet, tags);
    const bool told = ranking.verdict == FleetVerdict::kCulprit || ranking.verdict == FleetVerdict::kHardware;
    outcome.verdict = ranking.verdict;
    outcome.right_first = IsRight(ranking, drawn.truth);
    outcome.wrongly_accused = IsWrong(ranking, drawn.truth);
    outcome.ever_wrongly_accused = outcome.ever_wrongly_accused || outcome.wrongly_accused;
    if (told && outcome.right_first && !outcome.dumps_needed) outcome.dumps_needed = i + 1;
    if (ranking.candidates.empty()) continue;
    const Candidate& first = ranking.candidates.front();
    outcome.first = first.tags.empty() ? "hardware" : first.tags.front().tag.text();
    outcome.probability = first.probability;
  }
  return outcome;
}

std::vector<FleetOutcome> RunAll(FleetKind kind, const CommandLine& line, const TagDatabase& tags) {
  std::vector<FleetOutcome> outcomes(line.fleets);
  std::atomic<std::uint64_t> next = 0;
  const auto work = [&] {
    for (std::uint64_t i = next++; i < line.fleets; i = next++) outcomes[i] = Run(kind, line, i, tags);
  };
  std::vector<std::jthread> workers;
  for (unsigned t = 1; t < line.threads; ++t) workers.emplace_back(work);
  work();
  workers.clear();  // joins
  return outcomes;
}

template <typename Test>
std::size_t Count(const std::vector<FleetOutcome>& outcomes, Test test) {
  return static_cast<std::size_t>(std::count_if(outcomes.begin(), outcomes.end(), test));
}

/// Of the dumps needed, a fleet that never got there last; nothing where that is the median.
std::optional<std::size_t> MedianNeeded(const std::vector<FleetOutcome>& outcomes) {
  std::vector<std::size_t> needed;
  for (const FleetOutcome& outcome : outcomes) needed.push_back(outcome.dumps_needed.value_or(SIZE_MAX));
  std::sort(needed.begin(), needed.end());
  if (needed.empty() || needed[needed.size() / 2] == SIZE_MAX) return std::nullopt;
  return needed[needed.size() / 2];
}

void Print(const char* name, const std::vector<FleetOutcome>& outcomes, bool verbose) {
  std::size_t dumps = 0, insufficient = 0, drawn = 0;
  for (const FleetOutcome& outcome : outcomes) {
    dumps += outcome.dumps;
    insufficient += outcome.insufficient;
    drawn += outcome.drawn;
  }
  fmt::print("\n{}: {} fleets, {} dumps ({} insufficient by themselves) of {} images\n", name, outcomes.size(), dumps,
             insufficient, drawn);
  const auto line = [&](const char* what, std::size_t count) {
    fmt::print("  {:<44} {:>5}  {:5.1f} %\n", what, count,
               100.0 * static_cast<double>(count) / static_cast<double>(outcomes.size()));
  };
  if (!outcomes.empty() && outcomes.front().truth.kind != FleetKind::kIndependent) {
    line("right one first", Count(outcomes, [](const auto& o) { return o.right_first; }));
    line("right one told (0.95, three dumps)",
         Count(outcomes, [](const auto& o) { return o.dumps_needed.has_value(); }));
  }
  line("wrongly accused", Count(outcomes, [](const auto& o) { return o.wrongly_accused; }));
  line("wrongly accused on the way", Count(outcomes, [](const auto& o) { return o.ever_wrongly_accused; }));
  line("'nothing in common' said", Count(outcomes, [](const auto& o) { return o.verdict == FleetVerdict::kNobody; }));
  if (const auto median = MedianNeeded(outcomes))
    fmt::print("  dumps until the right one is told, median      {}\n", *median);
  std::fflush(stdout);
  if (!verbose) return;
  for (std::size_t i = 0; i < outcomes.size(); ++i) {
    const FleetOutcome& o = outcomes[i];
    fmt::print("  {:>4} '{}': {} dumps, {} '{}' {:.3f} {}{}\n", i, o.truth.tag, o.dumps, FleetVerdictName(o.verdict),
               o.first, o.probability, o.dumps_needed ? fmt::format("after {}", *o.dumps_needed) : "",
               o.ever_wrongly_accused ? " WRONG" : "");
  }
}

/// The promises: right driver first in 99 of 100 fleets, told by eight dumps in the median, nobody accused in 99 of 100
/// fleets without one.
bool PromisesHold(const std::vector<FleetOutcome>& culprit, const std::vector<FleetOutcome>& independent,
                  const std::vector<FleetOutcome>& memory) {
  constexpr double kPart = 0.99;
  constexpr std::size_t kMedian = 8;
  const auto most = [](const auto& outcomes, std::size_t count) {
    return static_cast<double>(count) >= kPart * static_cast<double>(outcomes.size());
  };
  const auto right = [](const FleetOutcome& o) { return o.right_first; };
  const auto fair = [](const FleetOutcome& o) { return !o.wrongly_accused; };
  return most(culprit, Count(culprit, right)) && MedianNeeded(culprit).value_or(SIZE_MAX) <= kMedian &&
         most(independent, Count(independent, fair)) && most(memory, Count(memory, fair));
}

int Evaluate(const CommandLine& line) {
  const TagDatabase tags = TagDatabase::BuiltIn();
  fmt::print("seed {}, {} fleets of each sort, {} dumps each\n", line.seed, line.fleets, line.dumps);
  const auto culprit = RunAll(FleetKind::kCulprit, line, tags);
  Print("one driver overruns its block", culprit, line.verbose);
  Print("the same in half of its dumps", RunAll(FleetKind::kMixed, line, tags), line.verbose);
  const auto independent = RunAll(FleetKind::kIndependent, line, tags);
  Print("independent faults", independent, line.verbose);
  const auto memory = RunAll(FleetKind::kMemory, line, tags);
  Print("one machine with bad memory", memory, line.verbose);
  return line.check && !PromisesHold(culprit, independent, memory) ? 1 : 0;
}

}  // namespace
}  // namespace poolblame::evaluation

int main(int argc, char** argv) {
  CLI::App app("Draws fleets of dumps with a known truth, ranks each and counts how often the ranking is right.");
  poolblame::evaluation::CommandLine line;
  app.add_option("--fleets", line.fleets, "fleets of each sort")->check(CLI::Range(1, 10000));
  app.add_option("--dumps", line.dumps, "dumps of a fleet")->check(CLI::Range(1, 1000));
  app.add_option("--seed", line.seed, "which fleets: README.md says which seeds are for what");
  app.add_option("--threads", line.threads, "fleets at once")->check(CLI::Range(1, 256));
  app.add_flag("--check", line.check, "exit with 1 when a promise is missed");
  app.add_flag("--verbose", line.verbose, "one line a fleet");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  return poolblame::evaluation::Evaluate(line);
}

// poolblame_evaluation: how often is the answer right? Draws images with a known truth, judges them, prints the tables
// that README.md explains. Exit status: 0, or with --check 1 when a promise of targets.h is missed; 2 usage, 3 a file
// could not be written.
#include <fmt/format.h>

#include <CLI/CLI.hpp>
#include <cstdio>
#include <fstream>
#include <string>
#include <vector>

#include "tests/evaluation/ablation.h"
#include "tests/evaluation/extents.h"
#include "tests/evaluation/features.h"
#include "tests/evaluation/recipe_generator.h"
#include "tests/evaluation/reliability.h"
#include "tests/evaluation/runner.h"
#include "tests/evaluation/score.h"
#include "tests/evaluation/score_json.h"
#include "tests/evaluation/tables.h"
#include "tests/evaluation/targets.h"

namespace poolblame::evaluation {
namespace {

enum ExitStatus { kDone = 0, kTargetMissed = 1, kUsage = 2, kNotWritten = 3 };

struct CommandLine {
  RunOptions run{.images = 2000, .seed = 5000, .threads = 0, .filter = {}, .keep_hypotheses = false};
  std::string json, misses, features, reliability;
  bool check = false, ablate = false;
};

void Describe(CLI::App& app, CommandLine& line) {
  app.add_option("--images", line.run.images, "how many images to draw")->check(CLI::Range(1, 1000000));
  app.add_option("--seed", line.run.seed, "which images: README.md says which seeds are for what");
  app.add_option("--only", line.run.filter.faults, "only these kinds or faults")
      ->delimiter(',')
      ->check(CLI::IsMember(FaultWords()));
  app.add_option("--machine", line.run.filter.machines, "only these machines")
      ->delimiter(',')
      ->check(CLI::IsMember({"x86", "x64"}));
  app.add_option("--windows", line.run.filter.windows, "only these builds")->delimiter(',');
  app.add_option("--container", line.run.filter.containers, "only these containers")
      ->delimiter(',')
      ->check(CLI::IsMember(ContainerWords()));
  app.add_flag("--segment-heap", line.run.filter.segment_heap, "builds whose pool is the segment heap");
  app.add_option("--threads", line.run.threads, "images judged at once; 0 = as many as the machine has");
  app.add_option("--json", line.json, "write the counts here");
  app.add_option("--misses", line.misses, "write one line here for every image that was not judged right");
  app.add_option("--features", line.features, "write one row a hypothesis here, for fit.py");
  app.add_option("--reliability", line.reliability, "draw the reliability diagram here, as SVG");
  app.add_flag("--ablate", line.ablate, "tell what each signal is worth: the same answers without it");
  app.add_flag("--check", line.check, "exit with 1 when a promise is missed");
}

/// True when there was nothing to write or it was written whole.
bool Write(const std::string& path, const std::string& text) {
  if (path.empty()) return true;
  std::ofstream file(path, std::ios::binary | std::ios::trunc);
  file << text;
  file.close();
  if (!file) fmt::print(stderr, "poolblame_evaluation: cannot write {}\n", path);
  return static_cast<bool>(file);
}

int Evaluate(CommandLine line) {
  line.run.keep_hypotheses = !line.features.empty() || line.ablate;
  const std::vector<Outcome> outcomes = RunAll(line.run);
  Score score;
  Ablation ablation;
  Extents extents;
  std::string misses;
  double build_seconds = 0, judge_seconds = 0;
  for (const Outcome& outcome : outcomes) {
    build_seconds += outcome.build_seconds;
    judge_seconds += outcome.judge_seconds;
    score.Add(outcome);
    if (line.ablate) ablation.Add(outcome);
    extents.Add(outcome);
    const std::string miss = MissLine(outcome);
    if (!miss.empty()) misses += miss + '\n';
  }
  const std::vector<TargetResult> targets = CheckTargets(score, {});
  fmt::print("seed {}, {}", line.run.seed, Tables(score, targets));
  if (line.ablate) fmt::print("{}", AblationTable(ablation));
  fmt::print("{}", extents.Table());
  fmt::print(stderr, "building took {:.1f} s, judging {:.1f} s, summed over threads\n", build_seconds, judge_seconds);
  if (!Write(line.json, ScoreJson(score, targets, line.run.seed))) return kNotWritten;
  if (!Write(line.misses, misses)) return kNotWritten;
  const std::string title =
      fmt::format("{}, seed {}, {} images", line.run.filter.segment_heap ? "segment heap" : "classic pool",
                  line.run.seed, score.images);
  if (!Write(line.reliability, ReliabilitySvg(score.first_suspects, score.all_suspects, title))) return kNotWritten;
  if (!line.features.empty() && !Write(line.features, FeatureCsv(outcomes))) return kNotWritten;
  return line.check && !AllHold(targets) ? kTargetMissed : kDone;
}

}  // namespace
}  // namespace poolblame::evaluation

int main(int argc, char** argv) {
  CLI::App app("Draws pool images with a known truth, judges them and counts how often the answer is right.");
  poolblame::evaluation::CommandLine line;
  poolblame::evaluation::Describe(app, line);
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? poolblame::evaluation::kDone : poolblame::evaluation::kUsage;
  }
  return poolblame::evaluation::Evaluate(line);
}

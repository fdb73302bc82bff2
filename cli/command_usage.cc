// `poolblame usage IMAGE`: who holds how much pool?
#include <fmt/format.h>

#include <algorithm>

#include "cli/commands.h"
#include "cli/console.h"
#include "cli/escape.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/render_growth.h"
#include "cli/render_usage.h"

namespace poolblame::cli {
namespace {

struct UsageOptions {
  ImageOptions image;
  OutputOptions output;
  UsageView view;
  std::string format, tag;
  std::vector<std::string> pooltag, limits, since;
  bool detail = false;
};

CLI::Validator IsLimit() {
  const auto check = [](std::string& value) -> std::string {
    if (ParseExpectedLimit(value)) return "";
    return fmt::format("'{}' is no limit (for example nonpaged=300M:500M, warning and critical)", Escaped(value));
  };
  return CLI::Validator(check, "");
}

UsageAnswer AnswerFor(const Analysis& analysis, const TagDatabase& tags, const UsageOptions& options) {
  const ImageReport& facts = analysis.facts;
  UsageAnswer answer;
  if (options.detail) answer.fragmentation.emplace();
  answer.usage = CountUsage(analysis.space, facts.system, facts.census, tags,
                            answer.fragmentation ? &*answer.fragmentation : nullptr);
  answer.fills = FillOfPools(answer.usage, facts.system);
  for (const std::string& text : options.limits)
    if (const auto limit = ParseExpectedLimit(text))
      answer.checks.push_back({*limit, BytesHeld(answer.usage, limit->type)});
  return answer;
}

/// What was not counted may be what goes over a limit.
bool CountedAll(const Analysis& analysis, const Usage& usage) {
  return usage.coverage.pages_left_out == 0 && analysis.facts.census.pages_unreadable == 0 &&
         !analysis.image.pages().empty();
}

ExitStatus StatusOf(const Analysis& analysis, const UsageAnswer& answer) {
  const auto is_over = [](const LimitCheck& check) { return check.state() != LimitState::kOk; };
  if (std::any_of(answer.checks.begin(), answer.checks.end(), is_over)) return ExitStatus::kFound;
  const bool sure = answer.checks.empty() || CountedAll(analysis, answer.usage);
  return sure ? ExitStatus::kClean : ExitStatus::kInconclusive;
}

UsageSample SampleOf(const Analysis& analysis, const TagDatabase& tags) {
  const ImageReport& facts = analysis.facts;
  return {facts.image.path, CountUsage(analysis.space, facts.system, facts.census, tags), facts.image.origin,
          facts.system.kernel_image_base};
}

UsageView ViewOf(const UsageOptions& options) {
  UsageView view = options.view;
  if (!options.tag.empty()) view.tag = ParseTagPattern(options.tag);
  return view;
}

ExitStatus DeliverGrowth(const std::vector<UsageSample>& samples, const UsageOptions& options) {
  for (std::size_t i = 1; i < samples.size(); ++i) {
    if (MayBeOneBoot(samples.front(), samples[i])) continue;
    Complain(fmt::format("{} and {} are not of one boot: what grew between them says nothing",
                         Escaped(samples.front().name), Escaped(samples[i].name)));
    return ExitStatus::kInconclusive;
  }
  const Growth growth = RankGrowth(samples);
  const UsageView view = ViewOf(options);
  const std::string content = options.format == "jsonl"
                                  ? RenderGrowthJsonLines(growth, view)
                                  : RenderGrowthText(growth, view, options.output.ToTextOptions());
  const bool found = std::any_of(growth.rows.begin(), growth.rows.end(), [](const auto& row) { return row.suspect; });
  return Deliver(content, options.output.file, found ? ExitStatus::kFound : ExitStatus::kClean);
}

/// One image after the other, so that only their counts are in memory at once. The newest comes last.
ExitStatus RunGrowth(const UsageOptions& options, const TagDatabase& tags) {
  std::vector<std::string> paths = options.since;
  paths.push_back(options.image.path);
  std::vector<UsageSample> samples;
  for (const std::string& path : paths) {
    ImageOptions image = options.image;
    image.path = path;
    const Result<std::unique_ptr<Analysis>> analysis = ScanShowingProgress(image);
    if (!analysis) return Failed(path, analysis.error());
    samples.push_back(SampleOf(**analysis, tags));
  }
  return DeliverGrowth(samples, options);
}

ExitStatus RunUsage(const UsageOptions& options) {
  const LoadedTags tags = LoadTags(options.pooltag);
  if (!tags) return tags.error();
  if (!options.since.empty()) return RunGrowth(options, *tags);
  const Result<std::unique_ptr<Analysis>> analysis = ScanShowingProgress(options.image);
  if (!analysis) return Failed(options.image.path, analysis.error());
  const ImageReport& facts = (*analysis)->facts;
  const UsageAnswer answer = AnswerFor(**analysis, *tags, options);
  const UsageView view = ViewOf(options);
  const std::string content = options.format == "jsonl"
                                  ? RenderUsageJsonLines(facts, answer, view)
                                  : RenderUsageText(facts, answer, view, options.output.ToTextOptions());
  return Deliver(content, options.output.file, StatusOf(**analysis, answer));
}

}  // namespace

void AddUsageCommand(CLI::App& program, ChosenCommand& chosen) {
  auto options = std::make_shared<UsageOptions>();
  CLI::App& command = *program.add_subcommand("usage", "who holds how much pool: PoolMon for a dump");
  AddImageOptions(command, options->image);
  options->view.top = 20;
  command
      .add_option("--sort", options->view.sort,
                  fmt::format("order of the rows: {} (default bytes)", fmt::join(UsageSortWords(), ", ")))
      ->check(OneOf(UsageSortWords()))
      ->type_name("COLUMN");
  command.add_option("--tag", options->tag, "only tags like this: ? is any one character, * any rest")
      ->check(IsTagPattern())
      ->type_name("TAG");
  command.add_option("--driver", options->view.driver, "only tags that this driver owns")->type_name("NAME");
  command.add_option("--top", options->view.top, "rows shown (text; JSON has all; 0 is all; default 20)")
      ->type_name("N");
  command
      .add_option("--limit", options->limits,
                  "bytes that a pool may hold before it is a WARNING and CRITICAL, nonpaged=300M:500M; sets the exit "
                  "status; may be given for each pool")
      ->check(IsLimit())
      ->expected(1)
      ->multi_option_policy(CLI::MultiOptionPolicy::TakeAll)
      ->type_name("POOL=WARNING[:CRITICAL]");
  command.add_flag("--detail", options->detail,
                   "how free memory lies: size classes, largest pieces, pages nearly empty, lookaside lists");
  auto* since = command
                    .add_option("--since", options->since,
                                "older images of the same boot: rank what grew, most like a leak first")
                    ->type_name("OLD...");
  since->excludes(command.get_option("--limit"));
  AddFormatOption(command, options->format, {"text", "jsonl"});
  AddPoolTagOption(command, options->pooltag);
  AddOutputOptions(command, options->output);
  command.callback([options, &chosen] { chosen = [options] { return RunUsage(*options); }; });
}

}  // namespace poolblame::cli

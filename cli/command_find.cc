// `poolblame find IMAGE [TAG|ADDRESS]`: which blocks are these, and where do they lie?
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/escape.h"
#include "cli/options.h"
#include "cli/progress.h"
#include "cli/render_find.h"
#include "cli/usage_view.h"

namespace poolblame::cli {
namespace {

struct FindOptions {
  ImageOptions image;
  OutputOptions output;
  BlockQuery query;
  std::string what, format;
  std::vector<std::string> pooltag;
  bool hex = false;
  std::optional<std::size_t> top;
};

constexpr std::size_t kLongestTag = 4;

/// One to four characters are a tag, anything longer an address: no kernel address is that short.
std::string ReadQuery(std::string& what) {
  if (what.size() > kLongestTag ? ParseAddress(what).has_value() : ParseTagPattern(what).has_value()) return "";
  return "'" + Escaped(what) + "' is neither a tag (one to four characters) nor an address";
}

BlockQuery QueryOf(const FindOptions& options) {
  BlockQuery query = options.query;
  if (options.what.size() > kLongestTag)
    query.address = VirtAddr{*ParseAddress(options.what)};
  else if (!options.what.empty())
    query.tag = ParseTagPattern(options.what);
  return query;
}

/// Nothing was found: that is an answer where everything was looked at.
bool SawEverything(const Analysis& analysis, const BlockCoverage& coverage) {
  const PoolCensus& census = analysis.facts.census;
  return coverage.pages_left_out == 0 && census.pages_unreadable == 0 && !analysis.image.pages().empty();
}

ExitStatus RunFind(const FindOptions& options) {
  if (options.what.empty() && options.query.driver.empty()) {
    Complain("find: TAG, ADDRESS or --driver is needed");
    return ExitStatus::kUsage;
  }
  const LoadedTags tags = LoadTags(options.pooltag);
  if (!tags) return tags.error();
  const Result<std::unique_ptr<Analysis>> scanned = ScanShowingProgress(options.image);
  if (!scanned) return Failed(options.image.path, scanned.error());
  const Analysis& analysis = **scanned;
  const bool text = options.format == "text";
  constexpr std::size_t kFewBlocks = 100;
  FindList list(analysis.space, text ? FindForm::kText : FindForm::kJsonLines, options.hex,
                options.top.value_or(text ? kFewBlocks : 0));
  const BlockCoverage coverage = FindBlocks(analysis.space, analysis.facts.system, analysis.facts.census, *tags,
                                            QueryOf(options), [&](const FoundBlock& found) { list.Add(found); });
  ExitStatus status = ExitStatus::kClean;
  if (list.count() == 0) status = SawEverything(analysis, coverage) ? ExitStatus::kFound : ExitStatus::kInconclusive;
  return Deliver(list.Finish(analysis.facts, coverage), options.output.file, status);
}

}  // namespace

void AddFindCommand(CLI::App& program, ChosenCommand& chosen) {
  auto options = std::make_shared<FindOptions>();
  CLI::App& command =
      *program.add_subcommand("find", "every block of a tag or driver, or the one that holds an address");
  AddImageOptions(command, options->image);
  command
      .add_option("TAG|ADDRESS", options->what,
                  "up to four characters are a tag (? is any one, * any rest), more an address")
      ->check(CLI::Validator(ReadQuery, ""))
      ->type_name("");
  command.add_option("--driver", options->query.driver, "blocks of tags that this driver owns")->type_name("NAME");
  command.add_flag("--free", options->query.with_free, "free blocks, too: they may keep their last owner's tag");
  command.add_flag("--hex", options->hex, "the first bytes of each block");
  command.add_option("--top", options->top, "blocks shown (0 is all; default 100 as text, all as JSON Lines)")
      ->type_name("N");
  AddFormatOption(command, options->format, {"text", "jsonl"});
  AddPoolTagOption(command, options->pooltag);
  AddOutputOptions(command, options->output);
  command.callback([options, &chosen] { chosen = [options] { return RunFind(*options); }; });
}

}  // namespace poolblame::cli

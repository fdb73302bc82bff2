// `poolblame tag TAG…`: whose tag is it? With --image also by the code of the drivers in that image.
#include <algorithm>

#include "cli/analysis.h"
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/render_tag.h"
#include "cli/render_tag_code.h"
#include "heuristics/code_owner.h"

namespace poolblame::cli {
namespace {

struct TagOptions {
  std::vector<std::string> tags, pooltag;
  std::string image, format;
  TagQuery query;  // driver and vendor
  std::size_t top = 100;

  /// Rows are asked for, and not what is known of a tag.
  [[nodiscard]] bool Searches() const {
    const auto is_wildcard = [](const std::string& typed) { return TypedWildcard(typed).has_value(); };
    return !query.empty() || std::any_of(tags.begin(), tags.end(), is_wildcard);
  }
};

/// One answer behind the other, in the form that was asked for.
class TagReport {
 public:
  explicit TagReport(const TagOptions& options) : options_(options), head_(TagJsonHead(options.image)) {}

  void Add(const std::string& text, const std::vector<Json>& records, bool found) {
    text_ += text;
    records_.insert(records_.end(), records.begin(), records.end());
    all_found_ = all_found_ && found;
  }

  [[nodiscard]] ExitStatus End() const {
    const ExitStatus status = all_found_ ? ExitStatus::kClean : ExitStatus::kFound;
    if (options_.format == "text") return Deliver(text_, "", status);
    if (options_.format == "json") {
      Json document = head_;
      document["answers"] = records_;
      return Deliver(document.dump(2, ' ', true, Json::error_handler_t::replace) + "\n", "", status);
    }
    Json head{{"schema", head_["schema"]}, {"record", "tags"}};
    head.update(head_);
    head["answers"] = records_.size();
    std::string lines = JsonLine(head);
    for (const Json& record : records_) lines += JsonLine(record);
    return Deliver(lines, "", status);
  }

 private:
  const TagOptions& options_;
  Json head_;
  std::string text_;
  std::vector<Json> records_;
  bool all_found_ = true;
};

/// The pattern of a word: exactly the tag where it is no wildcard. Nothing for what no tag can be.
std::optional<TagPattern> PatternOf(const std::string& typed) {
  if (const auto wildcard = TypedWildcard(typed)) return wildcard;
  const auto tag = TypedTag(typed);
  return tag ? std::optional(TagPattern::Exact(*tag)) : std::nullopt;
}

ExitStatus AnswerWithImage(const TagOptions& options, const TagDatabase& tags) {
  Result<Image> image = Image::Open(options.image, {});
  if (!image) return Failed(options.image, image.error());
  const AddressSpace space(*image);
  std::vector<PoolTag> wanted;
  for (const std::string& typed : options.tags)
    if (const auto tag = TypedTag(typed)) wanted.push_back(*tag);
  const auto [system, search] = SearchImageCode(space, ReadSystem(space), wanted);
  TagReport report(options);
  for (const std::string& typed : options.tags) {
    const TagAnswer answer = AnswerTag(typed, tags);
    if (!answer.tag) {
      report.Add(TagText(answer), {TagJson(answer, nullptr)}, false);
      continue;
    }
    const bool named = NamedByCode(RankByCode(*answer.tag, search, system, tags)) != nullptr;
    report.Add(TagText(answer) + RenderTagCode(*answer.tag, search, system, tags),
               {TagJson(answer, TagCodeJson(*answer.tag, search, system, tags))}, named || !answer.entries.empty());
  }
  return report.End();
}

std::vector<TagPattern> PatternsOf(const std::vector<std::string>& words) {
  std::vector<TagPattern> patterns;
  for (const std::string& typed : words)
    if (const auto pattern = PatternOf(typed)) patterns.push_back(*pattern);
  return patterns;
}

/// Tags of the pool that have allocated blocks, those of most blocks first.
std::vector<TagCount> CountsOf(const PoolCensus& census) {
  std::vector<TagCount> counts;
  for (const auto& [tag, statistics] : census.tags)
    if (statistics.allocated > 0 && tag.plausible()) counts.push_back({tag, statistics.allocated});
  std::stable_sort(counts.begin(), counts.end(),
                   [](const TagCount& a, const TagCount& b) { return a.allocated > b.allocated; });
  return counts;
}

/// The tags of the pool, or those that are searched for.
ExitStatus AnswerForPool(const TagOptions& options, const TagDatabase& tags) {
  const std::vector<TagPattern> patterns = PatternsOf(options.tags);
  if (patterns.size() < options.tags.size()) {
    Complain("tag: a tag has one to four characters, or eight hex digits");
    return ExitStatus::kUsage;
  }
  const Result<std::unique_ptr<Analysis>> analysis = ScanImage(options.image, {});
  if (!analysis) return Failed(options.image, analysis.error());
  const ImageReport& facts = (*analysis)->facts;
  const std::vector<TagCount> counts = CountsOf(facts.census);
  std::vector<PoolTag> wanted;
  for (const TagCount& count : counts) wanted.push_back(count.tag);
  const CodeOfImage code = SearchImageCode((*analysis)->space, facts.system, wanted);
  const std::vector<NamedTag> named = NameTags(counts, patterns, options.query, code.search, code.system, tags);
  TagReport report(options);
  report.Add(RenderAllTagCode(named, code.search, code.system), AllTagCodeJson(named, code.system),
             !named.empty() || !options.Searches());
  return report.End();
}

void Search(const std::string& typed, const TagOptions& options, const TagDatabase& tags, TagReport& report) {
  TagSearchAnswer answer{typed, options.query, {}};
  answer.query.tag = PatternOf(typed);
  answer.rows = SearchTagRows(tags, answer.query);
  report.Add(TagSearchText(answer, options.top), TagSearchJson(answer), !answer.rows.empty());
}

ExitStatus AnswerByTable(const TagOptions& options, const TagDatabase& tags) {
  TagReport report(options);
  if (options.tags.empty()) Search("", options, tags, report);
  for (const std::string& typed : options.tags) {
    if (PatternOf(typed) && (TypedWildcard(typed) || !options.query.empty())) {
      Search(typed, options, tags, report);
      continue;
    }
    const TagAnswer answer = AnswerTag(typed, tags);
    report.Add(TagText(answer), {TagJson(answer, nullptr)}, !answer.entries.empty());
  }
  return report.End();
}

ExitStatus RunTag(const TagOptions& options) {
  if (options.tags.empty() && options.image.empty() && options.query.empty()) {
    Complain("tag: TAG, --driver, --vendor or --image is needed");
    return ExitStatus::kUsage;
  }
  const LoadedTags tags = LoadTags(options.pooltag);
  if (!tags) return tags.error();
  if (options.image.empty()) return AnswerByTable(options, *tags);
  return options.tags.empty() || options.Searches() ? AnswerForPool(options, *tags) : AnswerWithImage(options, *tags);
}

}  // namespace

void AddTagCommand(CLI::App& program, ChosenCommand& chosen) {
  auto options = std::make_shared<TagOptions>();
  CLI::App& command = *program.add_subcommand("tag", "who owns a pool tag, and which tags has a driver or vendor");
  command
      .add_option("TAG", options->tags,
                  "one to four characters as they lie in memory (? is any one, * any rest), or eight hex digits; none "
                  "with --image: all of its pool")
      ->type_name("");
  command
      .add_option("--driver", options->query.driver,
                  "only tags of this driver, with or without .sys; * and ? stand for any characters")
      ->type_name("NAME");
  command
      .add_option("--vendor", options->query.vendor,
                  "only tags of vendors with this in their name, or like this with * and ?")
      ->type_name("NAME");
  command
      .add_option("--image", options->image,
                  "ask the code of the drivers in this image, too; a search is then one of its pool's tags")
      ->type_name("FILE");
  command.add_option("--top", options->top, "rows of a search shown (text; JSON has all; 0 is all; default 100)")
      ->type_name("N");
  AddFormatOption(command, options->format, {"text", "json", "jsonl"});
  AddPoolTagOption(command, options->pooltag);
  command.callback([options, &chosen] { chosen = [options] { return RunTag(*options); }; });
}

}  // namespace poolblame::cli

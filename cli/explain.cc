#include "cli/explain.h"

#include <fmt/format.h>

#include <algorithm>
#include <cmath>
#include <string>

#include "cli/incident_words.h"
#include "heuristics/weight_names.h"

namespace poolblame::cli {
namespace {

constexpr int kDecimals = 6;  // sums of many votes still add up

/// Numbers of a column of hundredths whose last line is their sum: each takes over what the ones above it were rounded
/// by.
class Column {
 public:
  std::string Next(double value) {
    exact_ += value;
    const double total = std::round(exact_ * 100);
    const double step = total - printed_;
    printed_ = total;
    return Cell(step);
  }
  [[nodiscard]] std::string Sum() const { return Cell(printed_); }

 private:
  static std::string Cell(double hundredths) { return fmt::format("{:>+8.2f}", hundredths / 100 + 0.0); }
  double exact_ = 0, printed_ = 0;
};

std::string StandingText(const ExplainedVote& vote) {
  if (vote.standing == VoteStanding::kCounts) return "";
  return fmt::format(" [{}, {:+.2f} by itself]", VoteStandingName(vote.standing), vote.evidence.log_odds);
}

void WriteVote(TextWriter& out, Column& column, const ExplainedVote& vote) {
  const WeightRow& row = WeightOf(vote.weight);
  out.Sentence(fmt::format("   {}  {:<10} ", column.Next(vote.share), SignalGroupName(row.group)),
               fmt::format("{} ({:+.2f} x {:.2f}){}: {}", WeightName(vote.weight), row.log_odds, vote.strength,
                           StandingText(vote), vote.evidence.text));
}

void WriteHypothesis(TextWriter& out, const Incident& incident, const ExplainedHypothesis& h, std::size_t number) {
  Suspect suspect;
  suspect.kind = h.kind;
  suspect.role = h.role;
  suspect.block = h.block;
  std::string what = SuspectText(incident, suspect);
  if (h.role == SuspectRole::kUnknown && h.kind == FaultKind::kUnknown) what = "none of these";
  out.Blank();
  out.Line(fmt::format("  {}. {:>5}  {}", number, Percent(h.probability), what));
  if (h.write)
    out.Line(fmt::format("             bytes {} to {}", AddressText(h.write->begin), AddressText(h.write->end)));
  Column column;
  const WeightRow& prior = WeightOf(h.prior);
  out.Sentence(fmt::format("   {}  {:<10} ", column.Next(prior.log_odds), SignalGroupName(prior.group)),
               fmt::format("{}: {}", WeightName(h.prior), prior.earned));
  for (const ExplainedVote& vote : h.votes) WriteVote(out, column, vote);
  out.Line(fmt::format("   {}  sum", column.Sum()));
}

void WriteTests(TextWriter& out, const Incident& incident) {
  out.Blank();
  for (const Confidence word : {Confidence::kStrong, Confidence::kSuspect}) {
    const auto of_word = [word](const ConfidenceTest& test) { return test.word == word; };
    const auto& tests = incident.explanation.tests;
    if (std::none_of(tests.begin(), tests.end(), of_word)) continue;
    out.Line(fmt::format("  '{}' takes", ConfidenceName(word)));
    for (const ConfidenceTest& test : tests)
      if (test.word == word) out.Sentence(test.met ? "    + " : "    - missing: ", test.text);
  }
  out.Line(fmt::format("  so this incident is '{}'", ConfidenceName(incident.confidence)));
}

Json VoteJson(const ExplainedVote& vote) {
  const WeightRow& row = WeightOf(vote.weight);
  return Json{{"signal", vote.evidence.signal},
              {"row", WeightName(vote.weight)},
              {"group", SignalGroupName(row.group)},
              {"earned", std::string(row.earned)},
              {"weight", row.log_odds},
              {"strength", JsonRounded(vote.strength, kDecimals)},
              {"log_odds", JsonRounded(vote.evidence.log_odds, kDecimals)},
              {"standing", VoteStandingName(vote.standing)},
              {"share", JsonRounded(vote.share, kDecimals)},
              {"address", vote.evidence.address ? JsonAddress(*vote.evidence.address) : Json(nullptr)},
              {"text", vote.evidence.text}};
}

Json HypothesisJson(const ExplainedHypothesis& h) {
  const WeightRow& prior = WeightOf(h.prior);
  Json votes = Json::array();
  for (const ExplainedVote& vote : h.votes) votes.push_back(VoteJson(vote));
  return Json{
      {"kind", FaultKindName(h.kind)},
      {"role", SuspectRoleName(h.role)},
      {"block", JsonBlock(h.block)},
      {"write",
       h.write ? Json{{"start", JsonAddress(h.write->begin)}, {"end", JsonAddress(h.write->end)}} : Json(nullptr)},
      {"prior",
       Json{{"row", WeightName(h.prior)}, {"earned", std::string(prior.earned)}, {"log_odds", prior.log_odds}}},
      {"votes", votes},
      {"log_odds", JsonRounded(h.log_odds, kDecimals)},
      {"probability", JsonRounded(h.probability, kDecimals)},
  };
}

}  // namespace

void WriteExplanations(TextWriter& out, const Report& report, const ExplainChoice& choice) {
  for (const Incident& incident : report.incidents) {
    if (!choice.Includes(incident)) continue;
    out.Heading(fmt::format("how incident {} was weighed", incident.id));
    out.Sentence(
        "  ",
        "log-odds of each explanation: its prior and what each signal said; of the votes of one group the best "
        "and the worst count. The probabilities are the softmax of the sums.");
    for (std::size_t i = 0; i < incident.explanation.hypotheses.size(); ++i)
      WriteHypothesis(out, incident, incident.explanation.hypotheses[i], i + 1);
    WriteTests(out, incident);
  }
}

Json JsonExplanation(const Incident& incident) {
  Json hypotheses = Json::array(), tests = Json::array();
  for (const ExplainedHypothesis& h : incident.explanation.hypotheses) hypotheses.push_back(HypothesisJson(h));
  for (const ConfidenceTest& test : incident.explanation.tests)
    tests.push_back(Json{{"word", ConfidenceName(test.word)}, {"test", test.text}, {"met", test.met}});
  return Json{{"hypotheses", hypotheses},
              {"confidence", Json{{"word", ConfidenceName(incident.confidence)}, {"tests", tests}}}};
}

}  // namespace poolblame::cli

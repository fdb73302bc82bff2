#include "tests/evaluation/confusion.h"

namespace poolblame::evaluation {

void Confusion::Add(const Outcome& outcome) {
  Row& row = rows_[outcome.truth.kind];
  const bool silent = outcome.incidents.empty();
  const bool unsure = !silent && outcome.incidents.front().confidence == Confidence::kInsufficient;
  ConfusionCell& cell = row[silent ? "none" : FaultKindName(outcome.incidents.front().kind)];
  ++(unsure ? cell.insufficient : cell.told);
  if (outcome.clean()) return;
  KindCount& kind = kinds_[outcome.truth.kind];
  const bool told = !silent && !unsure;
  kind.images += 1;
  kind.right += outcome.KindRight() ? 1 : 0;
  kind.told += told ? 1 : 0;
  kind.told_right += told && outcome.KindRight() ? 1 : 0;
}

ConfusionCell Confusion::At(const std::string& truth, const std::string& told) const {
  const auto row = rows_.find(truth);
  if (row == rows_.end()) return {};
  const auto cell = row->second.find(told);
  return cell == row->second.end() ? ConfusionCell{} : cell->second;
}

KindCount Confusion::AllKinds() const {
  KindCount sum;
  for (const auto& [name, kind] : kinds_) {
    sum.images += kind.images;
    sum.right += kind.right;
    sum.told += kind.told;
    sum.told_right += kind.told_right;
  }
  return sum;
}

}  // namespace poolblame::evaluation

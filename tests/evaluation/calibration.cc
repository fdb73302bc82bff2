#include "tests/evaluation/calibration.h"

#include <algorithm>
#include <cmath>

namespace poolblame::evaluation {

void Calibration::Add(double probability, bool guilty) {
  const double clamped = std::clamp(probability, 0.0, 1.0);
  const auto index = std::min(static_cast<std::size_t>(clamped * kBins), kBins - 1);
  Bin& bin = bins_[index];
  ++bin.count;
  bin.guilty += guilty ? 1 : 0;
  bin.probability_sum += clamped;
}

std::uint64_t Calibration::count() const {
  std::uint64_t sum = 0;
  for (const Bin& bin : bins_) sum += bin.count;
  return sum;
}

double Calibration::ExpectedError() const {
  const std::uint64_t total = count();
  if (total == 0) return 0;
  double error = 0;
  for (const Bin& bin : bins_)
    error += std::abs(static_cast<double>(bin.guilty) - bin.probability_sum) / static_cast<double>(total);
  return error;
}

}  // namespace poolblame::evaluation

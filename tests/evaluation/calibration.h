// Whether a printed probability means what it says: of all suspects printed with about 0.8, about 80 % must be guilty.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>

namespace poolblame::evaluation {

class Calibration {
 public:
  static constexpr std::size_t kBins = 10;
  struct Bin {
    std::uint64_t count = 0;
    std::uint64_t guilty = 0;
    double probability_sum = 0;
    [[nodiscard]] double mean_probability() const { return count == 0 ? 0 : probability_sum / Size(); }
    [[nodiscard]] double share_guilty() const { return count == 0 ? 0 : static_cast<double>(guilty) / Size(); }

   private:
    [[nodiscard]] double Size() const { return static_cast<double>(count); }
  };

  /// `probability` from 0 to 1; 1 belongs to the last bin.
  void Add(double probability, bool guilty);
  /// Expected calibration error: the gap between mean probability and share of guilty, weighted by bin. 0 when empty.
  /// Source: Naeini, Cooper, Hauskrecht, "Obtaining Well Calibrated Probabilities Using Bayesian Binning", AAAI 2015.
  [[nodiscard]] double ExpectedError() const;
  [[nodiscard]] const std::array<Bin, kBins>& bins() const { return bins_; }
  [[nodiscard]] std::uint64_t count() const;

 private:
  std::array<Bin, kBins> bins_{};
};

}  // namespace poolblame::evaluation

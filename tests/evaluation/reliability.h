// The reliability diagram: printed probability against share of guilty, as a picture.
#pragma once

#include <string>

#include "tests/evaluation/calibration.h"

namespace poolblame::evaluation {

/// One SVG with two panels, first suspects and all suspects: the diagonal, one dot a bin at (mean probability, share of
/// guilty) whose line spans what chance leaves open (two standard errors), and below it a histogram of the counts on a
/// logarithmic scale. Same counts, same bytes. `title` is printed as it is and must not hold markup.
std::string ReliabilitySvg(const Calibration& first, const Calibration& all, const std::string& title);

}  // namespace poolblame::evaluation

// "Did you mean": the nearest of the right words to a wrong one.
#pragma once

#include <string>
#include <string_view>
#include <vector>

namespace poolblame::cli {

/// The candidate with the smallest edit distance to `word`; empty when none is near (more than a third of the letters
/// differ). Ties go to the first.
std::string Nearest(std::string_view word, const std::vector<std::string>& candidates);

/// ", did you mean 'json'?" or nothing.
std::string DidYouMean(std::string_view word, const std::vector<std::string>& candidates);

}  // namespace poolblame::cli

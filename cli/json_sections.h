// The sections that the report and `info` share, and how their values are written.
#pragma once

#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <vector>

#include "cli/analysis.h"

namespace poolblame::cli {

using Json = nlohmann::ordered_json;

/// "0x%016x".
Json JsonAddress(std::uint64_t address);
/// Two hex digits a byte, without spaces.
std::string JsonHex(const std::vector<std::uint8_t>& bytes);
/// A document of JSON Lines, with its line end; everything that is not ASCII is escaped.
std::string JsonLine(const Json& document);
/// A string, or null when it is empty.
Json JsonText(const std::string& text);
/// Rounded to so many decimals; never "-0.0".
double JsonRounded(double value, int decimals);
/// Probabilities with four decimals. Where they added up to 1 before rounding they do so after it: the first (largest)
/// takes the difference.
std::vector<double> JsonShares(const std::vector<double>& probabilities);

/// null where there is none.
Json JsonBlock(const std::optional<BlockReference>& block);
Json JsonTool();
Json JsonImage(const ImageReport& facts);
/// null where the image carries none.
Json JsonBugCheck(const ImageReport& facts);
Json JsonCoverage(const ImageReport& facts);

}  // namespace poolblame::cli

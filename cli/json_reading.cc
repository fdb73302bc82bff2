#include "cli/json_reading.h"

#include <algorithm>
#include <charconv>
#include <cmath>

namespace poolblame::cli {
namespace {

constexpr std::size_t kDeepest = 32;  // a report has nine levels

/// Brackets that are open at once. Those in strings are tags' and paths'.
std::size_t DepthOf(std::string_view text) {
  std::size_t depth = 0, deepest = 0;
  bool in_string = false;
  for (std::size_t i = 0; i < text.size(); ++i) {
    const char c = text[i];
    if (c == '"') in_string = !in_string;
    if (in_string) {
      if (c == '\\') ++i;  // what follows does not end the string
      continue;
    }
    if (c == '{' || c == '[') deepest = std::max(deepest, ++depth);
    if ((c == '}' || c == ']') && depth > 0) --depth;
  }
  return deepest;
}

/// Digits that fill `text`.
std::optional<std::uint64_t> HexNumber(std::string_view text) {
  std::uint64_t value = 0;
  const auto [end, error] = std::from_chars(text.data(), text.data() + text.size(), value, 16);
  if (text.empty() || error != std::errc() || end != text.data() + text.size()) return std::nullopt;
  return value;
}

}  // namespace

std::optional<ReadJson> ParseJson(std::string_view text) {
  if (DepthOf(text) > kDeepest) return std::nullopt;
  ReadJson json = ReadJson::parse(text, nullptr, false);
  if (json.is_discarded()) return std::nullopt;
  return json;
}

const ReadJson& Member(const ReadJson& json, const char* name) {
  static const ReadJson kNone;
  if (!json.is_object()) return kNone;
  const auto found = json.find(name);
  return found == json.end() ? kNone : *found;
}

std::vector<const ReadJson*> Items(const ReadJson& list, std::size_t most) {
  std::vector<const ReadJson*> items;
  if (!list.is_array()) return items;
  for (const ReadJson& item : list)
    if (items.size() < most) items.push_back(&item);
  return items;
}

std::string TextOf(const ReadJson& value, std::size_t longest) {
  if (!value.is_string() || value.get_ref<const std::string&>().size() > longest) return {};
  return value.get_ref<const std::string&>();
}

std::optional<std::uint64_t> NumberOf(const ReadJson& value, std::uint64_t most) {
  if (!value.is_number_unsigned() || value.get<std::uint64_t>() > most) return std::nullopt;
  return value.get<std::uint64_t>();
}

std::optional<std::int64_t> SignedOf(const ReadJson& value, std::int64_t most) {
  if (!value.is_number_integer()) return std::nullopt;
  if (value.is_number_unsigned() && value.get<std::uint64_t>() > static_cast<std::uint64_t>(most)) return std::nullopt;
  const auto number = value.get<std::int64_t>();
  if (number > most || number < -most) return std::nullopt;
  return number;
}

std::optional<double> RealOf(const ReadJson& value, double low, double high) {
  if (!value.is_number()) return std::nullopt;
  const double number = value.get<double>();
  if (!std::isfinite(number) || number < low || number > high) return std::nullopt;
  return number;
}

std::optional<std::uint64_t> AddressOf(const ReadJson& value) {
  const std::string text = TextOf(value, 32);
  if (!text.starts_with("0x")) return std::nullopt;
  return HexNumber(std::string_view(text).substr(2));
}

std::vector<std::uint8_t> BytesOf(const ReadJson& value, std::size_t most) {
  constexpr std::size_t kLongest = 4096;  // of the lists of bytes in a report none is longer
  const std::string text = TextOf(value, kLongest);
  std::vector<std::uint8_t> bytes;
  for (std::size_t i = 0; i + 1 < text.size() && bytes.size() < most; i += 2) {
    const auto byte = HexNumber(std::string_view(text).substr(i, 2));
    if (!byte) return {};
    bytes.push_back(static_cast<std::uint8_t>(*byte));
  }
  return bytes;
}

}  // namespace poolblame::cli

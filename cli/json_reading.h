// Values of a JSON document that somebody else wrote: each is asked for by name and type, and what is not there, is of
// another type or out of range is nothing.
#pragma once

#include <cstdint>
#include <nlohmann/json.hpp>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

namespace poolblame::cli {

using ReadJson = nlohmann::json;

inline constexpr std::size_t kMostModules = 2048;                     // of one image; some 200 are usual
inline constexpr std::size_t kLongestPath = 4096, kLongestName = 64;  // bytes

/// A whole document; nothing where it is none, or is nested deeper than any of ours.
std::optional<ReadJson> ParseJson(std::string_view text);

/// The member `name` of an object; a null value where `json` has none.
const ReadJson& Member(const ReadJson& json, const char* name);
/// A list's values, at most `most`; empty where it is no list.
std::vector<const ReadJson*> Items(const ReadJson& list, std::size_t most);

/// A string; empty where it has more than `longest` bytes.
std::string TextOf(const ReadJson& value, std::size_t longest);
/// A whole number from 0 to `most`.
std::optional<std::uint64_t> NumberOf(const ReadJson& value, std::uint64_t most = UINT64_MAX);
/// A whole number whose size is at most `most`.
std::optional<std::int64_t> SignedOf(const ReadJson& value, std::int64_t most);
/// A finite number from `low` to `high`.
std::optional<double> RealOf(const ReadJson& value, double low, double high);
/// "0x…", at most 16 digits.
std::optional<std::uint64_t> AddressOf(const ReadJson& value);
/// Two digits a byte, at most `most` bytes.
std::vector<std::uint8_t> BytesOf(const ReadJson& value, std::size_t most);

}  // namespace poolblame::cli

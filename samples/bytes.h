// Little-endian numbers in plain byte buffers: the builder's pen. Callers own the bounds; the buffers are ours.
#pragma once

#include <cstddef>
#include <cstdint>
#include <span>
#include <string_view>
#include <vector>

namespace poolblame::samples {

using Bytes = std::vector<std::uint8_t>;

template <typename T>
void Store(std::uint8_t* at, T value) {
  for (std::size_t i = 0; i < sizeof(T); ++i) at[i] = static_cast<std::uint8_t>(value >> (8 * i));
}
template <typename T>
T Load(const std::uint8_t* at) {
  T value = 0;
  for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>(value | (static_cast<T>(at[i]) << (8 * i)));
  return value;
}

inline void Put8(std::span<std::uint8_t> out, std::size_t at, unsigned value) {
  out[at] = static_cast<std::uint8_t>(value);
}
inline void Put16(std::span<std::uint8_t> out, std::size_t at, std::uint64_t value) {
  Store(&out[at], static_cast<std::uint16_t>(value));
}
inline void Put32(std::span<std::uint8_t> out, std::size_t at, std::uint64_t value) {
  Store(&out[at], static_cast<std::uint32_t>(value));
}
inline void Put64(std::span<std::uint8_t> out, std::size_t at, std::uint64_t value) { Store(&out[at], value); }
inline void PutText(std::span<std::uint8_t> out, std::size_t at, std::string_view text) {
  for (std::size_t i = 0; i < text.size(); ++i) out[at + i] = static_cast<std::uint8_t>(text[i]);
}

/// Four characters as the little-endian number a pool header holds; shorter text is padded with spaces.
constexpr std::uint32_t TagOf(std::string_view text) {
  std::uint32_t value = 0;
  for (std::size_t i = 0; i < 4; ++i) {
    const unsigned char c = i < text.size() ? static_cast<unsigned char>(text[i]) : static_cast<unsigned char>(' ');
    value |= static_cast<std::uint32_t>(c) << (8 * i);
  }
  return value;
}

}  // namespace poolblame::samples

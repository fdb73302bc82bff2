// Little-endian integers for wire structs. They are byte arrays with a value: alignof is 1, so a struct of them has no
// padding and may be copied from any offset, and the host's byte order does not matter.
#pragma once

#include <bit>
#include <cstddef>
#include <cstdint>
#include <type_traits>

namespace poolblame {

template <typename T>
class Le {
  static_assert(std::is_unsigned_v<T>);

 public:
  constexpr Le() = default;
  constexpr Le(T value) { set(value); }  // implicit: a wire field is assigned like the integer it stands for

  constexpr operator T() const {
    // Compilers do not see one load in the loop below, and page tables are read by the hundred million.
    if constexpr (std::endian::native == std::endian::little) return std::bit_cast<T>(bytes_);
    T value = 0;
    for (std::size_t i = 0; i < sizeof(T); ++i) value = static_cast<T>(value | (static_cast<T>(bytes_[i]) << (8 * i)));
    return value;
  }

  constexpr void set(T value) {
    for (std::size_t i = 0; i < sizeof(T); ++i) bytes_[i] = static_cast<std::uint8_t>(value >> (8 * i));
  }

 private:
  std::uint8_t bytes_[sizeof(T)] = {};
};

using Le16 = Le<std::uint16_t>;
using Le32 = Le<std::uint32_t>;
using Le64 = Le<std::uint64_t>;

static_assert(sizeof(Le64) == 8 && alignof(Le64) == 1);

}  // namespace poolblame

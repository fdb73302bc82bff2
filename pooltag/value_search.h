// Looks for many 4-byte values at once, at every byte.
#pragma once

#include <algorithm>
#include <bitset>
#include <cstdint>
#include <vector>

#include "parser/base/byte_view.h"
#include "parser/base/little_endian.h"

namespace poolblame {

class ValueSearch {
 public:
  explicit ValueSearch(std::vector<std::uint32_t> values) : values_(std::move(values)) {
    std::sort(values_.begin(), values_.end());
    for (const std::uint32_t value : values_) may_be_.set(Key(value));
  }

  [[nodiscard]] bool Has(std::uint32_t value) const {
    return may_be_.test(Key(value)) && std::binary_search(values_.begin(), values_.end(), value);
  }

  /// Calls `found(offset, value)` for each place, in order. Cost: some two nanoseconds a byte.
  template <typename Found>
  void In(ByteView bytes, Found&& found) const {
    for (std::size_t i = 0; i + 4 <= bytes.size(); ++i) {
      Le32 value;
      std::memcpy(&value, bytes.data() + i, sizeof(value));
      if (Has(value)) found(i, std::uint32_t{value});
    }
  }

 private:
  static constexpr unsigned kKeyBits = 16;  // 8 KiB: stays in the first cache
  static std::size_t Key(std::uint32_t value) { return value * 0x9E3779B1U >> (32 - kKeyBits); }

  std::vector<std::uint32_t> values_;
  std::bitset<std::size_t{1} << kKeyBits> may_be_;
};

}  // namespace poolblame

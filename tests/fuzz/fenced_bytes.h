// Bytes with a fence behind them that the address sanitizer sees: as good at finding a read behind the end as a copy of
// exactly that length, and for every length of one image far cheaper. Without that sanitizer it is a plain buffer.
#pragma once

#include <sanitizer/asan_interface.h>

#include <algorithm>
#include <cstddef>
#include <cstdint>
#include <utility>
#include <vector>

#include "parser/base/byte_view.h"

namespace poolblame::fuzz {

class FencedBytes {
 public:
  explicit FencedBytes(std::vector<std::uint8_t> bytes) : bytes_(std::move(bytes)) {}
  ~FencedBytes() { ASAN_UNPOISON_MEMORY_REGION(bytes_.data(), bytes_.capacity()); }
  FencedBytes(const FencedBytes&) = delete;
  FencedBytes& operator=(const FencedBytes&) = delete;

  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  /// The first `length` bytes (all, when there are fewer); what follows them may not be touched until the next call,
  /// not even what the vector has in reserve.
  ByteView First(std::size_t length) {
    length = std::min(length, bytes_.size());
    ASAN_UNPOISON_MEMORY_REGION(bytes_.data(), length);
    ASAN_POISON_MEMORY_REGION(bytes_.data() + length, bytes_.capacity() - length);
    return {bytes_.data(), length};
  }

 private:
  std::vector<std::uint8_t> bytes_;
};

}  // namespace poolblame::fuzz

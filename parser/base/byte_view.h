// The one way to look at bytes that somebody else wrote. Every access is checked in the one shape that cannot wrap.
#pragma once

#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <string>
#include <type_traits>

#include "parser/base/error.h"

namespace poolblame {

/// Read-only bytes that live elsewhere (a mapping, a buffer). Views only shrink. Copying is free.
class ByteView {
 public:
  constexpr ByteView() = default;
  constexpr ByteView(const std::uint8_t* data, std::size_t size) : data_(data), size_(size) {}
  constexpr ByteView(std::span<const std::uint8_t> bytes) : data_(bytes.data()), size_(bytes.size()) {}

  [[nodiscard]] constexpr const std::uint8_t* data() const { return data_; }
  [[nodiscard]] constexpr std::size_t size() const { return size_; }
  [[nodiscard]] constexpr bool empty() const { return size_ == 0; }
  [[nodiscard]] constexpr std::span<const std::uint8_t> span() const { return {data_, size_}; }
  [[nodiscard]] constexpr const std::uint8_t* begin() const { return data_; }
  [[nodiscard]] constexpr const std::uint8_t* end() const { return data_ + size_; }
  /// The byte at `index`, which the caller has checked to be below size().
  [[nodiscard]] constexpr std::uint8_t operator[](std::size_t index) const { return data_[index]; }

  /// True when `length` bytes lie at `offset`.
  [[nodiscard]] constexpr bool Contains(std::uint64_t offset, std::uint64_t length) const {
    return offset <= size_ && length <= size_ - offset;
  }

  /// `length` bytes at `offset`; kTruncated with both numbers, naming `what`, when they are not all there.
  [[nodiscard]] Result<ByteView> Slice(std::uint64_t offset, std::uint64_t length, const char* what) const {
    if (!Contains(offset, length))
      return Fail(ErrorKind::kTruncated, what, offset, length, offset <= size_ ? size_ - offset : 0);
    return ByteView(data_ + offset, static_cast<std::size_t>(length));
  }

  /// A wire struct copied out from `offset`; kTruncated when it is not all there.
  template <typename T>
  [[nodiscard]] Result<T> Read(std::uint64_t offset, const char* what) const {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) == 1);
    if (!Contains(offset, sizeof(T)))
      return Fail(ErrorKind::kTruncated, what, offset, sizeof(T), offset <= size_ ? size_ - offset : 0);
    T value;
    std::memcpy(&value, data_ + offset, sizeof(T));
    return value;
  }

  /// The same without an error text, for hot paths.
  template <typename T>
  [[nodiscard]] std::optional<T> TryRead(std::uint64_t offset) const {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) == 1);
    if (!Contains(offset, sizeof(T))) return std::nullopt;
    T value;
    std::memcpy(&value, data_ + offset, sizeof(T));
    return value;
  }

 private:
  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace poolblame

// Errors are values that carry facts; only cli/ turns them into a sentence.
#pragma once

#include <cstdint>
#include <string>
#include <tl/expected.hpp>
#include <utility>

namespace poolblame {

enum class ErrorKind {
  kTruncated,    // `what` needs `wanted` bytes at `offset`, the file has `have` left
  kBadMagic,     // the bytes at `offset` are not what the format asks for
  kUnsupported,  // a format we know by name and cannot read; `what` says the name and what to do instead
  kCorrupt,      // a field at `offset` has value `have`, only up to `wanted` makes sense
  kLimit,        // a count `have` from the file is over our named cap `wanted`
  kIo,           // the operating system said no; `what` has its words
  kUsage,        // the options given do not fit this file; `what` says why
};

/// What went wrong, where (`offset` in the decompressed image, bytes), and both numbers.
struct Error {
  ErrorKind kind = ErrorKind::kCorrupt;
  std::string what;  // noun phrase naming the part of the file: "page map", "triage driver list"
  std::uint64_t offset = 0;
  std::uint64_t wanted = 0;
  std::uint64_t have = 0;
};

/// A value or an Error. Dropping it is a compile error.
template <typename T>
class [[nodiscard]] Result : public tl::expected<T, Error> {
 public:
  using tl::expected<T, Error>::expected;
  Result(tl::expected<T, Error> base) : tl::expected<T, Error>(std::move(base)) {}
};

inline tl::unexpected<Error> Fail(ErrorKind kind, std::string what, std::uint64_t offset = 0, std::uint64_t wanted = 0,
                                  std::uint64_t have = 0) {
  return tl::unexpected<Error>(Error{kind, std::move(what), offset, wanted, have});
}

}  // namespace poolblame

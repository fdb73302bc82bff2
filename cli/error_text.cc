#include "cli/error_text.h"

#include <fmt/format.h>

#include "cli/escape.h"

namespace poolblame::cli {
namespace {

std::string Facts(const Error& error) {
  switch (error.kind) {
    case ErrorKind::kTruncated:
      return fmt::format("{} needs {} bytes at 0x{:x}, file has {} left", error.what, error.wanted, error.offset,
                         error.have);
    case ErrorKind::kBadMagic:
      return fmt::format("{} expected at 0x{:x}, other bytes found", error.what, error.offset);
    case ErrorKind::kCorrupt:
      return fmt::format("{} at 0x{:x} is {}, no more than {} makes sense", error.what, error.offset, error.have,
                         error.wanted);
    case ErrorKind::kLimit:
      return fmt::format("{} at 0x{:x} counts {}, poolblame stops at {}", error.what, error.offset, error.have,
                         error.wanted);
    case ErrorKind::kUnsupported:
    case ErrorKind::kIo:
    case ErrorKind::kUsage:
      return error.what;
  }
  return error.what;
}

}  // namespace

std::string ErrorText(const std::string& file, const Error& error) {
  return Escaped(file) + ": " + Escaped(Facts(error));
}

ExitStatus ErrorStatus(const Error& error) {
  return error.kind == ErrorKind::kUsage ? ExitStatus::kUsage : ExitStatus::kUnreadable;
}

}  // namespace poolblame::cli

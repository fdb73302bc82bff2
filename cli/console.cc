#include "cli/console.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>
#include <vector>

#include "cli/error_text.h"
#include "cli/escape.h"
#include "cli/output.h"
#include "cli/text_writer.h"

namespace poolblame::cli {
namespace {

constexpr std::size_t kMaxTagFileBytes = std::size_t{16} << 20;  // Microsoft's own is 0.4 MB

Result<std::vector<std::uint8_t>> ReadSmallFile(const std::string& path) {
  errno = 0;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!stream) return Fail(ErrorKind::kIo, std::string("cannot be opened: ") + std::strerror(errno));
  std::vector<std::uint8_t> bytes(kMaxTagFileBytes + 1);
  bytes.resize(std::fread(bytes.data(), 1, bytes.size(), stream.get()));
  if (std::ferror(stream.get()) != 0)
    return Fail(ErrorKind::kIo, std::string("cannot be read: ") + std::strerror(errno));
  if (bytes.size() > kMaxTagFileBytes)
    return Fail(ErrorKind::kLimit, "bytes of a file of tags", 0, kMaxTagFileBytes, bytes.size());
  return bytes;
}

struct TagFile {
  std::string path, driver;
};

/// FILE=DRIVER, unless a file has just that name.
TagFile TagFileOf(const std::string& typed) {
  std::error_code ignored;
  const std::size_t sign = typed.rfind('=');
  if (sign == std::string::npos || std::filesystem::exists(typed, ignored)) return {typed, ""};
  return {typed.substr(0, sign), typed.substr(sign + 1)};
}

}  // namespace

void Complain(std::string_view sentence) { fmt::print(stderr, "poolblame: {}\n", sentence); }

ExitStatus Failed(const std::string& file, const Error& error) {
  Complain(ErrorText(file, error));
  return ErrorStatus(error);
}

ExitStatus Deliver(std::string_view content, const std::string& file, ExitStatus status) {
  const WriteResult written = file.empty() ? WriteStandardOutput(content) : WriteFile(file, content);
  if (written) return status;
  if (!written.error().what.empty()) Complain(ErrorText(file.empty() ? "standard output" : file, written.error()));
  return ExitStatus::kUnreadable;
}

LoadedTags LoadTags(const std::vector<std::string>& files) {
  TagDatabase tags = TagDatabase::BuiltIn();
  for (const std::string& typed : files) {
    const TagFile file = TagFileOf(typed);
    const Result<std::vector<std::uint8_t>> bytes = ReadSmallFile(file.path);
    if (!bytes) return tl::unexpected(Failed(file.path, bytes.error()));
    const std::string name = std::filesystem::path(file.path).filename().string();
    if (const std::size_t skipped = tags.AddFile(ByteView(*bytes), name, file.driver); skipped > 0)
      Complain(fmt::format("{}: {} that cannot be read left out", Escaped(file.path), Counted(skipped, "line")));
  }
  return tags;
}

}  // namespace poolblame::cli

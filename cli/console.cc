#include "cli/console.h"

#include <fmt/format.h>

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <memory>
#include <vector>

#include "cli/error_text.h"
#include "cli/escape.h"
#include "cli/output.h"

namespace poolblame::cli {
namespace {

constexpr std::size_t kMaxPoolTagBytes = std::size_t{16} << 20;  // Microsoft's own is 0.4 MB

Result<std::vector<std::uint8_t>> ReadSmallFile(const std::string& path) {
  errno = 0;
  const std::unique_ptr<std::FILE, int (*)(std::FILE*)> stream(std::fopen(path.c_str(), "rb"), &std::fclose);
  if (!stream) return Fail(ErrorKind::kIo, std::string("cannot be opened: ") + std::strerror(errno));
  std::vector<std::uint8_t> bytes(kMaxPoolTagBytes + 1);
  bytes.resize(std::fread(bytes.data(), 1, bytes.size(), stream.get()));
  if (std::ferror(stream.get()) != 0)
    return Fail(ErrorKind::kIo, std::string("cannot be read: ") + std::strerror(errno));
  if (bytes.size() > kMaxPoolTagBytes)
    return Fail(ErrorKind::kLimit, "bytes of a pooltag.txt", 0, kMaxPoolTagBytes, bytes.size());
  return bytes;
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

Result<TagDatabase> LoadTags(const std::string& file) {
  TagDatabase tags = TagDatabase::BuiltIn();
  if (file.empty()) return tags;
  const Result<std::vector<std::uint8_t>> bytes = ReadSmallFile(file);
  if (!bytes) return tl::unexpected(bytes.error());
  tags.AddPoolTagText(ByteView(*bytes));
  return tags;
}

}  // namespace poolblame::cli

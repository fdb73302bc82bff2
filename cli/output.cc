#include "cli/output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <memory>
#include <system_error>

#include "cli/platform.h"

namespace poolblame::cli {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> CannotWrite(int error_number) {
  return Fail(ErrorKind::kIo, std::string("cannot be written: ") + std::strerror(error_number));
}

/// Writes everything and flushes; errno's value, or 0.
int WriteAll(std::FILE* stream, std::string_view content) {
  errno = 0;
  const bool written = std::fwrite(content.data(), 1, content.size(), stream) == content.size();
  if (written && std::fflush(stream) == 0) return 0;
  return errno != 0 ? errno : EIO;
}

/// Opens, writes and closes; errno's value, or 0. `mode` is fopen's.
int WriteNamed(const fs::path& path, const char* mode, std::string_view content) {
  errno = 0;
  std::FILE* stream = std::fopen(path.string().c_str(), mode);
  if (stream == nullptr) return errno;
  const int write_error = WriteAll(stream, content);
  const int close_error = std::fclose(stream) == 0 ? 0 : errno;
  return write_error != 0 ? write_error : close_error;
}

/// The file that a chain of links ends at, so that a rename replaces the file and not the link.
fs::path ResolveLinks(const fs::path& path) {
  std::error_code error;
  const fs::path resolved = fs::weakly_canonical(path, error);
  return error ? path : resolved;
}

}  // namespace

WriteResult WriteStandardOutput(std::string_view content) {
  const int error = WriteAll(stdout, content);
  if (error == 0) return std::monostate{};
  if (error == EPIPE) return Fail(ErrorKind::kIo, "");
  return CannotWrite(error);
}

WriteResult WriteFile(const std::string& path, std::string_view content) {
  const fs::path target = ResolveLinks(path);
  std::error_code ignored;
  const fs::file_status status = fs::status(target, ignored);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    if (const int error = WriteNamed(target, "wb", content)) return CannotWrite(error);
    return std::monostate{};
  }
  fs::path temporary = target;
  temporary += ".poolblame-" + std::to_string(ProcessNumber());
  if (const int error = WriteNamed(temporary, "wbx", content)) {
    if (error != EEXIST) fs::remove(temporary, ignored);
    return CannotWrite(error);
  }
  if (fs::exists(status)) fs::permissions(temporary, status.permissions(), ignored);
  std::error_code error;
  fs::rename(temporary, target, error);
  if (!error) return std::monostate{};
  fs::remove(temporary, ignored);
  return Fail(ErrorKind::kIo, "cannot be written: " + error.message());
}

}  // namespace poolblame::cli

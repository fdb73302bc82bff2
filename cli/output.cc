#include "cli/output.h"

#include <cerrno>
#include <cstdio>
#include <cstring>
#include <filesystem>
#include <system_error>
#include <utility>

#include "cli/platform.h"

namespace poolblame::cli {
namespace {

namespace fs = std::filesystem;

tl::unexpected<Error> CannotWrite(int error_number) {
  return Fail(ErrorKind::kIo, std::string("cannot be written: ") + std::strerror(error_number));
}

/// What the operating system said last, or "input/output error" where it said nothing.
int LastError() { return errno != 0 ? errno : EIO; }

/// Makes an empty file that did not exist before, so that nobody's link is followed; errno's value, or 0.
int CreateNew(const fs::path& path) {
  errno = 0;
  std::FILE* stream = std::fopen(path.string().c_str(), "wbx");
  if (stream == nullptr) return LastError();
  return std::fclose(stream) == 0 ? 0 : LastError();
}

/// The file that a chain of links ends at, so that a rename replaces the file and not the link.
fs::path ResolveLinks(const fs::path& path) {
  std::error_code error;
  const fs::path resolved = fs::weakly_canonical(path, error);
  return error ? path : resolved;
}

}  // namespace

WriteResult WriteStandardOutput(std::string_view content) {
  errno = 0;
  const bool written = std::fwrite(content.data(), 1, content.size(), stdout) == content.size();
  if (written && std::fflush(stdout) == 0) return std::monostate{};
  if (errno == EPIPE) return Fail(ErrorKind::kIo, "");
  return CannotWrite(LastError());
}

Result<FileReplacement> FileReplacement::Create(const std::string& path) {
  FileReplacement file;
  file.target_ = ResolveLinks(path);
  std::error_code ignored;
  const fs::file_status status = fs::status(file.target_, ignored);
  if (fs::exists(status) && !fs::is_regular_file(status)) {
    file.temporary_ = file.target_;
  } else {
    fs::path temporary = file.target_;
    temporary += ".poolblame-" + std::to_string(ProcessNumber());
    if (const int error = CreateNew(temporary)) return CannotWrite(error);
    file.temporary_ = temporary;
    if (fs::exists(status)) fs::permissions(temporary, status.permissions(), ignored);
  }
  errno = 0;
  file.stream_.open(file.temporary_, std::ios::binary | std::ios::trunc);
  if (!file.stream_) return CannotWrite(LastError());
  return file;
}

FileReplacement::FileReplacement(FileReplacement&& other) noexcept
    : stream_(std::move(other.stream_)),
      target_(std::move(other.target_)),
      temporary_(std::exchange(other.temporary_, fs::path())) {}

FileReplacement::~FileReplacement() {
  if (temporary_.empty() || temporary_ == target_) return;
  std::error_code ignored;
  stream_.close();
  fs::remove(temporary_, ignored);
}

WriteResult FileReplacement::Commit() {
  stream_.close();  // flushes; fails as well when an earlier write did
  if (!stream_) return CannotWrite(LastError());
  if (temporary_ == target_) return std::monostate{};
  std::error_code error;
  fs::rename(temporary_, target_, error);
  if (error) return CannotWrite(error.value());
  temporary_.clear();
  return std::monostate{};
}

WriteResult WriteFile(const std::string& path, std::string_view content) {
  Result<FileReplacement> file = FileReplacement::Create(path);
  if (!file) return tl::unexpected(file.error());
  file->stream().write(content.data(), static_cast<std::streamsize>(content.size()));
  return file->Commit();
}

}  // namespace poolblame::cli

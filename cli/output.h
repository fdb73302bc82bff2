// Where a finished result goes. A file is either the whole result or what it was before, and a full disk is an error,
// never a short report with status 0.
#pragma once

#include <filesystem>
#include <fstream>
#include <string>
#include <string_view>
#include <variant>

#include "parser/base/error.h"

namespace poolblame::cli {

/// Nothing, or why it could not be written.
using WriteResult = Result<std::monostate>;

/// Writes `content` to standard output and flushes it. Fails with kIo; `what` is empty when the reader has gone away
/// (`| head`), which is no reason to complain.
WriteResult WriteStandardOutput(std::string_view content);

/// A file that is being made: a temporary one beside `path`, renamed to it by Commit(). A device or pipe is written as
/// it is. For results that are too large to be whole in memory.
class FileReplacement {
 public:
  /// Fails with kIo.
  static Result<FileReplacement> Create(const std::string& path);
  FileReplacement(FileReplacement&& other) noexcept;
  FileReplacement& operator=(FileReplacement&&) = delete;
  /// Removes what was not committed.
  ~FileReplacement();

  [[nodiscard]] std::ostream& stream() { return stream_; }
  /// Fails with kIo when any byte did not reach the disk.
  WriteResult Commit();

 private:
  FileReplacement() = default;

  std::ofstream stream_;
  std::filesystem::path target_, temporary_;  // equal for a device
};

/// Replaces `path` by `content`, whole or not at all.
WriteResult WriteFile(const std::string& path, std::string_view content);

}  // namespace poolblame::cli

// Files as memory: the one door to what differs between Linux and Windows. file_mapping_posix.cc implements it; another
// system gets another file beside it.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <string>
#include <utility>

#include "parser/base/byte_view.h"
#include "parser/base/error.h"
#include "parser/image/file_extent.h"

namespace poolblame {

/// A whole file, mapped read-only. The mapping is shared with the system's cache and costs no private memory. When
/// somebody cuts the file while it is mapped, reading behind the new end kills the process: that is how mappings are.
class FileMapping {
 public:
  /// kIo with the system's words when the file cannot be opened, is not a regular file or cannot be mapped. An empty
  /// file is an empty view.
  static Result<FileMapping> Open(const std::string& path);

  FileMapping(FileMapping&& other) noexcept;
  FileMapping& operator=(FileMapping&& other) noexcept;
  ~FileMapping();

  [[nodiscard]] ByteView bytes() const { return {data_, size_}; }
  /// Where bytes() is not a hole; asked of the file system once, when the file was mapped.
  [[nodiscard]] const StoredExtents& stored() const { return stored_; }
  /// Asks the system to bring `part` of bytes() in at once instead of page by page. Only ever a hint.
  static void WillRead(ByteView part);

 private:
  friend class TemporaryFile;
  FileMapping(const std::uint8_t* data, std::size_t size, StoredExtents stored)
      : data_(data), size_(size), stored_(std::move(stored)) {}

  const std::uint8_t* data_ = nullptr;
  std::size_t size_ = 0;
  StoredExtents stored_;
};

/// A file without a name in the system's temporary folder (TMPDIR), gone when it and its mapping are.
class TemporaryFile {
 public:
  static Result<TemporaryFile> Create();

  TemporaryFile(TemporaryFile&& other) noexcept;
  TemporaryFile& operator=(TemporaryFile&& other) noexcept;
  ~TemporaryFile();

  /// Appends. kIo when the disk is full.
  Result<void> Write(ByteView bytes);
  /// Appends `length` zero bytes without writing them.
  void SkipZeros(std::uint64_t length) { size_ += length; }
  /// Ends the writing and maps what was written.
  Result<FileMapping> Map() &&;

 private:
  explicit TemporaryFile(int handle) : handle_(handle) {}

  int handle_ = -1;
  std::uint64_t size_ = 0;
};

}  // namespace poolblame

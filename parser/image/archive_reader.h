// An archive in memory, file by file. Private to parser/image; archive_reader.cc alone sees libarchive.
#pragma once

#include <cstddef>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <string>

#include "parser/base/byte_view.h"

struct archive;

namespace poolblame {

enum class ArchiveFormat { kNone, kZip, kSevenZip, kCabinet, kTar };

/// By the first bytes, never by the file's name. An AFF4 image, which is a ZIP file of another kind, is none.
ArchiveFormat ArchiveFormatOf(ByteView bytes);
/// For the report: "none", "zip", "7z", "cab", "tar".
const char* ArchiveWord(ArchiveFormat format);
/// For sentences: "ZIP archive".
const char* ArchiveName(ArchiveFormat format);

/// A file in an archive. Folders, links and empty files are none.
struct ArchiveFile {
  std::string name;  // with its path, as the archive has it
  bool encrypted = false;
  bool unbounded = false;  // of a ZIP archive: packed in a way that libarchive gives any amount of memory
};

/// Reads from front to end, once.
class ArchiveReader {
 public:
  /// `bytes` outlive the reader. A tar archive may be compressed as a whole.
  ArchiveReader(ByteView bytes, ArchiveFormat format);

  /// The next file; nothing behind the last one and where the archive is damaged.
  std::optional<ArchiveFile> Next();
  /// Fills `out` with the file's next bytes. Fewer where it ends and where the archive is damaged.
  std::size_t Read(std::span<std::uint8_t> out);

  /// Why the reading ended before the archive did, in libarchive's words; empty = it did not.
  [[nodiscard]] const std::string& damage() const { return damage_; }
  /// True when the list of files itself is encrypted.
  [[nodiscard]] bool list_encrypted() const;

 private:
  struct Close {
    void operator()(archive* open) const;
  };
  void Note();

  std::unique_ptr<archive, Close> archive_;
  std::string damage_;
};

}  // namespace poolblame

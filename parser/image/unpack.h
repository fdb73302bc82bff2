// Compressed images: recognised by magic, unpacked as a whole before anything else looks at them. Small images go to
// memory, large ones to a temporary file without a name whose zero pages take no room, so that private memory does not
// grow with the image.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "parser/base/byte_view.h"
#include "parser/base/error.h"
#include "parser/image/file_mapping.h"

namespace poolblame {

enum class Compression { kNone, kZstd, kGzip, kXz, kBzip2 };

/// By the first bytes, never by the file's name.
Compression CompressionOf(ByteView bytes);
/// REPORT.md's words: "none", "zstd", "gzip", "xz", "bzip2".
const char* CompressionName(Compression compression);

/// Collects unpacked bytes, up to a limit.
class UnpackSink {
 public:
  explicit UnpackSink(std::uint64_t limit) : limit_(limit) {}

  /// False when the limit was reached or the disk is full; the bytes up to there are kept.
  bool Append(ByteView bytes);
  [[nodiscard]] std::uint64_t size() const { return size_; }
  [[nodiscard]] bool limit_reached() const { return limit_reached_; }
  [[nodiscard]] const std::optional<Error>& error() const { return error_; }

 private:
  friend class UnpackedBytes;
  bool Flush();
  Result<void> WriteSparse(ByteView bytes);

  std::uint64_t limit_;
  std::uint64_t size_ = 0;
  bool limit_reached_ = false;
  std::optional<Error> error_;
  std::vector<std::uint8_t> buffer_;  // everything while small, then what is not in `file_` yet
  std::optional<TemporaryFile> file_;
};

/// What a sink collected; owns it.
class UnpackedBytes {
 public:
  static Result<UnpackedBytes> From(UnpackSink sink);
  [[nodiscard]] ByteView bytes() const;
  [[nodiscard]] bool mapped() const { return mapping_.has_value(); }
  /// Where bytes() is not zeros that were never written.
  [[nodiscard]] StoredExtents stored() const { return mapping_ ? mapping_->stored() : std::nullopt; }

 private:
  std::vector<std::uint8_t> memory_;
  std::optional<FileMapping> mapping_;
};

/// How the unpacking ended: nothing when the compressed data was whole, else a note with the numbers.
using UnpackNote = std::optional<std::string>;

struct Unpacked {
  UnpackedBytes content;
  UnpackNote cut;
};

/// Unpacks at most `limit` bytes. A cut or damaged file gives what came before the damage and a note; kIo when that
/// is nothing or the temporary file cannot be written.
Result<Unpacked> Unpack(ByteView packed, Compression compression, std::uint64_t limit);

/// The decoders: libzstd itself, because Boost's zstd filter takes a cut-off file for a whole one; liblzma itself,
/// because Boost's filter bounds no memory; Boost.Iostreams for the rest.
UnpackNote UnpackZstd(ByteView packed, UnpackSink& sink);
UnpackNote UnpackXz(ByteView packed, UnpackSink& sink);
UnpackNote UnpackWithBoost(ByteView packed, Compression compression, UnpackSink& sink);

}  // namespace poolblame

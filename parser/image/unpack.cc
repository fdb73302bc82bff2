#include "parser/image/unpack.h"

#include <algorithm>
#include <array>
#include <string_view>

#include "parser/base/address.h"

namespace poolblame {
namespace {

constexpr std::size_t kMemoryBytes = 16 << 20;  // images up to here stay in memory: most samples and minidumps
constexpr std::size_t kBufferBytes = 1 << 20;   // larger ones are written in pieces of this size

struct CompressionRow {
  Compression compression;
  std::string_view magic;
  const char* name;
};

// Magics as the formats' own specifications give them: RFC 8878, RFC 1952, xz-file-format 1.2, bzip2 1.0.8.
constexpr std::array kCompressions = {
    CompressionRow{Compression::kZstd, "\x28\xB5\x2F\xFD", "zstd"},
    CompressionRow{Compression::kGzip, "\x1F\x8B\x08", "gzip"},
    CompressionRow{Compression::kXz,
                   {"\xFD"
                    "7zXZ\0",
                    6},
                   "xz"},
    CompressionRow{Compression::kBzip2, "BZh", "bzip2"},
};

// bzip2's three letters are too few to tell it from memory: behind the level digit comes pi.
constexpr std::string_view kBzip2Block("\x31\x41\x59\x26\x53\x59", 6);

bool IsBzip2(std::string_view text) {
  return text.size() >= 10 && text[3] >= '1' && text[3] <= '9' && text.substr(4, 6) == kBzip2Block;
}

UnpackNote UnpackInto(ByteView packed, Compression compression, UnpackSink& sink) {
  if (compression == Compression::kZstd) return UnpackZstd(packed, sink);
  if (compression == Compression::kXz) return UnpackXz(packed, sink);
  return UnpackWithBoost(packed, compression, sink);
}

bool AllZero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

Compression CompressionOf(ByteView bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), std::min<std::size_t>(bytes.size(), 16));
  for (const CompressionRow& row : kCompressions) {
    if (!text.starts_with(row.magic)) continue;
    if (row.compression != Compression::kBzip2 || IsBzip2(text)) return row.compression;
  }
  return Compression::kNone;
}

const char* CompressionName(Compression compression) {
  for (const CompressionRow& row : kCompressions)
    if (row.compression == compression) return row.name;
  return "none";
}

bool UnpackSink::Append(ByteView bytes) {
  if (bytes.size() > limit_ - size_) {
    limit_reached_ = true;
    bytes = {bytes.data(), static_cast<std::size_t>(limit_ - size_)};
  }
  buffer_.insert(buffer_.end(), bytes.begin(), bytes.end());
  size_ += bytes.size();
  if (buffer_.size() >= (file_ ? kBufferBytes : kMemoryBytes) && !Flush()) return false;
  return !limit_reached_;
}

bool UnpackSink::Flush() {
  if (!file_) {
    Result<TemporaryFile> file = TemporaryFile::Create();
    if (!file) {
      error_ = file.error();
      return false;
    }
    file_ = std::move(*file);
  }
  if (const Result<void> written = WriteSparse({buffer_.data(), buffer_.size()}); !written) error_ = written.error();
  if (buffer_.capacity() > 2 * kBufferBytes) buffer_ = {};
  buffer_.clear();
  return !error_;
}

Result<void> UnpackSink::WriteSparse(ByteView bytes) {
  std::size_t at = 0;
  while (at < bytes.size()) {
    // [at, end) is a stretch of pages that are all zero or all not.
    const auto piece = [&](std::size_t from) {
      return ByteView(bytes.data() + from, std::min<std::size_t>(kPageSize, bytes.size() - from));
    };
    const bool zero = AllZero(piece(at));
    std::size_t end = at + piece(at).size();
    while (end < bytes.size() && AllZero(piece(end)) == zero) end += piece(end).size();
    if (zero) {
      file_->SkipZeros(end - at);
    } else if (Result<void> written = file_->Write({bytes.data() + at, end - at}); !written) {
      return written;
    }
    at = end;
  }
  return {};
}

Result<UnpackedBytes> UnpackedBytes::From(UnpackSink sink) {
  UnpackedBytes unpacked;
  if (sink.file_ && !sink.error_) sink.Flush();
  if (sink.error_) return tl::unexpected(*sink.error_);
  if (!sink.file_) {
    unpacked.memory_ = std::move(sink.buffer_);
    return unpacked;
  }
  Result<FileMapping> mapping = std::move(*sink.file_).Map();
  if (!mapping) return tl::unexpected(mapping.error());
  unpacked.mapping_ = std::move(*mapping);
  return unpacked;
}

ByteView UnpackedBytes::bytes() const {
  return mapping_ ? mapping_->bytes() : ByteView(memory_.data(), memory_.size());
}

Result<Unpacked> Unpack(ByteView packed, Compression compression, std::uint64_t limit) {
  UnpackSink sink(limit);
  UnpackNote cut = UnpackInto(packed, compression, sink);
  const std::uint64_t size = sink.size();
  if (sink.limit_reached()) cut = "unpacking stopped at the limit of " + std::to_string(limit) + " bytes";
  if (cut && size == 0 && !sink.error()) return Fail(ErrorKind::kIo, "unpack the file: " + *cut);
  Result<UnpackedBytes> content = UnpackedBytes::From(std::move(sink));
  if (!content) return tl::unexpected(content.error());
  return Unpacked{std::move(*content), std::move(cut)};
}

}  // namespace poolblame

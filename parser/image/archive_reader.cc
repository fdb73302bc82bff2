// The only file that sees libarchive. Only the one format that the first bytes name is switched on, so that damage is
// never taken for another format (mtree, for one, is any text).
#include "parser/image/archive_reader.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <array>
#include <string_view>

namespace poolblame {
namespace {

struct FormatRow {
  ArchiveFormat format;
  std::string_view magic;
  std::size_t offset;  // of the magic
  const char* word;
  const char* name;
  int (*enable)(archive*);
};

// Sources: PKWARE's APPNOTE, 7-Zip's 7zFormat.txt, [MS-CAB], POSIX ustar.
constexpr std::array kFormats = {
    FormatRow{ArchiveFormat::kZip, {"PK\x03\x04", 4}, 0, "zip", "ZIP archive", archive_read_support_format_zip},
    FormatRow{ArchiveFormat::kZip, {"PK\x05\x06", 4}, 0, "zip", "ZIP archive", archive_read_support_format_zip},
    FormatRow{ArchiveFormat::kSevenZip, "7z\xBC\xAF\x27\x1C", 0, "7z", "7-Zip archive",
              archive_read_support_format_7zip},
    FormatRow{
        ArchiveFormat::kCabinet, {"MSCF\0\0\0\0", 8}, 0, "cab", "cabinet archive", archive_read_support_format_cab},
    FormatRow{ArchiveFormat::kTar, "ustar", 257, "tar", "tar archive", archive_read_support_format_tar},
};

constexpr std::string_view kAff4Member = "information.turtle";
constexpr std::size_t kAff4SearchBytes = 0x10000;  // the member's name is in one of the first local headers

const FormatRow* RowOf(ArchiveFormat format) {
  const auto row = std::ranges::find(kFormats, format, &FormatRow::format);
  return row == kFormats.end() ? nullptr : &*row;
}

constexpr std::size_t kMaxName = 256;  // of what is shown: its end, where the file's own name is

/// Names that this locale cannot write are there as UTF-8 all the same.
std::string NameOf(archive_entry* entry) {
  const char* name = archive_entry_pathname_utf8(entry);
  if (name == nullptr) name = archive_entry_pathname(entry);
  if (name == nullptr) return "(a name that cannot be read)";
  const std::string_view text(name);
  return std::string(text.substr(text.size() - std::min(text.size(), kMaxName)));
}

/// libarchive's name of the format, as of the entry read last, ends with how that is packed: "ZIP 6.3 (lzma)". A few
/// bytes may ask for 4 GiB of dictionary there; other ways to pack have bounds of their own.
bool IsUnbounded(archive* open) {
  const char* const name = archive_format_name(open);
  const std::string_view format = name == nullptr ? std::string_view() : name;
  return format.starts_with("ZIP") && (format.ends_with("(lzma)") || format.ends_with("(xz)"));
}

bool IsEmpty(archive_entry* entry) { return archive_entry_size_is_set(entry) != 0 && archive_entry_size(entry) == 0; }

}  // namespace

ArchiveFormat ArchiveFormatOf(ByteView bytes) {
  const std::string_view text(reinterpret_cast<const char*>(bytes.data()), bytes.size());
  for (const FormatRow& row : kFormats) {
    if (text.size() < row.offset || !text.substr(row.offset).starts_with(row.magic)) continue;
    const bool is_aff4 = row.format == ArchiveFormat::kZip &&
                         text.substr(0, kAff4SearchBytes).find(kAff4Member) != std::string_view::npos;
    return is_aff4 ? ArchiveFormat::kNone : row.format;
  }
  return ArchiveFormat::kNone;
}

const char* ArchiveWord(ArchiveFormat format) {
  const FormatRow* const row = RowOf(format);
  return row == nullptr ? "none" : row->word;
}

const char* ArchiveName(ArchiveFormat format) {
  const FormatRow* const row = RowOf(format);
  return row == nullptr ? "no archive" : row->name;
}

void ArchiveReader::Close::operator()(archive* open) const { archive_read_free(open); }

ArchiveReader::ArchiveReader(ByteView bytes, ArchiveFormat format) : archive_(archive_read_new()) {
  RowOf(format)->enable(archive_.get());
  if (format == ArchiveFormat::kTar) {
    archive_read_support_filter_gzip(archive_.get());
    archive_read_support_filter_bzip2(archive_.get());
    archive_read_support_filter_xz(archive_.get());
    archive_read_support_filter_zstd(archive_.get());
  }
  if (archive_read_open_memory(archive_.get(), bytes.data(), bytes.size()) < ARCHIVE_WARN) Note();
}

std::optional<ArchiveFile> ArchiveReader::Next() {
  archive_entry* entry = nullptr;
  while (damage_.empty()) {
    const int status = archive_read_next_header(archive_.get(), &entry);
    if (status == ARCHIVE_EOF) return std::nullopt;
    if (status < ARCHIVE_WARN) {
      Note();
      return std::nullopt;
    }
    const bool is_file = archive_entry_filetype(entry) == AE_IFREG && archive_entry_hardlink(entry) == nullptr;
    if (is_file && !IsEmpty(entry))
      return ArchiveFile{NameOf(entry), archive_entry_is_encrypted(entry) != 0, IsUnbounded(archive_.get())};
  }
  return std::nullopt;
}

std::size_t ArchiveReader::Read(std::span<std::uint8_t> out) {
  std::size_t done = 0;
  while (done < out.size() && damage_.empty()) {
    const la_ssize_t length = archive_read_data(archive_.get(), out.data() + done, out.size() - done);
    if (length == 0) break;
    if (length < 0)
      Note();
    else
      done += static_cast<std::size_t>(length);
  }
  return done;
}

bool ArchiveReader::list_encrypted() const {
  // Where no format was recognised libarchive 3.6 follows a null pointer to answer.
  return archive_format(archive_.get()) != 0 && archive_read_has_encrypted_entries(archive_.get()) > 0;
}

void ArchiveReader::Note() {
  const char* const words = archive_error_string(archive_.get());
  damage_ = words == nullptr ? "damaged" : words;
}

}  // namespace poolblame

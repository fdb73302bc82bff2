#include "tests/image/archive_builder.h"

#include <archive.h>
#include <archive_entry.h>

#include <algorithm>
#include <stdexcept>

namespace poolblame::testing {
namespace {

using FileBytes = std::vector<std::uint8_t>;

void ExpectWritten(archive* out, int status) {
  if (status < ARCHIVE_WARN) throw std::runtime_error(archive_error_string(out));
}

void WriteFile(archive* out, const TestFile& file) {
  archive_entry* const entry = archive_entry_new();
  archive_entry_set_pathname(entry, file.name.c_str());
  archive_entry_set_filetype(entry, file.name.ends_with("/") ? AE_IFDIR : AE_IFREG);
  archive_entry_set_perm(entry, 0644);
  archive_entry_set_mtime(entry, 1000000000, 0);
  archive_entry_set_size(entry, static_cast<la_int64_t>(file.content.size()));
  ExpectWritten(out, archive_write_header(out, entry));
  if (!file.content.empty() && archive_write_data(out, file.content.data(), file.content.size()) < 0)
    throw std::runtime_error(archive_error_string(out));
  archive_entry_free(entry);
}

la_ssize_t Collect(archive*, void* bytes, const void* piece, std::size_t length) {
  const auto* const first = static_cast<const std::uint8_t*>(piece);
  auto& all = *static_cast<FileBytes*>(bytes);
  all.insert(all.end(), first, first + length);
  return static_cast<la_ssize_t>(length);
}

void PutNumber(FileBytes& out, std::uint64_t value, int bytes) {
  for (int i = 0; i < bytes; ++i) out.push_back(static_cast<std::uint8_t>(value >> 8 * i));
}

constexpr std::size_t kCabinetHeader = 36, kCabinetFolder = 8, kCabinetFile = 16, kCabinetBlock = 0x8000;

}  // namespace

FileBytes ArchiveOf(const std::string& format, const std::vector<TestFile>& files, const std::string& filter,
                    const std::string& password) {
  FileBytes bytes;
  archive* const out = archive_write_new();
  ExpectWritten(out, archive_write_set_format_by_name(out, format.c_str()));
  if (filter != "none") ExpectWritten(out, archive_write_add_filter_by_name(out, filter.c_str()));
  if (!password.empty()) {
    ExpectWritten(out, archive_write_set_options(out, "zip:encryption=traditional"));
    ExpectWritten(out, archive_write_set_passphrase(out, password.c_str()));
  }
  ExpectWritten(out, archive_write_set_bytes_in_last_block(out, 1));
  ExpectWritten(out, archive_write_open(out, &bytes, nullptr, Collect, nullptr));
  for (const TestFile& file : files) WriteFile(out, file);
  ExpectWritten(out, archive_write_close(out));
  archive_write_free(out);
  return bytes;
}

FileBytes CabinetOf(const std::vector<TestFile>& files) {
  FileBytes all, list;
  for (const TestFile& file : files) {
    PutNumber(list, file.content.size(), 4);
    PutNumber(list, all.size(), 4);   // place in the folder
    PutNumber(list, 0, 2);            // folder 0
    PutNumber(list, 0x0021'0000, 6);  // 1980-01-01, no attributes
    list.insert(list.end(), file.name.begin(), file.name.end());
    list.push_back(0);
    all.insert(all.end(), file.content.begin(), file.content.end());
  }
  const std::size_t blocks = (all.size() + kCabinetBlock - 1) / kCabinetBlock,
                    list_at = kCabinetHeader + kCabinetFolder, data_at = list_at + list.size();
  FileBytes cabinet = {'M', 'S', 'C', 'F', 0, 0, 0, 0};
  PutNumber(cabinet, data_at + all.size() + blocks * 8, 8);  // of the whole cabinet, and 4 reserved bytes
  PutNumber(cabinet, list_at, 8);
  PutNumber(cabinet, 0x0103, 2);  // version 1.3
  PutNumber(cabinet, 1, 2);       // folders
  PutNumber(cabinet, files.size(), 2);
  PutNumber(cabinet, 0, 6);  // flags, set, number in the set
  PutNumber(cabinet, data_at, 4);
  PutNumber(cabinet, blocks, 2);
  PutNumber(cabinet, 0, 2);  // stored
  cabinet.insert(cabinet.end(), list.begin(), list.end());
  for (std::size_t at = 0; at < all.size(); at += kCabinetBlock) {
    const std::size_t length = std::min(kCabinetBlock, all.size() - at);
    PutNumber(cabinet, 0, 4);  // no checksum
    PutNumber(cabinet, length, 2);
    PutNumber(cabinet, length, 2);
    const auto first = all.begin() + static_cast<std::ptrdiff_t>(at);
    cabinet.insert(cabinet.end(), first, first + static_cast<std::ptrdiff_t>(length));
  }
  return cabinet;
}

}  // namespace poolblame::testing

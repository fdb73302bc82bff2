// Archives for tests: libarchive writes what it can, cabinets are made here byte by byte.
#pragma once

#include <cstdint>
#include <string>
#include <vector>

namespace poolblame::testing {

struct TestFile {
  std::string name;
  std::vector<std::uint8_t> content;
};

/// `format` is "zip", "7zip" or "ustar"; `filter`, "gzip" or "xz" for example, packs the whole (tar only). With a
/// password the files of a ZIP archive are encrypted. The same files make the same bytes.
std::vector<std::uint8_t> ArchiveOf(const std::string& format, const std::vector<TestFile>& files,
                                    const std::string& filter = "none", const std::string& password = "");

/// A cabinet of stored blocks of 32 KiB, without checksums. Source: [MS-CAB].
std::vector<std::uint8_t> CabinetOf(const std::vector<TestFile>& files);

}  // namespace poolblame::testing

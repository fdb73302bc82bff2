// Packs files for containers_test, so that it needs no archiver: pack_archive zip|7zip|cab|ustar FILTER ARCHIVE FILE...
#include <cstdio>
#include <fstream>
#include <iterator>

#include "tests/image/archive_builder.h"

int main(int argc, char** argv) {
  using namespace poolblame::testing;
  if (argc < 4) return std::fputs("usage: pack_archive FORMAT FILTER ARCHIVE FILE...\n", stderr), 2;
  const std::string format = argv[1];
  std::vector<TestFile> files;
  for (int i = 4; i < argc; ++i) {
    std::ifstream in(argv[i], std::ios::binary);
    files.push_back({argv[i], {std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>()}});
  }
  const std::vector<std::uint8_t> archive = format == "cab" ? CabinetOf(files) : ArchiveOf(format, files, argv[2]);
  std::ofstream out(argv[3], std::ios::binary);
  out.write(reinterpret_cast<const char*>(archive.data()), static_cast<std::streamsize>(archive.size()));
  return out.flush() ? 0 : 1;
}

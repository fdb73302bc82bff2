// Feeds every file of a folder to a target once: `replay TARGET FOLDER`. Any compiler can do that, so every ctest run
// replays the seeds and each input that ever crashed. Files that end in ".seed.zst" are unpacked first: most of an
// image is zero, and a repository is no place for zeros.
#include <algorithm>
#include <cstdint>
#include <cstdio>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <vector>

#include "tests/fuzz/pack.h"
#include "tests/fuzz/targets.h"

int main(int argc, char** argv) {
  const poolblame::fuzz::Target target = argc == 3 ? poolblame::fuzz::FindTarget(argv[1]) : nullptr;
  if (!target) return std::fputs("usage: replay TARGET FOLDER\n", stderr), 2;
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(argv[2])) files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    std::vector<std::uint8_t> bytes{std::istreambuf_iterator<char>(in), {}};
    if (file.native().ends_with(".seed.zst")) bytes = poolblame::fuzz::UnpackSeed(bytes);
    std::printf("%s: %zu bytes\n", file.c_str(), bytes.size());
    std::fflush(stdout);
    target({bytes.data(), bytes.size()});
  }
  std::printf("%zu inputs replayed\n", files.size());
  return files.empty() ? 1 : 0;
}

// Writes the seeds under tests/fuzz/corpus that are made by recipe: `make_seeds tests/fuzz/corpus`. Run by hand when
// the builder's bytes change; seeds need not be the newest, only good enough for a fuzzer to start from.
#include <algorithm>
#include <cstdio>
#include <filesystem>
#include <fstream>

#include "tests/fuzz/container_image.h"
#include "tests/fuzz/pack.h"

namespace poolblame::fuzz {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kPage = 0x1000;
constexpr std::size_t kPageSeeds = 6;

void Write(const std::filesystem::path& folder, const std::string& name, const Bytes& bytes) {
  std::filesystem::create_directories(folder);
  std::ofstream(folder / name, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

/// Pages of a damaged pool, each behind the byte that chooses its layout row.
void WritePages(const std::filesystem::path& folder, const Bytes& pages) {
  for (std::size_t i = 0; i < kPageSeeds && (i + 1) * kPage <= pages.size(); ++i) {
    Bytes seed(1 + kPage, static_cast<std::uint8_t>(i));
    std::copy_n(pages.begin() + static_cast<std::ptrdiff_t>(i * kPage), kPage, seed.begin() + 1);
    Write(folder, "page-" + std::to_string(i) + ".seed.zst", Pack(seed, Packing::kZstd));
  }
}

}  // namespace
}  // namespace poolblame::fuzz

int main(int argc, char** argv) {
  using namespace poolblame::fuzz;
  if (argc != 2) return std::fputs("usage: make_seeds FOLDER\n", stderr), 2;
  const std::filesystem::path corpus = argv[1];
  for (const Container& container : Containers()) {
    const Bytes image = BuildContainer(container, kDamaged);
    if (container.packing != Packing::kNone)
      Write(corpus / container.name, "damaged", image);
    else
      Write(corpus / container.name, "damaged.seed.zst", Pack(image, Packing::kZstd));
  }
  const Bytes pages = BuildContainer(*FindContainer("pool-pages-x64"), kDamaged);
  WritePages(corpus / "pool_page", pages);
  Write(corpus / "analyze", "pool-pages.seed.zst", Pack(pages, Packing::kZstd));
  return 0;
}

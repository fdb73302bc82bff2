// The committed images are what their recipes make, byte for byte.
#include <gtest/gtest.h>

#include <algorithm>
#include <boost/iostreams/copy.hpp>
#include <boost/iostreams/filter/bzip2.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/lzma.hpp>
#include <boost/iostreams/filter/zstd.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <filesystem>
#include <fstream>
#include <set>
#include <sstream>
#include <string>
#include <utility>
#include <vector>

#include "samples/builder.h"

namespace poolblame::samples {
namespace {

const std::string kFolder = SAMPLES_FOLDER;

std::string ReadFile(const std::string& path) {
  std::ifstream in(path, std::ios::binary);
  std::ostringstream out;
  out << in.rdbuf();
  return out.str();
}

std::string Decompressed(const std::string& name) {
  namespace io = boost::iostreams;
  std::ifstream file(kFolder + "/images/" + name, std::ios::binary);
  io::filtering_istream in;
  if (name.ends_with(".zst")) in.push(io::zstd_decompressor());
  if (name.ends_with(".gz")) in.push(io::gzip_decompressor());
  if (name.ends_with(".bz2")) in.push(io::bzip2_decompressor());
  if (name.ends_with(".xz")) in.push(io::lzma_decompressor());
  in.push(file);
  std::ostringstream out;
  io::copy(in, out);
  return out.str();
}

/// File name and recipe of every line; a `case=NAME` recipe becomes the case's text.
std::vector<std::pair<std::string, std::string>> Recipes() {
  std::vector<std::pair<std::string, std::string>> rows;
  std::ifstream in(kFolder + "/recipes.txt");
  std::string line;
  while (std::getline(in, line)) {
    if (line.empty() || line[0] == '#') continue;
    const std::size_t space = line.find(' ');
    std::string recipe = line.substr(line.find_first_not_of(' ', space));
    if (recipe.starts_with("case=")) recipe = ReadFile(kFolder + "/cases/" + recipe.substr(5) + ".txt");
    rows.emplace_back(line.substr(0, space), recipe);
  }
  return rows;
}

std::string Stem(const std::string& name) { return name.substr(0, name.find('.')); }

class CommittedSample : public ::testing::TestWithParam<std::pair<std::string, std::string>> {};

TEST_P(CommittedSample, IsWhatItsRecipeMakes) {
  const auto& [name, recipe] = GetParam();
  const auto built = BuildSample(recipe);
  ASSERT_TRUE(built.has_value()) << built.error().what;
  const std::string stored = Decompressed(name);
  EXPECT_EQ(stored.size(), built->bytes.size());
  EXPECT_TRUE(std::equal(built->bytes.begin(), built->bytes.end(), stored.begin(), stored.end(),
                         [](std::uint8_t a, char b) { return a == static_cast<std::uint8_t>(b); }));
  EXPECT_EQ(ReadFile(kFolder + "/truth/" + Stem(name) + ".json"), TruthJson(built->truth, recipe) + "\n");
}

INSTANTIATE_TEST_SUITE_P(Recipes, CommittedSample, ::testing::ValuesIn(Recipes()), [](const auto& sample) {
  std::string name = Stem(sample.param.first);
  std::replace(name.begin(), name.end(), '-', '_');
  return name;
});

TEST(CommittedSamples, AreSmall) {
  std::uintmax_t total = 0;
  for (const auto& file : std::filesystem::directory_iterator(kFolder + "/images")) {
    EXPECT_LT(file.file_size(), 200U * 1024) << file.path();
    total += file.file_size();
  }
  EXPECT_LT(total, 3U * 1024 * 1024);
}

TEST(CommittedSamples, CoverEveryKindMachineAndContainer) {
  std::set<std::string> words;
  std::size_t healthy = 0;
  for (const auto& [name, recipe] : Recipes()) {
    std::istringstream in(recipe);
    std::string word;
    while (in >> word) words.insert(word);
    healthy += recipe.find("fault=none") != std::string::npos ? 1U : 0U;
  }
  for (const char* fault : {"overrun", "underrun", "use-after-free", "double-free", "bad-free", "free-list", "bit-flip",
                            "wild-write", "nonlinear-overrun", "page-stomp", "uninitialised"}) {
    EXPECT_TRUE(words.contains(std::string("fault=") + fault)) << fault;
  }
  for (const char* container : {"full", "summary", "bitmap", "kernel-bitmap", "triage", "raw", "pool-pages"}) {
    EXPECT_TRUE(words.contains(std::string("container=") + container)) << container;
  }
  EXPECT_TRUE(words.contains("machine=x86"));
  EXPECT_GE(healthy, 2U);
}

}  // namespace
}  // namespace poolblame::samples

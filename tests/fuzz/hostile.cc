// The hostile driver: every prefix of a small image of each container and of each other sort of file that is read, and
// many mutants of it, against crash, hang and hunger. Prints what was tried. By hand, on two cores, under sanitizers:
//   build/asan/tests/fuzz/hostile --count 200000
#include <algorithm>
#include <array>
#include <cstdio>
#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <optional>
#include <string>

#include "tests/fuzz/campaign.h"
#include "tests/fuzz/container_image.h"
#include "tests/fuzz/containers.h"
#include "tests/fuzz/exercise.h"
#include "tests/fuzz/fenced_bytes.h"
#include "tests/fuzz/mutate.h"

namespace poolblame::fuzz {
namespace {

using Bytes = std::vector<std::uint8_t>;

struct Arguments {
  std::uint64_t count = 2400;     // mutants, over all containers
  std::uint64_t prefix_step = 1;  // every n-th length; 0 = no prefixes
  std::uint64_t seed = 1;
  std::string container;    // or document; empty = all
  std::string save_folder;  // inputs that failed are written here, for tests/fuzz/corpus
};

std::optional<Arguments> Parse(int argc, char** argv) {
  Arguments arguments;
  for (int i = 1; i < argc; i += 2) {
    const std::string name = argv[i];
    if (i + 1 == argc) return std::nullopt;
    const std::string value = argv[i + 1];
    if (name == "--count")
      arguments.count = std::strtoull(value.c_str(), nullptr, 10);
    else if (name == "--prefix-step")
      arguments.prefix_step = std::strtoull(value.c_str(), nullptr, 10);
    else if (name == "--seed")
      arguments.seed = std::strtoull(value.c_str(), nullptr, 10);
    else if (name == "--container")
      arguments.container = value;
    else if (name == "--save")
      arguments.save_folder = value;
    else
      return std::nullopt;
  }
  return arguments;
}

void Save(const Arguments& arguments, const Campaign& campaign, std::uint64_t index) {
  if (arguments.save_folder.empty()) return;
  std::string name = campaign.name + "-" + std::to_string(index);
  std::replace(name.begin(), name.end(), ' ', '-');
  const ByteView bytes = campaign.input(index);
  std::ofstream(arguments.save_folder + "/" + name, std::ios::binary)
      .write(reinterpret_cast<const char*>(bytes.data()), static_cast<std::streamsize>(bytes.size()));
}

/// Runs one campaign, prints its line, returns the number of failures.
std::size_t RunAndPrint(const Arguments& arguments, const Campaign& campaign, std::size_t image_bytes) {
  const Outcome outcome = Run(campaign);
  std::printf("%-36s %9llu %9zu %10.1f %10.3f %9llu %12llu %8zu\n", campaign.name.c_str(),
              static_cast<unsigned long long>(outcome.tried), image_bytes, outcome.total_seconds,
              outcome.slowest_seconds, static_cast<unsigned long long>(outcome.slowest_input),
              static_cast<unsigned long long>(outcome.peak_bytes), outcome.failures.size());
  for (const Failure& failure : outcome.failures) {
    std::printf("  input %llu: %s\n", static_cast<unsigned long long>(failure.index), failure.what.c_str());
    Save(arguments, campaign, failure.index);
  }
  std::fflush(stdout);
  return outcome.failures.size();
}

/// Every length for the readers; every 64th, where a page or a table can be half there, for the whole analysis.
std::size_t RunPrefixes(const Arguments& arguments, const Container& container, const Bytes& image) {
  const std::string name(container.name);
  std::size_t failures = 0;
  if (arguments.prefix_step == 0) return failures;
  FencedBytes fenced(image);
  for (const bool whole : {false, true}) {
    const std::uint64_t step = arguments.prefix_step * (whole ? 64 : 1);
    Campaign campaign;
    campaign.name = name + (whole ? " prefixes, judged" : " prefixes, read");
    campaign.count = image.size() / step + 1;
    campaign.input = [&fenced, step](std::uint64_t i) { return fenced.First(i * step); };
    campaign.exercise = [&container, whole](ByteView bytes) {
      whole ? ExerciseImage(bytes, container.options) : ExerciseReader(bytes, container.options);
    };
    failures += RunAndPrint(arguments, campaign, image.size());
  }
  return failures;
}

/// A file beside the images: its seeds are the files of its corpus.
struct Document {
  const char* name;
  void (*exercise)(ByteView);
};
constexpr std::array kDocuments = {Document{"tag_file", ExerciseTagFile}, Document{"reports", ExerciseReports},
                                   Document{"symbols", ExerciseSymbols}};

std::vector<Bytes> SeedsOf(const Document& document) {
  std::vector<std::filesystem::path> files;
  for (const auto& entry : std::filesystem::directory_iterator(std::string(POOLBLAME_CORPUS "/") + document.name))
    files.push_back(entry.path());
  std::sort(files.begin(), files.end());
  std::vector<Bytes> seeds;
  for (const auto& file : files) {
    std::ifstream in(file, std::ios::binary);
    seeds.emplace_back(std::istreambuf_iterator<char>(in), std::istreambuf_iterator<char>());
  }
  if (seeds.empty()) std::abort();
  return seeds;
}

std::size_t RunDocumentPrefixes(const Arguments& arguments, const Document& document, const Bytes& seed) {
  if (arguments.prefix_step == 0) return 0;
  FencedBytes fenced(seed);
  Campaign campaign;
  campaign.name = std::string(document.name) + " prefixes";
  campaign.count = seed.size() / arguments.prefix_step + 1;
  campaign.input = [&](std::uint64_t i) { return fenced.First(i * arguments.prefix_step); };
  campaign.exercise = document.exercise;
  return RunAndPrint(arguments, campaign, seed.size());
}

std::size_t RunDocument(const Arguments& arguments, const Document& document, std::uint64_t count) {
  const std::vector<Bytes> seeds = SeedsOf(document);
  std::size_t failures = 0;
  for (const Bytes& seed : seeds) failures += RunDocumentPrefixes(arguments, document, seed);
  Campaign campaign;
  campaign.name = std::string(document.name) + " mutants";
  campaign.count = count;
  std::optional<FencedBytes> fenced;
  campaign.input = [&](std::uint64_t i) {
    fenced.emplace(Mutate(seeds[i % seeds.size()], seeds[(i + 1) % seeds.size()], arguments.seed * 0x100000000 + i));
    return fenced->First(fenced->size());
  };
  campaign.exercise = document.exercise;
  return failures + RunAndPrint(arguments, campaign, seeds.front().size());
}

std::size_t RunMutants(const Arguments& arguments, const Container& container, const Bytes& healthy,
                       const Bytes& damaged, std::uint64_t count) {
  Campaign campaign;
  campaign.name = std::string(container.name) + " mutants";
  campaign.count = count;
  std::optional<FencedBytes> fenced;
  campaign.input = [&](std::uint64_t i) {
    const bool odd = i % 2 == 1;
    Bytes bytes = Mutate(odd ? damaged : healthy, odd ? healthy : damaged, arguments.seed * 0x100000000 + i);
    // One in four may turn into another container or none at all.
    if (i % 4 != 0) ApplyStamps(container, bytes.data(), bytes.size());
    fenced.emplace(std::move(bytes));
    return fenced->First(fenced->size());
  };
  campaign.exercise = [&container](ByteView bytes) { ExerciseImage(bytes, container.options); };
  return RunAndPrint(arguments, campaign, damaged.size());
}

std::size_t RunContainer(const Arguments& arguments, const Container& container, std::uint64_t mutants) {
  const Bytes healthy = BuildContainer(container, kHealthy);
  const Bytes damaged = BuildContainer(container, kDamaged);
  return RunPrefixes(arguments, container, damaged) + RunMutants(arguments, container, healthy, damaged, mutants);
}

bool IsKnown(const std::string& name) {
  return FindContainer(name) != nullptr ||
         std::ranges::any_of(kDocuments, [&](const Document& document) { return document.name == name; });
}

int Main(int argc, char** argv) {
  const auto arguments = Parse(argc, argv);
  if (!arguments || (!arguments->container.empty() && !IsKnown(arguments->container))) {
    std::fprintf(stderr,
                 "usage: hostile [--count N] [--prefix-step N] [--seed N] [--container NAME] [--save FOLDER]\n");
    return 2;
  }
  std::printf("%-36s %9s %9s %10s %10s %9s %12s %8s\n", "input", "tried", "bytes", "CPU s", "slowest s", "at input",
              "most held", "failures");
  std::size_t failures = 0;
  const std::uint64_t share = arguments->container.empty() ? Containers().size() + kDocuments.size() : 1;
  for (const Container& container : Containers()) {
    if (!arguments->container.empty() && container.name != arguments->container) continue;
    failures += RunContainer(*arguments, container, arguments->count / share);
  }
  for (const Document& document : kDocuments)
    if (arguments->container.empty() || document.name == arguments->container)
      failures += RunDocument(*arguments, document, arguments->count / share);
  return failures == 0 ? 0 : 1;
}

}  // namespace
}  // namespace poolblame::fuzz

int main(int argc, char** argv) { return poolblame::fuzz::Main(argc, argv); }

#include "tests/evaluation/driver_tags.h"

#include <fmt/format.h>

#include <array>
#include <chrono>
#include <utility>
#include <vector>

#include "heuristics/code_owner.h"
#include "parser/image/image.h"
#include "parser/kernel/mapped_drivers.h"
#include "samples/builder.h"

namespace poolblame::evaluation {
namespace {

constexpr const char* kNowhere = "nowhere";

constexpr std::array<const char*, 10> kSystems = {"windows=win7 machine=x64",    "windows=win81 machine=x86",
                                                  "windows=win10 machine=x64",   "windows=xp machine=x86",
                                                  "windows=vista machine=x64",   "windows=win7 machine=x86",
                                                  "windows=win11 machine=x64",   "windows=win10-2004 machine=x64",
                                                  "windows=win10 machine=arm64", "windows=win11 machine=arm64"};
constexpr std::array<const char*, 4> kContainers = {"full", "bitmap", "kernel-bitmap", "raw"};

std::string RecipeOf(std::uint64_t number) {
  return fmt::format("{} container={} pages=640 pool=20 activity=100 code=yes seed={}",
                     kSystems[number % kSystems.size()], kContainers[number / kSystems.size() % kContainers.size()],
                     number);
}

std::vector<PoolTag> TagsOf(const samples::Truth& truth) {
  std::vector<PoolTag> tags;
  for (const samples::TagTruth& row : truth.tags) tags.push_back(PoolTag::FromText(row.tag));
  return tags;
}

void Count(const samples::TagTruth& row, const std::vector<CodeCandidate>& ranked, const System& system,
           DriverTagCounts& counts) {
  const auto is_right = [&](const CodeCandidate& c) {
    return row.holding != kNowhere && system.modules[c.module].name == row.driver;
  };
  ++counts.tags;
  if (!ranked.empty() && is_right(ranked.front())) ++counts.first;
  const CodeCandidate* named = NamedByCode(ranked);
  if (named == nullptr) return;
  ++(is_right(*named) ? counts.named : counts.named_wrong);
}

/// The machine of raw ARM64 memory has to be told.
OpenOptions OptionsFor(const samples::BuiltImage& built) {
  OpenOptions options;
  if (built.truth.machine == MachineName(Machine::kArm64)) options.machine = Machine::kArm64;
  return options;
}

void ScoreImage(const samples::BuiltImage& built, const Image& image, DriverTagScore& score) {
  const AddressSpace space(image);
  const System system = WithMappedDrivers(space, ReadSystem(space));
  const auto start = std::chrono::steady_clock::now();
  const CodeSearch search = SearchDriverCode(space, system, TagsOf(built.truth));
  score.seconds += std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
  const TagDatabase no_table;
  for (const samples::TagTruth& row : built.truth.tags) {
    const PoolTag tag = PoolTag::FromText(row.tag);
    if (TagDatabase::IsGeneric(tag)) continue;
    const std::vector<CodeCandidate> ranked = RankByCode(tag, search, system, no_table);
    Count(row, ranked, system, score.holding[row.holding]);
    if (row.holding != kNowhere) Count(row, ranked, system, score.machine[built.truth.machine]);
  }
}

}  // namespace

DriverTagCounts DriverTagScore::held() const {
  DriverTagCounts sum;
  for (const auto& [name, counts] : holding) {
    if (name == kNowhere) continue;
    sum.tags += counts.tags;
    sum.first += counts.first;
    sum.named += counts.named;
    sum.named_wrong += counts.named_wrong;
  }
  return sum;
}

std::string DriverTagScore::Table() const {
  const auto line = [](const std::string& name, const DriverTagCounts& c) {
    return fmt::format("  {:<10} {:>6} {:>8} {:>8} {:>8}\n", name, c.tags, c.first, c.named, c.named_wrong);
  };
  std::string text = fmt::format("{} images, {} failed, {:.2f} s a search\n", images, failed, seconds / images);
  text += fmt::format("  {:<10} {:>6} {:>8} {:>8} {:>8}\n", "held as", "tags", "first", "named", "wrongly");
  for (const auto& [name, counts] : holding) text += line(name, counts);
  for (const auto& [name, counts] : machine) text += line(name, counts);
  return text + line("all held", held());
}

DriverTagScore ScoreDriverTags(std::uint32_t images, std::uint64_t seed) {
  DriverTagScore score;
  for (std::uint32_t i = 0; i < images; ++i) {
    ++score.images;
    const auto built = samples::BuildSample(RecipeOf(seed + i));
    auto image = built ? Image::FromBytes({built->bytes.data(), built->bytes.size()}, "sample", OptionsFor(*built))
                       : Result<Image>(Fail(ErrorKind::kUsage, "not built"));
    if (image)
      ScoreImage(*built, *image, score);
    else
      ++score.failed;
  }
  return score;
}

}  // namespace poolblame::evaluation

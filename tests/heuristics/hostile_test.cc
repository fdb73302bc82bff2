// Garbage in, a sound report out: pages of noise, pages of headers that lie, and healthy pages with mutations go all
// the way to the report. What is asked is that nothing crashes and that every promise of the report holds.
#include <gtest/gtest.h>

#include <cmath>
#include <random>

#include "heuristics/report.h"
#include "tests/heuristics/stage.h"

namespace poolblame::testing {
namespace {

using Random = std::mt19937_64;

std::uint32_t Below(Random& random, std::uint32_t limit) { return static_cast<std::uint32_t>(random() % limit); }

constexpr Windows kAll[] = {Windows::kXp32, Windows::kSeven32, Windows::kSeven64, Windows::kEightOne64};

PageBuilder Noise(Windows windows, Random& random) {
  ByteString bytes(4096);
  for (std::uint8_t& byte : bytes) byte = static_cast<std::uint8_t>(random());
  return PageBuilder(windows).Overwrite(0, bytes);
}

/// Something like a header at every possible place: small sizes, types and tags that exist.
PageBuilder Headers(Windows windows, Random& random) {
  PageBuilder page(windows);
  const std::uint32_t unit = page.facts().unit;
  for (std::uint32_t at = 0; at + unit <= 4096; at += unit) {
    const std::uint32_t previous = Below(random, 12), size = Below(random, 12), type = Below(random, 8);
    page.Overwrite(
        at, unit == 16 ? Word(previous | size << 16 | type << 24, 4) : Word(previous | size << 16 | type << 25, 4));
    if (Below(random, 2) == 0) page.Overwrite(at + 4, Ascii(Below(random, 2) == 0 ? "File" : "Irp "));
  }
  return page;
}

/// A page of small blocks, some free, with up to a dozen wrong bytes, runs or links.
PageBuilder Mutated(Windows windows, Random& random) {
  PageBuilder page(windows, Below(random, 1000));
  const std::uint32_t unit = page.facts().unit, pointer = page.facts().is_64bit ? 8 : 4;
  for (std::uint32_t total = 0; total < 3000;) {
    const std::uint32_t size = unit * (3 + Below(random, 20));
    total += size;
    if (Below(random, 4) != 0) {
      page.Block("File", size);
    } else {
      page.FreeBlock("Irp ", size);
      if (Below(random, 3) == 0)
        page.OverwritePayload(0, Word(page.facts().first_page + Below(random, 0x4000), pointer));
    }
  }
  for (std::uint32_t faults = Below(random, 12); faults > 0; --faults) {
    const std::uint32_t length = 1 + Below(random, Below(random, 3) == 0 ? 300 : 9);
    const std::uint32_t at = Below(random, 4096 - length) & (Below(random, 2) == 0 ? ~(unit - 1) : ~0U);
    page.Overwrite(at, Below(random, 2) == 0 ? Repeat(static_cast<std::uint8_t>(random()), length)
                                             : Varied(length, Below(random, 99)));
  }
  return page;
}

void CheckPromises(const Report& report) {
  EXPECT_EQ(report.verdict == Verdict::kCorrupt, !report.incidents.empty());
  for (const Incident& incident : report.incidents) {
    double suspects = 0, kinds = 0;
    for (const Suspect& suspect : incident.suspects) suspects += suspect.probability;
    for (const auto& [kind, probability] : incident.kind_probabilities) kinds += probability;
    EXPECT_NEAR(suspects, 1, 1e-9);
    EXPECT_NEAR(kinds, 1, 1e-9);
    EXPECT_LT(incident.damage.start, incident.damage.end);
    EXPECT_LE(incident.damage.bytes.size(), 64U);
    for (const Suspect& suspect : incident.suspects)
      for (const Evidence& evidence : suspect.evidence) EXPECT_TRUE(std::isfinite(evidence.log_odds));
    if (incident.kind != FaultKind::kBitFlip && incident.confidence != Confidence::kInsufficient) continue;
    for (const std::string& line : incident.advice) EXPECT_EQ(line.find("/driver"), std::string::npos) << line;
  }
}

void JudgeGarbage(PageBuilder (*page)(Windows, Random&), std::uint64_t seed, int images) {
  Random random(seed);
  for (int i = 0; i < images; ++i) {
    const Windows windows = kAll[Below(random, 4)];
    Stage stage(windows);
    for (std::uint32_t n = 1 + Below(random, 4); n > 0; --n) stage.Add(page(windows, random));
    if (Below(random, 2) == 0) stage.AddHealthy(1 + Below(random, 3));
    if (Below(random, 2) == 0)
      stage.Crash(static_cast<BugCheckHint>(Below(random, 8)), stage.facts().first_page + Below(random, 0x5000),
                  static_cast<AddressUse>(Below(random, 6)));
    CheckPromises(stage.Judge());
  }
}

/// Every mutation as a scene of its own, whatever the scan would have made of it.
void WeighMutations(std::uint64_t seed, int scenes) {
  Random random(seed);
  int weighed = 0;
  for (int i = 0; i < scenes; ++i) {
    const Windows windows = kAll[Below(random, 4)];
    Stage stage(windows);
    for (std::uint32_t n = 1 + Below(random, 2); n > 0; --n) stage.Add(Mutated(windows, random));
    stage.Crash(static_cast<BugCheckHint>(Below(random, 8)), stage.facts().first_page + Below(random, 0x2000),
                static_cast<AddressUse>(Below(random, 6)));
    const Scene scene = stage.Scene();
    if (scene.spots.empty()) continue;
    std::vector<Hypothesis> hypotheses = Enumerate(scene);
    Weigh(scene, hypotheses);
    double sum = 0;
    for (const Hypothesis& h : hypotheses) sum += h.probability;
    EXPECT_NEAR(sum, 1, 1e-9);
    ++weighed;
  }
  EXPECT_GT(weighed, scenes / 2);
}

TEST(Hostile, PagesOfNoise) { JudgeGarbage(Noise, 1, 500); }
TEST(Hostile, PagesOfLyingHeaders) { JudgeGarbage(Headers, 2, 20); }
TEST(Hostile, MutatedPages) { JudgeGarbage(Mutated, 3, 400); }
TEST(Hostile, MutatedScenes) { WeighMutations(4, 500); }

}  // namespace
}  // namespace poolblame::testing

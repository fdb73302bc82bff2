#include "tests/evaluation/fleet_draw.h"

#include <fmt/format.h>

#include <array>
#include <utility>

#include "cli/analysis.h"
#include "cli/render_json.h"
#include "cli/report_reader.h"
#include "samples/builder.h"
#include "samples/tag_population.h"
#include "tests/evaluation/split_mix.h"

namespace poolblame::evaluation {
namespace {

constexpr std::uint32_t kMostAttempts = 80;  // images for one dump: a page is often not pool, a block often not there
constexpr std::uint32_t kMachines = 12;      // of a fleet

struct System {
  std::uint32_t build;
  bool x64;
};
constexpr auto kSystems = std::to_array<System>({{6002, true},
                                                 {7601, true},
                                                 {7601, false},
                                                 {9600, true},
                                                 {14393, true},
                                                 {17134, true},
                                                 {18362, true},
                                                 {19041, true},
                                                 {22621, true},
                                                 {26100, true}});

/// One machine of a fleet keeps its system, processors and memory.
struct FleetMachine {
  System system;
  std::uint32_t processors, pages;
};

FleetMachine DrawMachine(SplitMix64& random) {
  const System& system = kSystems[random.Below(kSystems.size())];
  const bool segment_heap = system.build >= 18362;
  return {system, random.Between(1, 16), 2 * random.Between(segment_heap ? 80 : 56, 110)};
}

std::string MachineWords(const FleetMachine& machine) {
  return fmt::format("windows={} machine={} processors={} pages={}", machine.system.build,
                     machine.system.x64 ? "x64" : "x86", machine.processors, machine.pages);
}

/// Contents that look like nobody's, and lengths that end within the first header.
std::string CulpritWords(SplitMix64& random, const std::string& tag) {
  constexpr std::array kContents = {"zero", "random", "fill"};
  return fmt::format("fault=overrun culprit={} reach=tail content={} bytes={}", tag.substr(0, tag.find(' ')),
                     kContents[random.Below(3)], random.Between(1, 12));
}

std::string IndependentWords(SplitMix64& random) {
  constexpr std::array kFaults = {"overrun",    "overrun",  "overrun",     "off-by-one",    "underrun",
                                  "wild-write", "bit-flip", "double-free", "use-after-free"};
  return fmt::format("fault={}", kFaults[random.Below(kFaults.size())]);
}

/// What all dumps of a fleet have in common.
struct Plan {
  FleetTruth truth;
  std::vector<FleetMachine> machines;
  std::uint32_t frame = 0, column = 0;
};

Plan DrawPlan(FleetKind kind, SplitMix64& random) {
  Plan plan;
  plan.truth.kind = kind;
  if (kind == FleetKind::kCulprit || kind == FleetKind::kMixed) {
    const auto tags = samples::Tags();
    plan.truth.tag = tags[random.Below(static_cast<std::uint32_t>(tags.size()))].tag;
  }
  const std::uint32_t machines = kind == FleetKind::kMemory ? 1 : kMachines;
  for (std::uint32_t i = 0; i < machines; ++i) plan.machines.push_back(DrawMachine(random));
  plan.frame = random.Between(2, plan.machines.front().pages / 3);  // in the low run of every machine's RAM
  plan.column = random.Below(32);
  return plan;
}

std::string DrawRecipeLine(const Plan& plan, std::uint32_t minutes, SplitMix64& random) {
  const FleetMachine& machine = plan.machines[random.Below(static_cast<std::uint32_t>(plan.machines.size()))];
  std::string words;
  switch (plan.truth.kind) {
    case FleetKind::kCulprit:
      words = CulpritWords(random, plan.truth.tag);
      break;
    case FleetKind::kMixed:
      words = random.Chance(50) ? CulpritWords(random, plan.truth.tag) : IndependentWords(random);
      break;
    case FleetKind::kIndependent:
      words = IndependentWords(random);
      break;
    case FleetKind::kMemory:
      words = fmt::format("fault=bit-flip variant=header frame={} column={}", plan.frame, plan.column);
      break;
  }
  return fmt::format("{} container={} {} minutes={} activity={} seed={}", MachineWords(machine),
                     random.Chance(20) ? "triage" : "full", words, minutes, random.Between(100, 600),
                     random.Next() >> 32);
}

/// Whether the dump leaves the matter open, for a fleet whose culprit is to be found by many of them.
bool IsOpen(const Report& report) {
  constexpr double kNearlySure = 0.9;
  const Incident& first = report.incidents.front();
  return first.confidence != Confidence::kStrong && first.suspects.front().probability < kNearlySure;
}

/// From the recipe to what `correlate` reads; nothing where no block fits, or no damage was seen.
std::optional<DrawnDump> Draw(const std::string& recipe, FleetKind kind, const TagDatabase& tags) {
  const auto built = samples::BuildSample(recipe);
  if (!built) return std::nullopt;
  Result<Image> image = Image::FromBytes(ByteView(built->bytes), recipe, {});
  if (!image) return std::nullopt;
  ScanOptions options;
  options.threads = 1;
  const auto analysis = cli::AnalyseOpenImage(std::move(*image), options, tags);
  const Report& report = analysis->facts.report;
  if (report.incidents.empty() || (kind <= FleetKind::kMixed && !IsOpen(report))) return std::nullopt;
  const auto json = cli::ParseJson(cli::RenderReportJson(analysis->facts, cli::JsonForm::kOneLine));
  if (!json) return std::nullopt;
  Result<FleetEntry> entry = cli::ReadReport(*json);
  if (!entry) return std::nullopt;
  return DrawnDump{recipe, std::move(*entry), report.incidents.front().confidence == Confidence::kInsufficient};
}

}  // namespace

DrawnFleet DrawFleet(FleetKind kind, std::uint64_t seed, std::uint64_t index, std::size_t dumps,
                     const TagDatabase& tags) {
  SplitMix64 mixer(seed);
  SplitMix64 random(mixer.Next() ^ (index * 4 + static_cast<std::uint64_t>(kind)) * 0xD1B54A32D192ED03);
  random.Next();
  DrawnFleet fleet;
  const Plan plan = DrawPlan(kind, random);
  fleet.truth = plan.truth;
  const std::uint32_t most = static_cast<std::uint32_t>(dumps) * kMostAttempts;
  while (fleet.dumps.size() < dumps && fleet.drawn < most) {
    auto dump = Draw(DrawRecipeLine(plan, ++fleet.drawn, random), kind, tags);
    if (dump) fleet.dumps.push_back(std::move(*dump));
  }
  return fleet;
}

}  // namespace poolblame::evaluation

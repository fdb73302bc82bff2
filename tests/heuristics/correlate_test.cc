// Fleets made by hand, against what may be said of them.
#include "heuristics/correlate.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <random>

namespace poolblame {
namespace {

constexpr std::uint64_t kPairs = 1000;

FleetSuspect Neighbour(const char* tag, std::uint32_t probability, std::uint64_t below) {
  FleetSuspect suspect;
  suspect.role = SuspectRole::kBlock;
  suspect.probability = probability;
  suspect.tag = PoolTag::FromText(tag);
  suspect.neighbours = {below, 0};
  suspect.blocks = 40;
  suspect.same_size = 20;
  return suspect;
}

FleetSuspect Other(SuspectRole role, std::uint32_t probability) {
  FleetSuspect suspect;
  suspect.role = role;
  suspect.probability = probability;
  return suspect;
}

/// One dump in which `left` stands below the damage, at even odds that it did it. `number` makes it a crash of its own.
FleetDump Dump(std::uint64_t number, const char* left, const char* victim, std::uint64_t below = 15) {
  FleetIncident incident;
  incident.pairs = kPairs;
  incident.victim = {PoolTag::FromText(victim), 0x60};
  incident.suspects = {Neighbour(left, 5000, below), Other(SuspectRole::kHardware, 500),
                       Other(SuspectRole::kUnknown, 4500)};
  FleetDump dump;
  dump.crash = {"x64", 7601, 1000 + number, 10, 0x19, {0x20, 0x1000 * number}};
  dump.verdict = Verdict::kCorrupt;
  dump.machine_fingerprint = number;
  dump.tags = 60;
  dump.incidents = {incident};
  return dump;
}

const std::vector<const char*> kVictims = {"File", "Even", "Sema", "Muta", "Irp ",
                                           "Mdl ", "MmCa", "Vad ", "EtwR", "ReTa"};
const std::vector<const char*> kLefts = {"Bad1", "Aaa1", "Aaa2", "Aaa3", "Aaa4",
                                         "Aaa5", "Aaa6", "Aaa7", "Aaa8", "Aaa9"};

std::vector<FleetDump> SameNeighbour(std::size_t dumps, std::uint64_t below = 15) {
  std::vector<FleetDump> fleet;
  for (std::size_t i = 0; i < dumps; ++i) fleet.push_back(Dump(i + 1, "Bad1", kVictims[i % kVictims.size()], below));
  return fleet;
}

Ranking Rank(const std::vector<FleetDump>& dumps) {
  Fleet fleet;
  for (std::size_t i = 0; i < dumps.size(); ++i) fleet.Add(dumps[i], std::to_string(i) + ".dmp");
  return Correlate(fleet, TagDatabase());
}

TEST(Correlate, ANeighbourThatRecursBelowDifferentVictimsIsTheCulprit) {
  const Ranking ranking = Rank(SameNeighbour(6));
  EXPECT_EQ(ranking.verdict, FleetVerdict::kCulprit);
  const Candidate& first = ranking.candidates.front();
  EXPECT_EQ(first.role, CandidateRole::kTag);
  EXPECT_EQ(first.tags.front().tag, PoolTag::FromText("Bad1"));
  EXPECT_EQ(first.dumps.size(), 6U);
  EXPECT_EQ(first.machines, 6U);
  EXPECT_EQ(first.victims, 6U);
  EXPECT_EQ(first.more_dumps, 0U);
}

TEST(Correlate, OneAndTwoDumpsAreTooFew) {
  for (const std::size_t dumps : {1U, 2U}) EXPECT_EQ(Rank(SameNeighbour(dumps)).verdict, FleetVerdict::kUndecided);
  EXPECT_GT(Rank(SameNeighbour(2)).candidates.front().more_dumps, 0U);
}

TEST(Correlate, ANeighbourThatIsOneEverywhereIsChance) {
  const Ranking ranking = Rank(SameNeighbour(6, kPairs / 3));
  EXPECT_NE(ranking.verdict, FleetVerdict::kCulprit);
  EXPECT_LT(ranking.candidates.front().probability, 0.5);
}

TEST(Correlate, OneVictimsUsualNeighbourMayBeTheLayout) {
  std::vector<FleetDump> same, slots;
  for (std::uint64_t i = 1; i <= 5; ++i) same.push_back(Dump(i, "Bad1", "File"));
  slots = same;
  for (FleetDump& dump : slots) dump.incidents.front().random_places = true;
  const double varying = Rank(SameNeighbour(5)).candidates.front().log_odds;
  const double constant = Rank(same).candidates.front().log_odds;
  EXPECT_LT(constant + 4, varying);
  EXPECT_LT(constant + 2, Rank(slots).candidates.front().log_odds) << "slots are handed out at random";
}

TEST(Correlate, BlocksOfOneTagStandSideBySideAnyway) {
  std::vector<FleetDump> dumps;
  for (std::uint64_t i = 1; i <= 6; ++i) {
    dumps.push_back(Dump(i, "Bad1", "Bad1", 30));
    dumps.back().incidents.front().suspects.front().neighbours.below_same = 25;
  }
  EXPECT_NE(Rank(dumps).verdict, FleetVerdict::kCulprit);
}

TEST(Correlate, DifferentNeighboursAreNobody) {
  std::vector<FleetDump> dumps;
  for (std::uint64_t i = 0; i < 10; ++i) dumps.push_back(Dump(i + 1, kLefts[i], kVictims[i]));
  const Ranking ranking = Rank(dumps);
  EXPECT_EQ(ranking.verdict, FleetVerdict::kNobody);
  EXPECT_GT(ranking.nobody, 0.75);
}

TEST(Correlate, SomeDumpsMayBeSomebodyElses) {
  std::vector<FleetDump> dumps = SameNeighbour(7);
  for (std::uint64_t i = 1; i < 4; ++i) dumps.push_back(Dump(20 + i, kLefts[i], kVictims[i]));
  const Ranking ranking = Rank(dumps);
  EXPECT_EQ(ranking.verdict, FleetVerdict::kCulprit);
  EXPECT_EQ(ranking.candidates.front().dumps.size(), 7U);
}

TEST(Correlate, TheSameCrashCountsOnce) {
  std::vector<FleetDump> dumps = SameNeighbour(2);
  const double twice = Rank(dumps).candidates.front().probability;
  for (int i = 0; i < 5; ++i) dumps.push_back(dumps.front());
  const Ranking ranking = Rank(dumps);
  EXPECT_EQ(ranking.reports, 7U);
  EXPECT_EQ(ranking.dumps, 2U);
  EXPECT_EQ(ranking.candidates.front().probability, twice);
}

TEST(Correlate, OfTwoReportsOfACrashTheOneThatSawMoreSpeaks) {
  FleetDump little = Dump(1, "Bad1", "File"), much = Dump(1, "Good", "File");
  little.pool_blocks = 12;
  much.pool_blocks = 90000;
  for (const auto& order : {std::vector{little, much}, std::vector{much, little}}) {
    const Ranking ranking = Rank(order);
    ASSERT_EQ(ranking.dumps, 1U);
    EXPECT_EQ(ranking.candidates.front().tags.front().tag, PoolTag::FromText("Good"));
  }
}

TEST(Correlate, WithoutAClockTheContentTellsCrashesApart) {
  FleetDump one = Dump(1, "Bad1", "File"), other = Dump(2, "Bad1", "File");
  for (FleetDump* dump : {&one, &other}) dump->crash = {"x64", 7601, {}, {}, {}, {}};
  EXPECT_NE(IdentityOf(one), IdentityOf(other)) << "their machines differ";
  other.machine_fingerprint = one.machine_fingerprint;
  EXPECT_EQ(IdentityOf(one), IdentityOf(other));
  other.incidents.front().page = 7;
  EXPECT_NE(IdentityOf(one), IdentityOf(other));
}

TEST(Correlate, ATagsFameIsNotCountedInEveryDump) {
  std::vector<FleetDump> dumps = SameNeighbour(4);
  const double plain = Rank(dumps).candidates.front().log_odds;
  for (FleetDump& dump : dumps) {
    FleetSuspect& suspect = dump.incidents.front().suspects.front();
    suspect.ownership = 100;
    suspect.probability = 7310;  // what one unit of log-odds makes of even odds
    for (FleetSuspect& other : dump.incidents.front().suspects)
      if (other.role != SuspectRole::kBlock) other.probability = other.probability * 2690 / 5000;
  }
  EXPECT_NEAR(Rank(dumps).candidates.front().log_odds, plain, 0.02);
}

TEST(Correlate, AConstantDistanceAndTheSameBytesSpeakForOneWriter) {
  std::vector<FleetDump> dumps = SameNeighbour(4);
  const double plain = Rank(dumps).candidates.front().log_odds;
  for (FleetDump& dump : dumps) dump.incidents.front().suspects.front().distance = 0x50;
  const double same_distance = Rank(dumps).candidates.front().log_odds;
  EXPECT_GT(same_distance, plain + 0.3);
  for (FleetDump& dump : dumps) dump.incidents.front().bytes = {1, 2, 3, 4};
  const double same_bytes = Rank(dumps).candidates.front().log_odds;
  EXPECT_GT(same_bytes, same_distance + 1);
  for (FleetDump& dump : dumps) dump.incidents.front().bytes = {0, 0, 0, 0};
  EXPECT_EQ(Rank(dumps).candidates.front().log_odds, same_distance) << "zeros are everybody's";
}

std::vector<FleetDump> BadMemory(std::size_t dumps, bool one_machine) {
  std::vector<FleetDump> fleet;
  for (std::size_t i = 0; i < dumps; ++i) {
    FleetDump dump = Dump(i + 1, kLefts[i], kVictims[i]);
    FleetIncident& incident = dump.incidents.front();
    incident.suspects = {Other(SuspectRole::kHardware, 6000), Neighbour(kLefts[i], 3000, 15),
                         Other(SuspectRole::kUnknown, 1000)};
    if (one_machine) {
      dump.machine_fingerprint = 77;
      incident.page = 0x1234;
      incident.column = 13;
    }
    fleet.push_back(dump);
  }
  return fleet;
}

TEST(Correlate, OneMachinesBitsAreItsHardware) {
  const Ranking ranking = Rank(BadMemory(6, true));
  EXPECT_EQ(ranking.verdict, FleetVerdict::kHardware);
  EXPECT_EQ(ranking.candidates.front().role, CandidateRole::kHardware);
  EXPECT_EQ(ranking.candidates.front().machine, 77U);
}

TEST(Correlate, BitsOfManyMachinesAreNoOnesHardware) {
  const Ranking ranking = Rank(BadMemory(6, false));
  EXPECT_NE(ranking.verdict, FleetVerdict::kHardware);
  EXPECT_NE(ranking.verdict, FleetVerdict::kCulprit);
}

TEST(Correlate, ADriverThatCleanDumpsLackIsLikelier) {
  TagDatabase tags;
  const std::string text = "Bad1 - bad.sys - a driver\n";
  tags.AddFile(ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
  const auto rank = [&](bool in_clean) {
    Fleet fleet;
    for (FleetDump dump : SameNeighbour(3)) {
      dump.modules = {"bad.sys", "ntoskrnl.exe"};
      fleet.Add(dump, "damaged");
    }
    for (std::uint64_t i = 100; i < 110; ++i) {
      FleetDump dump = Dump(i, "Bad1", "File");
      dump.incidents.clear();
      dump.verdict = Verdict::kClean;
      dump.modules = {"ntoskrnl.exe"};
      if (in_clean) dump.modules.insert(dump.modules.begin(), "bad.sys");
      fleet.Add(dump, "clean");
    }
    return Correlate(fleet, tags);
  };
  const Candidate with = rank(true).candidates.front(), without = rank(false).candidates.front();
  EXPECT_EQ(with.role, CandidateRole::kDriver);
  EXPECT_EQ(with.owner.driver, "bad.sys");
  EXPECT_GT(without.probability, with.probability);
}

TEST(Correlate, NoDamageIsNobodysAndNothingJudgedIsUndecided) {
  FleetDump dump = Dump(1, "Bad1", "File");
  dump.incidents.clear();
  dump.verdict = Verdict::kClean;
  EXPECT_EQ(Rank({dump}).verdict, FleetVerdict::kNobody);
  FleetDump lacking = dump;
  lacking.verdict = Verdict::kInconclusive;
  lacking.crash.system_time = 7;
  EXPECT_EQ(Rank({lacking}).verdict, FleetVerdict::kUndecided);
  EXPECT_EQ(Rank({dump, lacking}).verdict, FleetVerdict::kUndecided) << "what it lacks may be damaged";
  EXPECT_EQ(Rank({}).verdict, FleetVerdict::kUndecided);
}

/// Everything in a ranking that a reader sees, to the last bit.
std::string Bits(const Ranking& ranking) {
  std::string text = FleetVerdictName(ranking.verdict);
  char number[64];
  const auto add = [&](double value) {
    std::snprintf(number, sizeof(number), " %a", value);
    text += number;
  };
  add(ranking.nobody);
  for (const Candidate& candidate : ranking.candidates) {
    add(candidate.probability);
    add(candidate.log_odds);
    for (const CandidateTag& tag : candidate.tags) text += tag.tag.text();
    for (const DumpBehind& dump : candidate.dumps) text += dump.identity + dump.path;
  }
  return text;
}

TEST(Correlate, OrderAndGroupingChangeNothing) {
  std::vector<FleetDump> dumps = SameNeighbour(12);
  for (const FleetDump& dump : BadMemory(6, true)) dumps.push_back(dump);
  dumps[14].crash.system_time = 5;  // a crash of its own
  dumps.push_back(dumps.front());   // and one that was reported twice
  std::string expected;
  std::mt19937 random(7);
  for (int round = 0; round < 50; ++round) {
    std::shuffle(dumps.begin(), dumps.end(), random);
    std::vector<Fleet> parts(1 + random() % 5);
    for (const FleetDump& dump : dumps) parts[random() % parts.size()].Add(dump, IdentityOf(dump));
    while (parts.size() > 1) {
      const std::size_t into = random() % (parts.size() - 1);
      parts[into].Merge(std::move(parts.back()));
      parts.pop_back();
    }
    const std::string bits = Bits(Correlate(parts.front(), TagDatabase()));
    if (expected.empty()) expected = bits;
    ASSERT_EQ(bits, expected) << round;
  }
}

}  // namespace
}  // namespace poolblame

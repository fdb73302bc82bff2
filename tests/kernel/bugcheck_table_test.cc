// The tables themselves: every row can be reached, every placeholder filled, for any parameters.
#include "parser/kernel/bugcheck_table.h"

#include <gtest/gtest.h>

#include <random>
#include <set>
#include <string>
#include <vector>

#include "parser/kernel/bugcheck_sentence.h"

namespace poolblame {
namespace {

std::vector<BugCheckRow> AllRows() {
  std::vector<BugCheckRow> all;
  for (const auto rows :
       {PoolBugChecks(), SpecialPoolBugChecks(), VerifierBugChecks(), HeapBugChecks(), MemoryBugChecks()})
    all.insert(all.end(), rows.begin(), rows.end());
  return all;
}

TEST(BugCheckTable, NoRowHidesAnother) {
  std::set<std::tuple<std::uint32_t, std::uint64_t, std::uint32_t>> seen;
  for (const BugCheckRow& row : AllRows())
    EXPECT_TRUE(seen.insert({row.code, row.sub_code, row.last_build}).second) << row.sentence;
}

TEST(BugCheckTable, EveryRowHasANameAndIsFoundByItsOwnParameters) {
  for (const BugCheckRow& row : AllRows()) {
    const BugCheckName* name = FindBugCheckName(row.code);
    ASSERT_NE(name, nullptr) << row.sentence;
    BugCheckArguments arguments;
    arguments.build = row.last_build != 0 ? row.last_build : 7601;
    arguments.p[name->selector - 1] = row.sub_code;
    const BugCheckRow* found = FindBugCheckRow(row.code, arguments);
    ASSERT_NE(found, nullptr);
    EXPECT_EQ(found->sentence, row.sentence);
  }
}

TEST(BugCheckTable, SentencesAreWellFormed) {
  for (const BugCheckRow& row : AllRows()) {
    const std::string_view s = row.sentence;
    ASSERT_FALSE(s.empty());
    for (std::size_t i = s.find('{'); i != std::string_view::npos; i = s.find('{', i + 1)) {
      const std::string_view placeholder = s.substr(i, s.find('}', i) - i + 1);
      ASSERT_GE(placeholder.size(), 3u) << s;
      ASSERT_LE(placeholder.size(), 4u) << s;
      EXPECT_TRUE(placeholder[1] >= '1' && placeholder[1] <= '4') << s;
      if (placeholder.size() == 4) {
        EXPECT_NE(std::string_view("dptkaesy").find(placeholder[2]), std::string_view::npos) << s;
      }
    }
    for (const AddressRole& role : row.roles) {
      EXPECT_LE(role.parameter, 4u);
      EXPECT_EQ(role.parameter == 0, role.role.empty()) << s;
    }
  }
}

TEST(BugCheckSentence, Forms) {
  const BugCheckArguments a{{0x636F7250, 0x201, 0x40C0001, 0x4141414142424242}, Machine::kX64, {}};
  EXPECT_EQ(FillSentence("{1} {1d} {1t} {2k} {3s} {3y} {4p}", a),
            "0x636f7250 1668248144 'Proc' paged 0xc0 0x4 0x4141414142424242 (its bytes read \"BBBBAAAA\")");
}

// Any code with any parameters gives a sentence that can be printed and kernel addresses only.
TEST(BugCheckSentence, HostileRecords) {
  std::mt19937_64 random(7);
  const auto rows = AllRows();
  for (int round = 0; round < 50'000; ++round) {
    BugCheckRecord record;
    record.code = rows[random() % rows.size()].code;
    for (std::uint64_t& p : record.parameters) p = random() >> (random() % 64);
    record.parameters[random() % 4] = rows[random() % rows.size()].sub_code;
    const auto machine = static_cast<Machine>(random() % 4);
    const BugCheck check = ExplainBugCheck(record, machine, static_cast<std::uint32_t>(random() % 30000));
    ASSERT_FALSE(check.meaning.empty());
    for (const char c : check.meaning) ASSERT_TRUE(c >= 0x20 && c < 0x7F) << check.meaning;
    for (const BugCheckAddress& a : check.addresses) ASSERT_TRUE(IsKernelAddress(a.address.value, machine));
  }
}

}  // namespace
}  // namespace poolblame

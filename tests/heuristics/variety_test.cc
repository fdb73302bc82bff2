// Where blocks of many tags are unlike their siblings, to be unlike them is no sign of damage.
#include <gtest/gtest.h>

#include <array>

#include "heuristics/content_model.h"
#include "tests/heuristics/stage.h"

namespace poolblame::testing {
namespace {

constexpr std::array<const char*, 6> kTags = {"Aaaa", "Bbbb", "Cccc", "Dddd", "Eeee", "Ffff"};
constexpr std::uint32_t kVarietyPages = 40;  // each with a block of every tag

/// A structure that is alike in all blocks but for a counter.
ByteString Structure(std::uint32_t counter) {
  ByteString bytes;
  for (std::uint32_t word = 0; word < 10; ++word) bytes = bytes + Word(word == 3 ? counter % 16 : word, 8);
  return bytes;
}

/// Of an image whose first `odd_tags` tags have one block each that holds what none of their others does.
bool TellDamage(std::size_t odd_tags, std::uint32_t pages = kVarietyPages) {
  Stage stage(Windows::kSeven64);
  for (std::uint32_t page = 0; page < pages; ++page) {
    PageBuilder builder(Windows::kSeven64, page);
    for (std::size_t tag = 0; tag < kTags.size(); ++tag) {
      const bool odd = page == 5 && tag < odd_tags;
      builder.Block(kTags[tag], 0x60).Put(0, odd ? Varied(80, static_cast<std::uint32_t>(tag)) : Structure(page));
    }
    stage.Add(builder);
  }
  return LearnContents(stage.Scan(), stage.system()).tell_damage();
}

TEST(Variety, WhereBlocksAreAlikeTheyTellDamage) { EXPECT_TRUE(TellDamage(0)); }

TEST(Variety, OneTagMayHaveBeenWrittenOver) { EXPECT_TRUE(TellDamage(1)); }

TEST(Variety, MoreThanAFifthOfTheTagsBesidesTheVictimsIsHowThisPoolIs) { EXPECT_FALSE(TellDamage(3)); }

TEST(Variety, AFewBlocksDoNotTell) { EXPECT_FALSE(TellDamage(0, 20)); }

}  // namespace
}  // namespace poolblame::testing

// Payload models: the same tag looks the same, and content does not depend on how much of it is asked for.
#include "samples/payload.h"

#include <gtest/gtest.h>

#include <algorithm>
#include <map>

#include "samples/payload_words.h"
#include "samples/random.h"

namespace poolblame::samples {
namespace {

PayloadWorld World(std::uint32_t pointer_size) {
  PayloadWorld world;
  world.pointer_size = pointer_size;
  for (std::size_t i = 0; i < Drivers().size(); ++i) world.driver_bases.push_back(0x80000000U + i * 0x100000U);
  world.pool_base = 0x84000000;
  return world;
}

TEST(Payload, MoreBytesContinueTheSameContent) {
  const PayloadWorld world = World(8);
  for (const TagSpec& spec : Tags()) {
    const Bytes all = OwnerContent(world, spec, 77, 0x84001000, 300, false);
    const Bytes part = OwnerContent(world, spec, 77, 0x84001000, 200, false);
    EXPECT_TRUE(std::equal(part.begin(), part.end(), all.begin())) << spec.tag;
  }
}

TEST(Payload, FixedBytesAreEqualInEveryBlockOfATag) {
  for (const std::uint32_t pointer : {4U, 8U}) {
    const PayloadWorld world = World(pointer);
    for (const TagSpec& spec : Tags()) {
      const Bytes one = OwnerContent(world, spec, 1, 0x84001000, 160, false);
      const Bytes other = OwnerContent(world, spec, 2, 0x84005540, 160, false);
      for (std::size_t i = 0; i < one.size(); ++i) {
        if (IsFixedByte(world, spec, i)) {
          EXPECT_EQ(one[i], other[i]) << spec.tag << " at " << i;
        }
      }
    }
  }
}

TEST(Payload, MoreBytesContinueTheSameRichContent) {
  PayloadWorld world = World(8);
  world.rich = true;
  for (const TagSpec& spec : Tags()) {
    for (std::uint32_t seed = 0; seed < 60; ++seed) {
      const Bytes all = OwnerContent(world, spec, seed, 0x84001000, 300, false);
      const Bytes part = OwnerContent(world, spec, seed, 0x84001000, 200, false);
      EXPECT_TRUE(std::equal(part.begin(), part.end(), all.begin())) << spec.tag;
    }
  }
}

TEST(Payload, FixedBytesOfRichContentAreEqualInEveryBlockOfATag) {
  for (const std::uint32_t pointer : {4U, 8U}) {
    PayloadWorld world = World(pointer);
    world.rich = true;
    for (const TagSpec& spec : Tags()) {
      const Bytes first = OwnerContent(world, spec, 1, 0x84001000, 160, false);
      for (std::uint32_t seed = 2; seed < 120; ++seed) {
        const Bytes other = OwnerContent(world, spec, seed, 0x84005540, 160, false);
        for (std::size_t i = 0; i < first.size(); ++i) {
          if (IsFixedByte(world, spec, i)) {
            ASSERT_EQ(first[i], other[i]) << spec.tag << " at " << i;
          }
        }
      }
    }
  }
}

TEST(Payload, RichStructuresComeInUpToFourShapesWithFieldsThatFewHave) {
  PayloadWorld world = World(8);
  EXPECT_EQ(ShapeOf(world, 7), 0U);
  world.rich = true;
  std::map<std::uint64_t, int> shapes;
  for (std::uint64_t seed = 0; seed < 1000; ++seed) ++shapes[ShapeOf(world, seed)];
  EXPECT_EQ(shapes.size(), 4U);
  EXPECT_GT(shapes[0], 500);
  std::size_t seldom_set = 0;
  for (const TagSpec& spec : Tags()) {
    if (spec.content != Content::kStruct) continue;
    for (std::size_t word = 4; word < 20; ++word) {
      int set = 0;
      for (std::uint32_t seed = 0; seed < 400; ++seed) set += StructWord(world, spec, seed, 0x84001000, word) != 0;
      seldom_set += set > 0 && set < 40;
    }
  }
  EXPECT_GT(seldom_set, 20U);
}

TEST(Payload, TextEndsInsideItsBlock) {
  const PayloadWorld world = World(8);
  for (const TagSpec& spec : Tags()) {
    if (spec.content != Content::kAscii && spec.content != Content::kUnicode) continue;
    const Bytes text = OwnerContent(world, spec, 3, 0x84001000, 64, true);
    EXPECT_EQ(text.back(), 0) << spec.tag;
    EXPECT_NE(text[0], 0) << spec.tag;
  }
}

TEST(Population, EveryTagHasFourCharactersAndItsOwnName) {
  for (const TagSpec& spec : Tags()) {
    EXPECT_EQ(std::string_view(spec.tag).size(), 4U);
    EXPECT_LE(spec.min_bytes, spec.max_bytes) << spec.tag;
    EXPECT_LT(spec.driver, Drivers().size());
    EXPECT_EQ(std::count_if(Tags().begin(), Tags().end(),
                            [&](const TagSpec& o) { return std::string_view(o.tag) == spec.tag; }),
              1);
  }
}

// SplitMix64 with seed 0: the published first outputs.
TEST(Random, GivesThePublishedNumbers) {
  Random random(0);
  EXPECT_EQ(random.Next(), 0xE220A8397B1DCDAFU);
  EXPECT_EQ(random.Next(), 0x6E789E6AA1B965F4U);
  EXPECT_EQ(random.Next(), 0x06C45D188009454FU);
}

}  // namespace
}  // namespace poolblame::samples

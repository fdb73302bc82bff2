// Scenes and the pages they share: each page is walked once, and a copy lives on without its original.
#include "heuristics/scene.h"

#include <gtest/gtest.h>

#include <memory>
#include <optional>
#include <vector>

#include "heuristics/page_cache.h"
#include "tests/heuristics/stage.h"
#include "tests/pool/opened_image.h"

namespace poolblame::testing {
namespace {

constexpr std::uint32_t kPages = 12;

TEST(PageCache, APageIsWalkedOnceForAllItsAddresses) {
  Stage stage(Windows::kSeven64);
  const PoolCensus& census = stage.AddHealthy(kPages).Scan();
  PageCache cache(stage.space(), stage.system(), census);
  const auto page = cache.PoolPageAt({stage.AddressOf(3, 0)});
  ASSERT_NE(page, nullptr);
  EXPECT_EQ(page->address->value, stage.AddressOf(3, 0));
  EXPECT_EQ(cache.PoolPageAt({stage.AddressOf(3, 0x123)}), page);
  EXPECT_NE(cache.PoolPageAt({stage.AddressOf(4, 0)}), page);
}

TEST(PageCache, WhatIsNoPoolIsNothingEveryTime) {
  Stage stage(Windows::kSeven64);
  const PoolCensus& census = stage.AddHealthy(kPages).Scan();
  PageCache cache(stage.space(), stage.system(), census);
  EXPECT_EQ(cache.PoolPageAt({stage.AddressOf(kPages, 0)}), nullptr);
  EXPECT_EQ(cache.PoolPageAt({stage.AddressOf(kPages, 0)}), nullptr);
}

TEST(PageCache, ForgetsTheOldestPageButNotForThoseWhoHoldIt) {
  Stage stage(Windows::kSeven64);
  const PoolCensus& census = stage.AddHealthy(kPages).Scan();
  PageCache cache(stage.space(), stage.system(), census);
  const auto held = cache.PoolPageAt({stage.AddressOf(0, 0)});
  const auto second = cache.PoolPageAt({stage.AddressOf(1, 0)});
  for (std::size_t i = 2; i <= PageCache::kMostPages; ++i) (void)cache.PoolPageAt({stage.AddressOf(i, 0)});
  EXPECT_EQ(cache.PoolPageAt({stage.AddressOf(1, 0)}), second);
  const auto again = cache.PoolPageAt({stage.AddressOf(0, 0)});
  EXPECT_NE(again, held);
  ASSERT_NE(again, nullptr);
  EXPECT_EQ(again->blocks.size(), held->blocks.size());
}

TEST(Scene, ACopyLivesOnWithoutItsOriginal) {
  Stage stage(Windows::kSeven64);
  const PoolCensus& census = stage.AddHealthy(kPages).Scan();
  std::optional<SceneSetter> setter(std::in_place, stage.space(), stage.system(), census, stage.tags());
  std::optional<Scene> original = setter->Set(*setter->PoolPageAt({stage.AddressOf(5, 0)}));
  const Scene copy = *original;
  original.reset();
  setter.reset();
  ASSERT_EQ(copy.pages.size(), 3U);
  ASSERT_FALSE(copy.blocks.empty());
  for (std::size_t i = 0; i < copy.blocks.size(); ++i) {
    const SceneBlock& block = copy.blocks[i];
    ASSERT_NE(block.block, nullptr);
    EXPECT_EQ(copy.AddressOf(block.begin), (*copy.PageOf(block).address + block.block->offset).value);
    EXPECT_EQ(copy.Reference(i).size, block.block->size);
  }
}

TEST(Scene, NeighboursAreSharedByTheScenesOfOneSetter) {
  Stage stage(Windows::kSeven64);
  const PoolCensus& census = stage.AddHealthy(kPages).Scan();
  SceneSetter setter(stage.space(), stage.system(), census, stage.tags());
  const Scene first = setter.Set(*setter.PoolPageAt({stage.AddressOf(4, 0)}));
  const Scene second = setter.Set(*setter.PoolPageAt({stage.AddressOf(6, 0)}));
  EXPECT_EQ(first.pages.back(), second.pages.front());
}

/// A page of a big allocation: data without a header, with `slack` zeros at its end.
PageBuilder BigPage(std::uint32_t seed, std::uint32_t slack) {
  return PageBuilder(Windows::kSeven64, seed)
      .Overwrite(0, Varied(kPageSize, seed))
      .Overwrite(kPageSize - slack, Repeat(0, slack));
}

TEST(Scene, ABigAllocationBeginsBehindAPageThatEndsInSlack) {
  Stage stage(Windows::kSeven64);
  stage.AddHealthy(kPages).Add(BigPage(71, 0)).Add(BigPage(72, 200)).Add(BigPage(73, 0)).Add(BigPage(74, 0));
  const PoolCensus& census = stage.Add(PageBuilder(Windows::kSeven64, 75).Block("Vict", 0x80)).Scan();
  SceneSetter setter(stage.space(), stage.system(), census, stage.tags());
  const auto page = setter.PoolPageAt({stage.AddressOf(kPages + 4, 0)});
  ASSERT_NE(page, nullptr);
  const Scene scene = setter.Set(*page);
  EXPECT_EQ(scene.Reference(0).header, stage.AddressOf(kPages + 2, 0));
  EXPECT_EQ(scene.Reference(0).size, 2 * kPageSize);
  EXPECT_TRUE(scene.blocks.front().begin_known);
}

TEST(Scene, OnePageOfABigAllocationBehindNothingSaysNotWhereItBegins) {
  for (const std::uint32_t pages : {1U, 2U}) {
    Stage stage(Windows::kSeven64);
    for (std::uint32_t i = 0; i < pages; ++i) stage.Add(BigPage(71 + i, 0));
    const PoolCensus& census = stage.Add(PageBuilder(Windows::kSeven64, 75).Block("Vict", 0x80)).AddHealthy(4).Scan();
    SceneSetter setter(stage.space(), stage.system(), census, stage.tags());
    const auto page = setter.PoolPageAt({stage.AddressOf(pages, 0)});
    ASSERT_NE(page, nullptr);
    const Scene scene = setter.Set(*page);
    EXPECT_EQ(scene.blocks.front().begin_known, pages == 2) << pages;
    EXPECT_EQ(scene.Reference(0).size, pages * kPageSize);
  }
}

TEST(Scene, AChunkThatTouchesThreePagesIsOneBlock) {
  const test::Opened opened = test::FromRecipe(
      "windows=22000 container=bitmap fault=wild-write content=string pages=126 activity=224 backend=vs seed=70826327");
  const AddressSpace space(*opened.image);
  const System system = ReadSystem(space);
  const PoolCensus census = ScanPool(space, system, {});
  SceneSetter setter(space, system, census, TagDatabase::BuiltIn());
  const auto last_page = setter.PoolPageAt({0xffffa8028410b000});
  ASSERT_NE(last_page, nullptr);
  const Scene scene = setter.Set(*last_page);
  EXPECT_EQ(scene.Reference(0).header, 0xffffa80284109ff0);
  EXPECT_EQ(scene.Reference(0).size, 7152U);
  EXPECT_EQ(scene.AddressOf(scene.blocks[0].end), 0xffffa8028410bbe0);
}

}  // namespace
}  // namespace poolblame::testing

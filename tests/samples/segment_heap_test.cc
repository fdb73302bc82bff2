// The segment heap's structures, decoded by hand.
#include "samples/segment_heap.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "tests/samples/heap_bytes.h"

namespace poolblame::samples {
namespace {

TEST_P(SegmentHeapBytes, HeapsPointBackAtThemselves) {
  for (const std::uint64_t heap : heaps_) {
    ASSERT_EQ(heap % 0x1000, 0U);
    EXPECT_EQ(U32(heap + 0x10), 0xDDEEDDEEU);
    for (const std::uint64_t context : {heap + GetParam().seg_context, heap + GetParam().seg_context + 0xC0}) {
      EXPECT_EQ(U64(context + 0x18), heap + GetParam().lfh_context);
      EXPECT_EQ(U64(context + 0x20), heap + GetParam().vs_context);
      EXPECT_EQ(U64(context + 0x38), heap);
    }
    EXPECT_EQ(U64(heap + GetParam().seg_context), 0xFFFFFFFFFFF00000U);
    EXPECT_EQ(U8(heap + GetParam().seg_context + 8), 12U);
    EXPECT_EQ(U8(heap + GetParam().seg_context + 0xA), 2U);
  }
  EXPECT_TRUE(Segments(heaps_[3]).empty()) << "the fourth heap has nothing";
}

TEST_P(SegmentHeapBytes, RangesTileTheirSegment) {
  for (const std::uint64_t heap : heaps_) {
    for (const std::uint64_t segment : Segments(heap)) {
      EXPECT_EQ(U64(segment + 0x10), segment ^ (heap + GetParam().seg_context) ^ heap_key_ ^ GetParam().constant);
      std::uint32_t unit = 2;
      while (unit < 256) {
        const std::uint64_t first = segment + unit * 0x20;
        const std::uint32_t size = U8(first + 0x1F);
        const std::uint32_t flags = U8(first + 0x18);
        ASSERT_NE(size, 0U);
        if ((flags & 1) != 0) {
          EXPECT_EQ(U32(first), 0xCCDDCCDDU);
        }
        for (std::uint32_t i = 1; i < size; ++i) {
          EXPECT_EQ(U8(first + i * 0x20 + 0x18), flags & ~2U);
          EXPECT_EQ(U8(first + i * 0x20 + GetParam().unit_offset), i);
        }
        std::uint32_t committed = 0;
        for (std::uint32_t i = 0; i < size; ++i) {
          committed += machine_->memory().Mapped(segment + (unit + i) * 0x1000) ? 1U : 0U;
        }
        EXPECT_EQ(U8(first + 0x19), committed);
        unit += size;
      }
      EXPECT_EQ(unit, 256U);
    }
  }
}

TEST_P(SegmentHeapBytes, ChunksTileTheirSubsegment) {
  std::size_t free = 0, busy = 0;
  const auto subsegments = Ranges(0x0F);
  ASSERT_FALSE(subsegments.empty());
  for (const std::uint64_t subsegment : subsegments) {
    const std::uint32_t size = U16(subsegment + 0x20);
    EXPECT_EQ((size ^ U16(subsegment + GetParam().vs_signature)) & 0x7FFF, 0x2BEDU);
    std::uint64_t chunk = subsegment + 0x30;
    std::uint64_t previous = 0;
    while (chunk < subsegment + 0x30 + size * 16U) {
      const std::uint64_t word = Word(chunk);
      ASSERT_NE(word >> 16 & 0xFFFF, 0U) << std::hex << chunk;
      EXPECT_EQ(word >> 32 & 0xFFFF, previous) << std::hex << chunk;
      EXPECT_LE(word >> 48, 1U);
      previous = word >> 16 & 0xFFFF;
      if (word >> 48 == 1) {
        ++busy;
        EXPECT_EQ(U8(chunk + 8) ^ (heap_key_ & 0xFF) ^ (chunk & 0xFF), (chunk - subsegment) / 0x1000);
      } else {
        ++free;
      }
      chunk += previous * 16;
    }
    EXPECT_EQ(chunk, subsegment + 0x30 + size * 16U);
  }
  EXPECT_GT(free, 10U);
  EXPECT_GT(busy, 100U);
}

/// Every chunk's POOL_HEADER lies on one page with its payload and says what the chunk says.
TEST_P(SegmentHeapBytes, PoolHeadersFitTheirChunks) {
  std::size_t moved = 0;
  for (const auto& pool : machine_->pools()) {
    for (const std::uint64_t page : pool->pages()) {
      for (const std::uint64_t header : pool->HeadersOn(page)) {
        const Block& block = *pool->Find(header);
        if (block.state == BlockState::kFree || block.headerless) continue;
        const std::uint64_t at = header + block.header_offset;
        moved += block.header_offset > 0x10 ? 1U : 0U;
        EXPECT_EQ(U8(at), 0U);
        EXPECT_EQ(U8(at + 2) * 16U, pool->BlockEnd(header) - at);
        EXPECT_EQ(U8(at + 3) & 2U, 2U);
        EXPECT_EQ(U32(at + 4), block.tag);
        EXPECT_EQ(at / 0x1000, (pool->BlockEnd(header) - 1) / 0x1000);
        if (block.backend == Backend::kVs) {
          EXPECT_EQ(Word(header) >> 16 & 0xFFFF, block.units);
        }
        if (block.quota) {
          EXPECT_EQ(U64(at + 8) ^ machine_->layout().quota_cookie ^ at, machine_->layout().process);
        }
      }
    }
  }
  EXPECT_GT(moved, 0U) << "some begin behind a hole, on the next page";
}

TEST_P(SegmentHeapBytes, BitmapAndCountsAgree) {
  const auto subsegments = Ranges(0x0B);
  ASSERT_FALSE(subsegments.empty());
  for (const std::uint64_t va : subsegments) {
    const std::uint32_t address =
        GetParam().newest ? static_cast<std::uint32_t>(va >> 12) : static_cast<std::uint32_t>(va) >> 12;
    const std::uint32_t offsets = U32(va + 0x28) ^ static_cast<std::uint32_t>(lfh_key_) ^ address;
    const std::uint32_t size = offsets & 0xFFFF, first = offsets >> 16;
    const std::uint32_t free = U16(va + 0x20), count = U16(va + 0x22);
    ASSERT_TRUE(size % 16 == 0 && size >= 0x20 && size <= 0x200) << std::hex << offsets;
    std::uint32_t bits = 0;
    for (std::uint32_t i = 0; i < count; ++i) {
      const std::uint32_t bit = i * GetParam().bits;
      const bool busy = (U8(va + GetParam().bitmap + bit / 8) >> bit % 8 & 1) != 0;
      bits += busy ? 1U : 0U;
      const std::uint64_t slot = va + first + i * size;
      if (slot / 0x1000 != (slot + size - 1) / 0x1000) continue;
      if (busy) {
        EXPECT_EQ(U8(slot + 2) * 16U, size) << std::hex << slot;
      }
    }
    EXPECT_EQ(bits, count - free);
    EXPECT_GE(first, GetParam().bitmap + (count * GetParam().bits + 7) / 8);
  }
}

TEST_P(SegmentHeapBytes, TreesOfFreeChunksAreSound) {
  for (std::uint32_t i = 0; i < 3; ++i) {
    const std::uint64_t context = heaps_[i] + GetParam().vs_context;
    std::vector<std::uint64_t> trees = {context + 0x10};
    if (GetParam().newest) {
      const std::uint64_t map = context + (std::uint64_t{U16(context)} << 6);
      trees.clear();
      for (std::uint32_t s = 0; s <= U16(context + 2); ++s) {
        trees.push_back(context + (std::uint64_t{U32(map + 4 * s)} << 6) + 0x10);
      }
    }
    std::size_t in_trees = 0;
    for (const std::uint64_t tree : trees) {
      const std::uint64_t root = (U64(tree + 8) & 1) != 0 ? U64(tree) ^ tree : U64(tree);
      std::vector<std::pair<std::uint64_t, std::uint64_t>> open = {{root, 0}};
      while (!open.empty()) {
        const auto [node, parent] = open.back();
        open.pop_back();
        if (node == 0) continue;
        ++in_trees;
        EXPECT_EQ(U64(node + 16) & ~std::uint64_t{7}, parent);
        const std::uint64_t units = Word(node - 8) >> 16 & 0xFFFF;
        EXPECT_EQ(Word(node - 8) >> 48, 0U) << "only free chunks";
        for (const std::uint64_t side : {0U, 8U}) {
          const std::uint64_t child = U64(node + side);
          if (child == 0) continue;
          const std::uint64_t its = Word(child - 8) >> 16 & 0xFFFF;
          EXPECT_TRUE(side == 0 ? its <= units : its >= units);
          open.emplace_back(child, node);
        }
      }
    }
    std::size_t in_shadow = 0;
    const Pool& pool = *machine_->pools()[i];
    for (const std::uint64_t page : pool.pages()) {
      for (const std::uint64_t header : pool.HeadersOn(page))
        in_shadow += pool.OnListHeads(*pool.Find(header)) ? 1U : 0U;
    }
    EXPECT_EQ(in_trees, in_shadow);
  }
}

TEST_P(SegmentHeapBytes, HasBlocksInEveryStateAndBothBackends) {
  std::set<BlockState> states;
  std::set<Backend> backends;
  std::set<std::uint32_t> tags;
  for (const auto& pool : machine_->pools()) {
    for (const std::uint64_t page : pool->pages()) {
      for (const std::uint64_t header : pool->HeadersOn(page)) {
        states.insert(pool->Find(header)->state);
        backends.insert(pool->Find(header)->backend);
        tags.insert(pool->Find(header)->tag);
      }
    }
  }
  EXPECT_EQ(states.size(), 4U);
  EXPECT_TRUE(backends.contains(Backend::kVs) && backends.contains(Backend::kLfh));
  EXPECT_GT(tags.size(), 40U);
}

TEST_P(SegmentHeapBytes, BigPageTableNamesLargeBlocksAndThoseThatWent) {
  Build("fault=none activity=0 pages=600");
  const std::uint64_t table = machine_->layout().nt_lists + 0x8000;
  const std::uint32_t stride = std::string(GetParam().windows) < "20348" ? 0x18 : 0x20;
  std::size_t live = 0, freed = 0;
  for (std::uint64_t at = table; at + stride <= table + 0x2000; at += stride) {
    const std::uint64_t va = U64(at);
    if (va == 1) continue;
    EXPECT_EQ(va & 0xFFE, 0U);
    EXPECT_GT(U64(at + 0x10), 0x1000U);
    ((va & 1) != 0 ? freed : live) += 1;
  }
  std::size_t expected = 0;
  for (const auto& pool : machine_->pools()) expected += pool->big().size();
  EXPECT_EQ(live, expected);
  EXPECT_GT(live, 0U);
  EXPECT_GT(freed, 0U);
  EXPECT_FALSE(Ranges(0x03).empty());
}

TEST_P(SegmentHeapBytes, LargeAllocationsLieAboveTheSegments) {
  Build("fault=none activity=0 large=9 pages=600");
  std::size_t ranges = 0;
  for (const std::uint64_t heap : heaps_) {
    const std::uint64_t context = heap + GetParam().seg_context + 0xC0;
    const std::uint64_t segment = U64(context + 0x48);
    if (segment == context + 0x48) continue;
    EXPECT_EQ(segment % 0x1000000, 0U);
    EXPECT_EQ(U64(segment), context + 0x48);
    EXPECT_EQ(U64(segment + 0x10), segment ^ context ^ heap_key_ ^ GetParam().constant);
    std::uint32_t unit = 1;
    while (unit < 256) {
      const std::uint64_t first = segment + unit * 0x20;
      ASSERT_NE(U8(first + 0x1F), 0U);
      if ((U8(first + 0x18) & 1) != 0) {
        ++ranges;
        EXPECT_EQ(U32(first), 0xCCDDCCDDU);
        EXPECT_TRUE(machine_->memory().Mapped(segment + unit * 0x10000));
      }
      unit += U8(first + 0x1F);
    }
    EXPECT_EQ(unit, 256U);
  }
  EXPECT_GT(ranges, 2U);
}

TEST_P(SegmentHeapBytes, SlushIsFilledWhereTheTableNamesAPattern) {
  Build("fault=none activity=0 large=9 pages=600");
  const std::uint64_t table = machine_->layout().nt_lists + 0x8000;
  const bool named = std::string(GetParam().windows) < "20348";
  std::size_t filled = 0;
  for (std::uint64_t at = table; named && at + 0x18 <= table + 0x2000; at += 0x18) {
    const std::uint32_t word = U32(at + 0xC);
    if ((U64(at) & 1) != 0 || word >> 20 == 0) continue;
    EXPECT_EQ((U64(at) + U64(at + 0x10) + (word >> 20)) % 0x1000, 0U);
    EXPECT_EQ(U8(U64(at) + U64(at + 0x10)), word & 0xFF);
    ++filled;
  }
  EXPECT_EQ(filled > 4, named);
}

INSTANTIATE_TEST_SUITE_P(EveryBuild, SegmentHeapBytes, ::testing::ValuesIn(kBuilds),
                         [](const auto& row) { return "Build" + std::string(row.param.windows); });

}  // namespace
}  // namespace poolblame::samples

// The allocator: splitting, coalescing, lists, and the state of whole machines. The walks here are the test's own, on
// bytes, and know nothing of the allocator's shadow.
#include "samples/pool_allocator.h"

#include <gtest/gtest.h>

#include <set>
#include <string>

#include "samples/machine.h"

namespace poolblame::samples {
namespace {

constexpr std::uint64_t kDescriptor = 0xFFFFF80000100000;
constexpr std::uint64_t kBase = 0xFFFFFA8001200000;

/// One x64 Windows 7 pool without lookaside or deferred frees: every operation shows at once.
class OnePool : public ::testing::Test {
 protected:
  OnePool() : memory_(128, 0, 8, 1), profile_(*FindProfile("7601", true)) {
    style_.lookaside_depth = 0;
    style_.deferred_depth = 0;
    style_.free_tag = FreeTagStyle::kKeep;
    memory_.MapNew(kDescriptor);
    memory_.MapNew(kDescriptor + kPage);
    Begin();
  }
  void Begin() {
    PoolSetup setup;
    setup.base = kBase;
    setup.max_pages = 4;
    setup.descriptor = kDescriptor;
    pool_ = std::make_unique<PoolAllocator>(memory_, profile_, style_, setup, 5);
  }
  std::uint64_t Allocate(std::uint32_t bytes, const char* tag) {
    return *pool_->Allocate({.bytes = bytes, .tag = TagOf(tag)});
  }
  HeaderFields At(std::uint64_t header) { return DecodeHeader(memory_.At(header), true); }

  KernelMemory memory_;
  WindowsProfile profile_;
  PoolStyle style_;
  std::unique_ptr<PoolAllocator> pool_;
};

TEST_F(OnePool, FreshPageGivesItsFrontAndKeepsOneFragment) {
  const std::uint64_t first = Allocate(0x50, "AaAa");
  EXPECT_EQ(first % kPage, 0U);
  EXPECT_EQ(At(first).units, 6U);
  EXPECT_EQ(At(first).type, 2U);
  const HeaderFields rest = At(first + 0x60);
  EXPECT_EQ(rest.previous_units, 6U);
  EXPECT_EQ(rest.units, 250U);
  EXPECT_EQ(rest.type, 0U);
  EXPECT_EQ(rest.tag, TagOf("Free"));
  EXPECT_EQ(memory_.ReadPointer(pool_->ListHead(250)), first + 0x70);
  EXPECT_EQ(memory_.ReadPointer(first + 0x70), pool_->ListHead(250));
}

TEST_F(OnePool, SecondAllocationComesFromTheTailOfTheFragment) {
  const std::uint64_t first = Allocate(0x50, "AaAa");
  const std::uint64_t second = Allocate(0x20, "BbBb");
  EXPECT_EQ(second, first + kPage - 0x30);
  EXPECT_EQ(At(second).previous_units, 247U);
  EXPECT_EQ(At(first + 0x60).units, 247U);
}

TEST_F(OnePool, CoalescingLeavesTheStaleHeaderInside) {
  const std::uint64_t first = Allocate(0x50, "AaAa");
  const std::uint64_t last = Allocate(0x20, "BbBb");
  const std::uint64_t middle = Allocate(0x40, "CcCc");
  ASSERT_EQ(middle + 0x50, last);
  ASSERT_TRUE(pool_->Free(middle));
  EXPECT_EQ(At(first + 0x60).units, 247U);
  EXPECT_EQ(At(last).previous_units, 247U);
  EXPECT_EQ(At(middle).tag, TagOf("CcCc")) << "the last owner's header stays";
  EXPECT_EQ(pool_->Find(middle), nullptr);
}

TEST_F(OnePool, APageThatIsAllFreeGoesBack) {
  const std::uint64_t first = Allocate(0x50, "AaAa");
  ASSERT_TRUE(pool_->Free(first));
  EXPECT_FALSE(memory_.Mapped(first));
  EXPECT_EQ(memory_.ReadPointer(pool_->ListHead(250)), pool_->ListHead(250));
}

TEST_F(OnePool, DamageStopsWhatWouldTouchIt) {
  Allocate(0x50, "AaAa");
  const std::uint64_t last = Allocate(0x20, "BbBb");
  const std::uint64_t middle = Allocate(0x40, "CcCc");
  pool_->AddDamage({last, last + 4});
  EXPECT_FALSE(pool_->Free(middle)) << "it would rewrite the damaged neighbour's PreviousSize";
  EXPECT_FALSE(pool_->Free(last));
  EXPECT_EQ(pool_->Find(middle)->state, BlockState::kAllocated);
}

TEST_F(OnePool, AnEntryThatCannotBeFreedStaysAloneOnTheDeferredList) {
  style_.deferred_depth = 32;
  Begin();
  std::vector<std::uint64_t> blocks, deferred;
  for (int i = 0; i < 24; ++i) blocks.push_back(Allocate(0x40, "AaAa"));
  for (std::size_t i = 1; i + 1 < blocks.size() && deferred.size() < 2; i += 2) {
    ASSERT_TRUE(pool_->Free(blocks[i]));
    const Block* freed = pool_->Find(blocks[i]);
    if (freed != nullptr && freed->state == BlockState::kDeferred) deferred.push_back(blocks[i]);
  }
  ASSERT_EQ(deferred.size(), 2U);
  ASSERT_EQ(memory_.ReadPointer(pool_->LinkOf(deferred[1])), pool_->LinkOf(deferred[0]));
  const std::uint64_t behind = pool_->BlockEnd(deferred[1]);
  pool_->AddDamage({behind, behind + 4});
  pool_->FlushDeferred();
  EXPECT_EQ(pool_->Find(deferred[1])->state, BlockState::kDeferred);
  EXPECT_EQ(memory_.ReadPointer(pool_->LinkOf(deferred[1])), 0U);
}

/// Sums a page's chain from its bytes; 0 where it breaks.
std::uint64_t ChainLength(const Machine& machine, std::uint64_t page) {
  const WindowsProfile& profile = machine.profile();
  std::uint32_t previous = 0;
  std::uint64_t at = 0;
  while (at < kPage) {
    const HeaderFields fields = DecodeHeader(machine.memory().At(page + at), profile.x64);
    if (fields.units == 0 || fields.previous_units != previous) return 0;
    previous = fields.units;
    at += std::uint64_t{fields.units} * profile.unit();
  }
  return at;
}

/// Every list of the pool, forwards: each entry's Blink is where we came from, each block is marked free.
std::size_t CountListed(const Machine& machine, const PoolAllocator& pool) {
  const KernelMemory& memory = machine.memory();
  const std::uint32_t pointer = machine.profile().pointer_size();
  std::size_t count = 0;
  for (std::uint32_t units = 1; units <= machine.profile().list_count(); ++units) {
    const std::uint64_t head = pool.ListHead(units);
    std::uint64_t previous = head;
    for (std::uint64_t at = memory.ReadPointer(head); at != head; at = memory.ReadPointer(at)) {
      EXPECT_EQ(memory.ReadPointer(at + pointer), previous);
      const HeaderFields fields = DecodeHeader(memory.At(at - machine.profile().header_size()), machine.profile().x64);
      EXPECT_EQ(fields.type, 0U);
      EXPECT_EQ(fields.units, units);
      previous = at;
      ++count;
      if (::testing::Test::HasFailure()) return count;
    }
    EXPECT_EQ(memory.ReadPointer(head + pointer), previous);
  }
  return count;
}

class WholeMachine : public ::testing::TestWithParam<const char*> {};

TEST_P(WholeMachine, ChainsCloseAndListsAreSound) {
  const auto recipe = ParseRecipe(std::string(GetParam()) + " pages=200 seed=9 activity=1500");
  ASSERT_TRUE(recipe.has_value());
  Machine machine(*recipe);
  machine.Populate();
  for (const auto& any : machine.pools()) {
    const auto* pool = dynamic_cast<const PoolAllocator*>(any.get());
    ASSERT_TRUE(pool != nullptr && !pool->pages().empty());
    std::size_t shadow = 0;
    for (const std::uint64_t page : pool->pages()) {
      EXPECT_EQ(ChainLength(machine, page), kPage) << std::hex << page;
      for (const Block& block : pool->BlocksOf(page)) shadow += pool->OnListHeads(block) ? 1U : 0U;
    }
    EXPECT_EQ(CountListed(machine, *pool), shadow);
  }
}

TEST_P(WholeMachine, HasBlocksInEveryState) {
  const auto recipe = ParseRecipe(std::string(GetParam()) + " pages=200 seed=9 activity=1500");
  ASSERT_TRUE(recipe.has_value());
  Machine machine(*recipe);
  machine.Populate();
  std::set<BlockState> states;
  std::set<std::uint32_t> tags;
  for (const auto& pool : machine.pools()) {
    for (const std::uint64_t page : pool->pages()) {
      for (const std::uint64_t header : pool->HeadersOn(page)) {
        states.insert(pool->Find(header)->state);
        tags.insert(pool->Find(header)->tag);
      }
    }
  }
  EXPECT_EQ(states.size(), 4U);
  EXPECT_GT(tags.size(), 50U);
}

INSTANTIATE_TEST_SUITE_P(EveryGeneration, WholeMachine,
                         ::testing::Values("windows=2600 machine=x86 paging=plain", "windows=3790 machine=x86",
                                           "windows=3790 machine=x64", "windows=6002 machine=x86", "windows=6000",
                                           "windows=7601", "windows=7600 machine=x86", "windows=9200",
                                           "windows=9600 machine=x86", "windows=10586", "windows=17134"));

}  // namespace
}  // namespace poolblame::samples

// Driver Verifier's tracking in the builder: pointer, entry and header as the descriptions have them.
#include "samples/verifier_pool.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "samples/fault.h"

namespace poolblame::samples {
namespace {

using ::testing::HasSubstr;

class VerifierPoolTest : public ::testing::TestWithParam<const char*> {
 protected:
  VerifierPoolTest() : recipe_(*ParseRecipe(std::string(GetParam()) + " verifier=third-party pages=160")) {}
  Recipe recipe_;
};

/// Where RAM runs out a block goes untracked, as in Windows.
TEST_P(VerifierPoolTest, TrackedBlocksHaveTheirEntries) {
  Machine machine(recipe_);
  machine.Populate();
  const std::uint32_t pointer = machine.profile().pointer_size();
  const KernelMemory& memory = machine.memory();
  std::size_t tracked = 0;
  for (const auto& pool : machine.pools()) {
    for (const std::uint64_t header : pool->live()) {
      const Block& block = *pool->Find(header);
      const DriverSpec& driver = Drivers()[Tags()[block.model].driver];
      ASSERT_TRUE(!block.verified || driver.third_party);
      const std::uint64_t pool_header = header + block.header_offset;
      ASSERT_EQ((DecodeHeader(memory.At(pool_header), machine.profile().x64).type & 0x40) != 0, block.verified);
      if (!block.verified) continue;
      ++tracked;
      ASSERT_LE(block.request, pool->Capacity(header));
      const std::uint64_t entry = memory.ReadPointer(pool->BlockEnd(header) - pointer);
      ASSERT_NE(entry % kPage, 0U);
      EXPECT_EQ(memory.ReadPointer(entry), pool->Payload(header));
      const std::uint64_t caller = memory.ReadPointer(entry + pointer);
      const std::uint64_t base = machine.layout().driver_bases[Tags()[block.model].driver];
      EXPECT_TRUE(caller > base && caller < base + driver.image_size);
      EXPECT_EQ(memory.ReadPointer(entry + 2 * pointer), block.request);
      EXPECT_EQ(memory.ReadPointer(entry + 3 * pointer), block.tag);
    }
  }
  EXPECT_GT(tracked, 20U);
}

TEST_P(VerifierPoolTest, ATailOverrunStopsInItsOwnPointer) {
  recipe_.fault = Fault::kTailOverrun;
  Machine machine(recipe_);
  machine.Populate();
  const auto record = InjectFault(machine);
  ASSERT_TRUE(record.has_value());
  const BlockRef& culprit = record->culprit;
  EXPECT_EQ(record->victim.header, culprit.header);
  const std::uint64_t end = culprit.pool->BlockEnd(culprit.header);
  EXPECT_EQ(record->damage.begin, end - machine.profile().pointer_size());
  EXPECT_LE(record->damage.end, end);
  EXPECT_EQ(TruthOf(machine, *record).kind, "overrun");
}

INSTANTIATE_TEST_SUITE_P(Windows, VerifierPoolTest,
                         ::testing::Values("windows=2600 machine=x86 paging=plain", "windows=7601", "windows=17134",
                                           "windows=19041", "windows=26100"));

TEST(VerifierPool, WrongDriversAreRefused) {
  const auto recipe = ParseRecipe("verifier=nobody.sys");
  ASSERT_FALSE(recipe.has_value());
  EXPECT_THAT(recipe.error().what, HasSubstr("third-party"));
  EXPECT_TRUE(ParseRecipe("verifier=orbitvpn.sys").has_value());
  Machine machine(*ParseRecipe("windows=7601 fault=tail-overrun pages=160"));
  machine.Populate();
  EXPECT_FALSE(InjectFault(machine).has_value());
}

}  // namespace
}  // namespace poolblame::samples

// A mutant is named by (image, other, seed); if that did not hold, no failure of the hostile driver could be found
// again.
#include "tests/fuzz/mutate.h"

#include <gtest/gtest.h>

#include <set>

namespace poolblame::fuzz {
namespace {

using Bytes = std::vector<std::uint8_t>;

const Bytes kImage(5 * 4096, 0x21);
const Bytes kOther(3 * 4096, 0x43);

TEST(Mutate, SameSeedSameBytes) { EXPECT_EQ(Mutate(kImage, kOther, 7), Mutate(kImage, kOther, 7)); }

TEST(Mutate, SeedsGiveDifferentMutantsThatStayBounded) {
  std::set<Bytes> seen;
  std::size_t shorter = 0, longer = 0;
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    Bytes mutant = Mutate(kImage, kOther, seed);
    EXPECT_LE(mutant.size(), kImage.size() + (1U << 16));
    shorter += mutant.size() < kImage.size() ? 1 : 0;
    longer += mutant.size() > kImage.size() ? 1 : 0;
    seen.insert(std::move(mutant));
  }
  EXPECT_GT(seen.size(), 480U);
  EXPECT_GT(shorter, 20U);
  EXPECT_GT(longer, 20U);
}

TEST(Mutate, ImagesWithoutAPageAreMutatedToo) {
  for (std::uint64_t seed = 0; seed < 500; ++seed) {
    EXPECT_LE(Mutate({}, {}, seed).size(), 1U << 16);
    EXPECT_LE(Mutate({1, 2, 3}, kOther, seed).size(), 3 + (1U << 16));
  }
}

}  // namespace
}  // namespace poolblame::fuzz

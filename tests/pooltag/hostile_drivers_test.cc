// Driver images that somebody wrote to break the reader: nothing may crash, and nothing may take long.
#include <gmock/gmock.h>

#include <chrono>
#include <functional>
#include <random>
#include <string>
#include <vector>

#include "parser/image/image.h"
#include "parser/kernel/mapped_drivers.h"
#include "pooltag/driver_code.h"
#include "samples/builder.h"
#include "tests/kernel/hand_made_driver.h"

namespace poolblame {
namespace {

using ::testing::Le;

// What a search takes is a hundredth of this; the rest is for sanitizers on a busy machine.
constexpr double kLongestSeconds = 10;

double SecondsOf(const std::function<void()>& work) {
  const auto start = std::chrono::steady_clock::now();
  work();
  return std::chrono::duration<double>(std::chrono::steady_clock::now() - start).count();
}

/// Offsets of the pages that begin like an image.
std::vector<std::size_t> HeaderPages(const std::vector<std::uint8_t>& bytes) {
  std::vector<std::size_t> pages;
  for (std::size_t at = 0; at + kPageSize <= bytes.size(); at += kPageSize)
    if (bytes[at] == 'M' && bytes[at + 1] == 'Z') pages.push_back(at);
  return pages;
}

/// Writes over bytes of headers, and over bytes anywhere: extremes, neighbours' values, noise.
void Break(std::vector<std::uint8_t>& bytes, const std::vector<std::size_t>& headers, std::mt19937& random) {
  for (int i = 0; i < 24; ++i) {
    const bool in_header = random() % 4 != 0;
    const std::size_t at = in_header ? headers[random() % headers.size()] + 2 + random() % 0x280
                                     : 0x2000 + random() % (bytes.size() - 0x2008);
    const std::uint64_t value = random() % 3 == 0 ? 0xFFFFFFFF : random() % 2 == 0 ? random() % 0xA000 : random();
    for (unsigned b = 0; b < 4; ++b) bytes[at + b] = static_cast<std::uint8_t>(value >> (8 * b));
  }
}

TEST(HostileDrivers, BrokenImagesAreSearchedInTime) {
  for (const char* system : {"windows=win11 machine=x64", "windows=win7 machine=x86"}) {
    const auto built =
        samples::BuildSample(std::string(system) + " container=full code=yes pages=512 pool=10 activity=0 seed=3");
    ASSERT_TRUE(built);
    const std::vector<std::size_t> headers = HeaderPages(built->bytes);
    ASSERT_GT(headers.size(), 20U);
    std::vector<PoolTag> tags;
    for (const samples::TagTruth& row : built->truth.tags) tags.push_back(PoolTag::FromText(row.tag));
    std::mt19937 random(7);
    for (int i = 0; i < 60; ++i) {
      std::vector<std::uint8_t> bytes = built->bytes;
      Break(bytes, headers, random);
      const auto image = Image::FromBytes({bytes.data(), bytes.size()}, "hostile", {});
      if (!image) continue;
      const AddressSpace space(*image);
      const System listed = ReadSystem(space);
      System found;
      found.modules = FindMappedDrivers(space);
      EXPECT_LT(SecondsOf([&] { EXPECT_THAT(SearchDriverCode(space, listed, tags).drivers.size(), Le(1024U)); }),
                kLongestSeconds);
      EXPECT_LT(SecondsOf([&] { EXPECT_THAT(SearchDriverCode(space, found, tags).drivers.size(), Le(1024U)); }),
                kLongestSeconds);
    }
  }
}

TEST(HostileDrivers, CodeThatIsAllTagsUnderManyModulesEndsSoon) {
  constexpr VirtAddr kModule{0xFFFFF80100000000};
  FakeMemory memory(Machine::kX64, kModule, 8);
  HandMadeDriver driver(memory, kModule, "same.sys");
  const PoolTag tag = PoolTag::FromText("Hand");
  for (std::uint64_t at = 0; at + 6 <= 0x2000; at += 6)
    memory.PutBytes(driver.code(at), {0x41, 0xB8}).Put(driver.code(at + 2), tag.value, 4);
  System system;
  system.modules.assign(1024, driver.module());
  const CodeSearch search = SearchDriverCode(memory.Space(), system, {tag});
  std::uint64_t judged = 0;
  for (const DriverTagUses& uses : search.uses.at(tag))
    for (const std::uint32_t count : uses.counts) judged += count;
  EXPECT_LE(judged, 40000U);
}

}  // namespace
}  // namespace poolblame

// What the header says of the dump beside its type: live, filtered, too small.
#include <gmock/gmock.h>

#include "tests/image/open.h"

namespace poolblame::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::StartsWith;

constexpr std::uint64_t kAttributes64 = 0x1050, kAttributes32 = 0x8A0;

Bytes Dump64() {
  PhysicalMemory memory;
  memory.Add(1, 0xA1);
  return FullDump64(memory, RunsOf(memory));
}
Bytes Dump32() {
  PhysicalMemory memory;
  memory.Add(1, 0xA1);
  return FullDump32(memory, RunsOf(memory));
}

TEST(LiveDump, IsToldByTheAttributeAndByTheBugCheck) {
  const Bytes dumps[] = {Dump64().U32(kAttributes64, 0x10), Dump64().U32(0x38, 0x161),
                         Dump32().U32(kAttributes32, 0x1010), Dump32().U32(0x28, 0x161)};
  for (const Bytes& dump : dumps) {
    const OpenedImage opened = Open(dump);
    EXPECT_TRUE(opened.image.facts().is_live);
    EXPECT_THAT(opened.image.facts().notes, ElementsAre(StartsWith("live dump: nobody crashed.")));
    EXPECT_FALSE(opened.image.facts().truncated);
  }
}

TEST(LiveDump, ACrashIsNone) {
  for (const Bytes& dump : {Dump64(), Dump32(), Dump64().U32(kAttributes64, 0), Dump64().U32(kAttributes64, 0x21808)}) {
    const OpenedImage opened = Open(dump);
    EXPECT_FALSE(opened.image.facts().is_live);
    EXPECT_THAT(opened.image.facts().notes, IsEmpty());
  }
}

TEST(DumpAttributes, WhatWasLeftOutIsSaid) {
  const OpenedImage filtered = Open(Dump64().U32(kAttributes64, 0x40));
  EXPECT_THAT(filtered.image.facts().notes, ElementsAre(StartsWith("active memory dump: ")));
  EXPECT_FALSE(filtered.image.facts().truncated);
  const OpenedImage small = Open(Dump64().U32(kAttributes64, 0x4));
  EXPECT_THAT(small.image.facts().notes, ElementsAre(HasSubstr("had no room")));
  EXPECT_TRUE(small.image.facts().truncated);
}

}  // namespace
}  // namespace poolblame::testing

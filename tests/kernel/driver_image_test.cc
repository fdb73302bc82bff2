#include "parser/kernel/driver_image.h"

#include <gmock/gmock.h>

#include "parser/base/little_endian.h"
#include "parser/kernel/kernel_symbols.h"
#include "tests/kernel/hand_made_driver.h"

namespace poolblame {
namespace {

using ::testing::ElementsAre;
using ::testing::Field;
using ::testing::IsEmpty;
using ::testing::SizeIs;

constexpr VirtAddr kBase{0xFFFFF80100000000};
constexpr VirtAddr kBase32{0x8B000000};

TEST(DriverImage, SectionsImportsAndExportsAreRead) {
  for (const Machine machine : {Machine::kX86, Machine::kX64}) {
    const VirtAddr base = machine == Machine::kX86 ? kBase32 : kBase;
    FakeMemory memory(machine, base, 8);
    HandMadeDriver driver(memory, base, "hand.sys");
    driver.Import({"ExFreePoolWithTag", "ExAllocatePoolWithTag"}).Export("HandOver", driver.code(0x123));
    const auto image = ReadDriverImage(memory.Space(), driver.module());
    ASSERT_TRUE(image);
    EXPECT_EQ(image->is_64bit, machine == Machine::kX64);
    ASSERT_THAT(image->sections, SizeIs(3));
    EXPECT_EQ(image->sections[0].name, ".text");
    EXPECT_TRUE(image->sections[0].executable);
    EXPECT_FALSE(image->sections[1].executable);
    EXPECT_EQ(image->sections[1].begin, driver.data());
    const auto imports = ReadImports(memory.Space(), *image);
    ASSERT_THAT(imports, ElementsAre(Field(&NamedAddress::name, "ExFreePoolWithTag"),
                                     Field(&NamedAddress::name, "ExAllocatePoolWithTag")));
    EXPECT_EQ(imports[1].address, driver.slot(1));
    const auto exports = ReadExports(memory.Space(), *image);
    ASSERT_THAT(exports, ElementsAre(Field(&NamedAddress::name, "HandOver")));
    EXPECT_EQ(exports[0].address, driver.code(0x123));
  }
}

TEST(DriverImage, ItsNameIsThatOfItsExportsElseOfItsPdb) {
  FakeMemory memory(Machine::kX64, kBase, 8);
  HandMadeDriver driver(memory, kBase, "");
  const auto text = [&](VirtAddr at, std::string_view letters) {
    for (std::size_t i = 0; i < letters.size(); ++i) memory.Put(at + i, static_cast<std::uint8_t>(letters[i]), 1);
  };
  const auto name = [&] {
    return ReadOwnName(memory.Space(), ReadDriverImage(memory.Space(), driver.module()).value());
  };
  EXPECT_EQ(name(), "");
  const VirtAddr debug = driver.data(0x200);
  memory.Put(kBase + 0x80 + 0x18 + 0x70 + 6 * 8, debug - kBase, 4).Put(kBase + 0x80 + 0x18 + 0x70 + 6 * 8 + 4, 0x1C, 4);
  memory.Put(debug + 0x0C, 2, 4).Put(debug + 0x14, debug + 0x40 - kBase, 4);
  text(debug + 0x40, "RSDS");
  text(debug + 0x58, "c:\\obj\\amd64\\hand.made.pdb");
  EXPECT_EQ(name(), "hand.made.sys");
  for (std::uint64_t i = 0; i < 16; ++i) memory.Put(debug + 0x44 + i, 0xA0 + i, 1);
  const auto image = ReadDriverImage(memory.Space(), driver.module());
  EXPECT_EQ(ReadPdbGuid(memory.Space(), image.value()), "A3A2A1A0A5A4A7A6A8A9AAABACADAEAF");
  driver.Export("HandOver", driver.code(0x123));
  memory.Put(driver.data(0xC00) + 0x0C, driver.data(0xD00) - kBase, 4);
  text(driver.data(0xD00), "HAND.SYS");
  EXPECT_EQ(name(), "HAND.SYS");
}

TEST(DriverImage, WhatIsNoImageIsNone) {
  FakeMemory memory(Machine::kX64, kBase, 8);
  Module module;
  module.base = kBase;
  module.size = 0x5000;
  EXPECT_FALSE(ReadDriverImage(memory.Space(), module));
  memory.PutBytes(kBase, {'M', 'Z'}).Put(kBase + 0x3C, 0xFFFFFFF0, 4);
  EXPECT_FALSE(ReadDriverImage(memory.Space(), module));
  module.base = kBase + 0x100000;
  EXPECT_FALSE(ReadDriverImage(memory.Space(), module));
}

TEST(DriverImage, CountsAndPlacesOutsideTheImageAreLeftOut) {
  FakeMemory memory(Machine::kX64, kBase, 8);
  HandMadeDriver driver(memory, kBase, "hand.sys");
  driver.Import({"ExFreePoolWithTag"}).Export("HandOver", driver.code(0x123));
  memory.Put(kBase + 0x86, 0xFFFF, 2);                   // sections without end: what follows are zeros
  memory.Put(kBase + 0x188 + 8, 0xFFFFFFFF, 4);          // a section larger than the image
  memory.Put(kBase + 0x4000 + 0x14, 0x7FFFFFFF, 4);      // a second descriptor whose names are not in the image
  memory.Put(driver.data(0xC00) + 0x18, 0xFFFFFFFF, 4);  // names without end
  const auto image = ReadDriverImage(memory.Space(), driver.module());
  ASSERT_TRUE(image);
  EXPECT_LE(image->sections.size(), 96U);
  for (const DriverSection& section : image->sections)
    EXPECT_LE(section.begin + section.size, kBase + HandMadeDriver::kSize) << section.name;
  EXPECT_THAT(ReadImports(memory.Space(), *image), SizeIs(1));
  for (const NamedAddress& routine : ReadExports(memory.Space(), *image)) EXPECT_TRUE(image->Contains(routine.address));
}

TEST(DriverImage, ImportsWhoseSectionIsGoneAreEmpty) {
  FakeMemory memory(Machine::kX64, kBase, 4);  // INIT lies behind the memory's end
  FakeMemory whole(Machine::kX64, kBase, 8);
  HandMadeDriver driver(whole, kBase, "hand.sys");
  driver.Import({"ExFreePoolWithTag"});
  for (std::uint64_t i = 0; i < 0x400; i += 4)
    memory.Put(kBase + i, std::uint32_t{whole.Space().Read<Le32>(kBase + i).value()}, 4);
  const auto image = ReadDriverImage(memory.Space(), driver.module());
  ASSERT_TRUE(image);
  EXPECT_THAT(ReadImports(memory.Space(), *image), IsEmpty());
}

}  // namespace
}  // namespace poolblame

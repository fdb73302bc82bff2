// Whose driver is it? One loaded one of several, none of several loaded ones, nobody for generic tags.
#include "heuristics/owner.h"

#include <gtest/gtest.h>

#include <string_view>

namespace poolblame {
namespace {

TagDatabase OwnerTable(std::string_view text) {
  TagDatabase tags;
  tags.AddFile(ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
  return tags;
}

System Loaded(std::initializer_list<const char*> names) {
  System system;
  for (const char* name : names) {
    Module module;
    module.name = name;
    system.modules.push_back(module);
  }
  return system;
}

Owner Of(const char* tag, std::string_view table, const System& system) {
  return OwnerOf(PoolTag::FromText(tag), OwnerTable(table), system);
}

TEST(OwnerOf, TheOnlyDriverIsNamedWhetherLoadedOrNot) {
  EXPECT_EQ(Of("Abcd", "Abcd - one.sys - buffers\n", {}).driver, "one.sys");
  EXPECT_EQ(Of("Abcd", "Abcd - one.sys - buffers\n", {}).source, "pooltag.txt");
}

TEST(OwnerOf, OfSeveralTheLoadedOneIsNamed) {
  constexpr std::string_view kTable = "Abcd - one.sys - buffers\nAbcd - two.sys - queues\n";
  EXPECT_EQ(Of("Abcd", kTable, Loaded({"TWO.SYS", "other.sys"})).driver, "two.sys");
}

TEST(OwnerOf, OfSeveralLoadedOnesNoneIsNamed) {
  constexpr std::string_view kTable = "Abcd - one.sys - buffers\nAbcd - two.sys - queues\n";
  EXPECT_EQ(Of("Abcd", kTable, Loaded({"one.sys", "two.sys"})).driver, "");
  EXPECT_EQ(Of("Abcd", kTable, {}).driver, "");
}

TEST(OwnerOf, AFamilysDriverDoesNotStandInForTheExactOne) {
  constexpr std::string_view kTable = "Abcd - one.sys - buffers\nAbc? - family.sys - the rest\n";
  EXPECT_EQ(Of("Abcd", kTable, Loaded({"family.sys"})).driver, "one.sys");
  EXPECT_EQ(Of("Abcx", kTable, Loaded({"family.sys"})).driver, "family.sys");
}

TEST(OwnerOf, AHeaderWithoutADriverHidesNothing) {
  TagDatabase tags = TagDatabase::BuiltIn();
  const std::string_view header = "#define TAG_PROCESS 'corP'\n#define TAG_MINE '1xqZ'\n";
  tags.AddFile(ByteView(reinterpret_cast<const std::uint8_t*>(header.data()), header.size()), "tag.h");
  EXPECT_EQ(OwnerOf(PoolTag::FromText("Proc"), tags, {}).driver, "ntoskrnl.exe");
  EXPECT_EQ(OwnerOf(PoolTag::FromText("Zqx1"), tags, {}).source, "none");
  tags.AddFile(ByteView(reinterpret_cast<const std::uint8_t*>(header.data()), header.size()), "tag.h", "mine.sys");
  EXPECT_EQ(OwnerOf(PoolTag::FromText("Proc"), tags, {}).driver, "mine.sys");
}

TEST(OwnerOf, UnknownAndGenericTagsOwnNothing) {
  EXPECT_EQ(Of("Zzzz", "Abcd - one.sys - buffers\n", {}).driver, "");
  EXPECT_EQ(Of("None", "None - one.sys - buffers\n", {}).driver, "");
  EXPECT_EQ(Of("None", "None - one.sys - buffers\n", {}).source, "none");
}

TEST(OwnerOf, TheProtectedBitIsNoPartOfTheName) {
  const PoolTag tag{PoolTag::FromText("Abcd").value | PoolTag::kProtectedBit};
  EXPECT_EQ(OwnerOf(tag, OwnerTable("Abcd - one.sys - buffers\n"), {}).driver, "one.sys");
}

TEST(NameByCode, TheDriverThatCalledThePoolIsTheOwnerAndTheKernelIsNot) {
  System system = Loaded({"ntoskrnl.exe", "caller.sys"});
  system.modules[0].base = VirtAddr{0xFFFFF80000000000};
  system.modules[1].base = VirtAddr{0xFFFFF80100000000};
  for (Module& module : system.modules) module.size = 0x10000;
  system.kernel_image_base = system.modules[0].base;
  const Owner by_tag{"CALLER.SYS", "Example Inc.", "tag-database"};
  Owner owner = by_tag;
  NameByCode(system.modules[0].base + 0x444, system, owner);
  NameByCode(VirtAddr{0xFFFFF90000000000}, system, owner);
  EXPECT_EQ(owner.source, "tag-database");
  NameByCode(system.modules[1].base + 0x444, system, owner);
  EXPECT_EQ(owner.driver, "caller.sys");
  EXPECT_EQ(owner.vendor, "Example Inc.");
  EXPECT_EQ(owner.source, "verifier");
  owner = {"other.sys", "Other", "tag-database"};
  NameByCode(system.modules[1].base + 0x444, system, owner);
  EXPECT_EQ(owner.driver, "caller.sys");
  EXPECT_EQ(owner.vendor, "");
}

}  // namespace
}  // namespace poolblame

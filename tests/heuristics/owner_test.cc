// Whose driver is it? One loaded one of several, none of several loaded ones, nobody for generic tags.
#include "heuristics/owner.h"

#include <gtest/gtest.h>

#include <string_view>

namespace poolblame {
namespace {

TagDatabase Table(std::string_view text) {
  TagDatabase tags;
  tags.AddPoolTagText(ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
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
  return OwnerOf(PoolTag::FromText(tag), Table(table), system);
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

TEST(OwnerOf, UnknownAndGenericTagsOwnNothing) {
  EXPECT_EQ(Of("Zzzz", "Abcd - one.sys - buffers\n", {}).driver, "");
  EXPECT_EQ(Of("None", "None - one.sys - buffers\n", {}).driver, "");
  EXPECT_EQ(Of("None", "None - one.sys - buffers\n", {}).source, "none");
}

TEST(OwnerOf, TheProtectedBitIsNoPartOfTheName) {
  const PoolTag tag{PoolTag::FromText("Abcd").value | PoolTag::kProtectedBit};
  EXPECT_EQ(OwnerOf(tag, Table("Abcd - one.sys - buffers\n"), {}).driver, "one.sys");
}

}  // namespace
}  // namespace poolblame

#include "parser/base/pool_tag.h"

#include <gtest/gtest.h>

namespace poolblame {
namespace {

TEST(PoolTag, IsMemoryOrder) {
  EXPECT_EQ(PoolTag{0x636F7250}.text(), "Proc");
  EXPECT_EQ(PoolTag{0x636F7250}.hex(), "636f7250");
  EXPECT_EQ(PoolTag::FromText("Proc").value, 0x636F7250U);
}

TEST(PoolTag, ShortTextIsPaddedWithSpaces) {
  EXPECT_EQ(PoolTag::FromText("Io"), PoolTag::FromText("Io  "));
  EXPECT_EQ(PoolTag::FromText("").value, 0x20202020U);
  EXPECT_EQ(PoolTag::FromText("Dh 0").text(), "Dh 0");
  EXPECT_EQ(PoolTag::FromText("longer"), PoolTag::FromText("long"));
}

TEST(PoolTag, TheProtectedBitIsNotPartOfTheName) {
  const PoolTag protected_file{0xE56C6946};  // `Fil\xE5` as Windows 7 shows it
  EXPECT_TRUE(protected_file.is_protected());
  EXPECT_EQ(protected_file.name(), PoolTag::FromText("File"));
  EXPECT_EQ(protected_file.text(), "File");
  EXPECT_EQ(protected_file.hex(), "e56c6946");
  EXPECT_TRUE(protected_file.plausible());
  EXPECT_FALSE(PoolTag::FromText("File").is_protected());
}

struct Plausibility {
  std::uint32_t value;
  bool plausible;
};

TEST(PoolTag, PlausibleIsPrintableWithALetterOrDigit) {
  const Plausibility rows[] = {
      {0x41414141, true},  {0x20202020, false}, {0x20202041, true},  {0x00000000, false}, {0x2E2E2E2E, false},
      {0x2E2E2E30, true},  {0x1F414141, false}, {0x7E414141, true},  {0x7F414141, false}, {0x41411F41, false},
      {0x414141FF, false}, {0xC1414141, true},  {0x80414141, false}, {0xFFFFFFFF, false},
  };
  for (const auto& row : rows) EXPECT_EQ(PoolTag{row.value}.plausible(), row.plausible) << PoolTag{row.value}.hex();
}

TEST(PoolTag, UnprintableBytesAreShownAsDots) {
  EXPECT_EQ(PoolTag{0x00535542}.text(), "BUS.");
  EXPECT_EQ(PoolTag{0xFFFFFFFF}.text(), "....");
}

}  // namespace
}  // namespace poolblame

// What kind a file is, is told by its content.
#include "pooltag/tag_file.h"

#include <gtest/gtest.h>

namespace poolblame {
namespace {

TagRows Read(std::string_view text, std::string_view driver = {}) {
  return ReadTagFile(ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()), "some.file", driver);
}

TEST(TagFile, ATextIsATextAndAHeaderAHeader) {
  const TagRows text = Read("rem it's a text\nAbcd - foo.sys - the driver's\n");
  ASSERT_EQ(text.rows.size(), 1u);
  EXPECT_EQ(text.rows[0].second.driver, "foo.sys");
  EXPECT_EQ(text.skipped_lines, 0u);
  const TagRows header = Read("/* a - file */\n#define TAG_A 'dcbA'\n#define TAG_B 'dcbB'\n");
  ASSERT_EQ(header.rows.size(), 2u);
  EXPECT_EQ(header.rows[0].second.pattern, "Abcd");
  EXPECT_EQ(header.rows[0].second.component, "TAG_A");
  EXPECT_EQ(header.rows[0].second.file, "some.file");
  EXPECT_EQ(header.skipped_lines, 0u);
}

TEST(TagFile, WhatIsNeitherIsCountedOnce) {
  EXPECT_EQ(Read("some text\nand more\n").skipped_lines, 2u);
  EXPECT_EQ(Read("#pragma once\n#define FOO_TAG 'toolong'\n").skipped_lines, 1u);  // as a header, not two lines of text
  EXPECT_EQ(Read("").skipped_lines, 0u);
}

TEST(TagFile, ADriverIsThatOfRowsWithoutOne) {
  const TagRows header = Read("#define TAG_A 'dcbA'\n", "mine.sys");
  ASSERT_EQ(header.rows.size(), 1u);
  EXPECT_EQ(header.rows[0].second.driver, "mine.sys");
  const TagRows text = Read("Abcd - foo.sys\nAbce - <unknown> - x\n", "mine.sys");
  ASSERT_EQ(text.rows.size(), 2u);
  EXPECT_EQ(text.rows[0].second.driver, "foo.sys");
  EXPECT_EQ(text.rows[1].second.driver, "mine.sys");
}

}  // namespace
}  // namespace poolblame

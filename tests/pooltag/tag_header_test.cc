// Tags of C headers: what is a definition, which way round it reads, and what is neither a tag nor an error.
#include "pooltag/tag_header.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <random>
#include <string>

namespace poolblame {
namespace {

using testing::ElementsAre;

TagRows ParseHeader(std::string_view text) {
  return ParseTagHeader(ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
}

/// "Abcd NAME" of each row.
std::vector<std::string> Tags(std::string_view text) {
  std::vector<std::string> tags;
  for (const auto& [pattern, entry] : ParseHeader(text).rows) tags.push_back(entry.pattern + " " + entry.component);
  return tags;
}

struct Source {
  std::string_view text, tag;
};

class OneDefinition : public testing::TestWithParam<Source> {};

TEST_P(OneDefinition, IsRead) {
  const TagRows parsed = ParseHeader(GetParam().text);
  ASSERT_EQ(parsed.rows.size(), 1u) << GetParam().text;
  const auto& [pattern, entry] = parsed.rows[0];
  EXPECT_EQ(entry.pattern, GetParam().tag);
  EXPECT_EQ(pattern.literals, 4u);
  EXPECT_EQ(entry.literals, 4u);
  EXPECT_EQ(entry.driver, "");
  EXPECT_EQ(entry.source, "pooltag.txt");
  EXPECT_EQ(parsed.skipped_lines, 0u);
}

INSTANTIATE_TEST_SUITE_P(
    Grammar, OneDefinition,
    testing::Values(Source{"#define TAG_PROCESS 'corP'", "Proc"}, Source{"#define TAG_IO   '  oI'\r\n", "Io  "},
                    Source{"  #  define FOO_POOL_TAG (ULONG)'gaTF' // FTag\n", "FTag"},
                    Source{"#define FOO_TAG ((ULONG)('gaTF'))", "FTag"},
                    Source{"#define FOO_TAG (unsigned long) 'gaTF'", "FTag"},
                    Source{"#define FOO /* a comment */ 'gaTF' /* 'nope' */", "FTag"},
                    Source{"#define FOO \\\n  'gaTF'\n", "FTag"}, Source{"#define FOO 'gaTF';", "FTag"},
                    Source{"const ULONG X = 'abcd';", "dcba"}, Source{"static constexpr ULONG kX{'abcd'};", "dcba"},
                    Source{"enum { X_TAG = 'abcd' };", "dcba"}, Source{"  X_TAG = 'abcd',", "dcba"},
                    Source{"#define FOO_TAG 'SUB'", "hex:42555300"},  // the fourth byte in memory is zero
                    Source{"#define FOO '\\x67\\141TF'", "FTag"}, Source{"#define FOO '\\'\\\\\\\"?'", "?\"\\'"},
                    Source{"#define FOO '\\0ab\\0'", "hex:00626100"}));

TEST(TagHeader, SeveralOnALineAndOnLines) {
  EXPECT_THAT(Tags("enum Tags { A = '1gaT', B = '2gaT' }; const int c = '3gaT';\n#define D '4gaT'\n"),
              ElementsAre("Tag1 A", "Tag2 B", "Tag3 c", "Tag4 D"));
}

TEST(TagHeader, WhatDefinesNoTagIsLeftOutInSilence) {
  for (const char* text :
       {"#define STAR '*'", "#define DOS_SIGNATURE 'ZM'", "#define NAME \"'abcd'\"", "// #define FOO 'gaTF'",
        "/* #define FOO 'gaTF'\n#define BAR 'gaTF' */", "#define Allocate(n) ExAllocatePoolWithTag(1, n, 'gaTF')",
        "if (entry->Tag == 'gaTF') return;", "return tag == 'gaTF';", "entry->Tag = 'gaTF';", "tag = 'gaTF';",
        "p = ExAllocatePoolWithTag(PagedPool, 8, 'gaTF');", "#pragma once\n#include <ntddk.h>\n#define FOO 12\n",
        "int million = 1'000'000;", "isn't it"}) {
    const TagRows parsed = ParseHeader(text);
    EXPECT_TRUE(parsed.rows.empty()) << text;
    EXPECT_EQ(parsed.skipped_lines, 0u) << text;
  }
}

TEST(TagHeader, DefinitionsThatCannotBeReadAreCounted) {
  for (const char* text :
       {"#define FOO_TAG 'gaTFx'", "#define FOO_TAG 'gaTF", "#define FOO_TAG ''", "#define FOO_TAG '\\xFFF'",
        "#define FOO_TAG '\\q'", "#define FOO_TAG '\\777'", "#define FOO 'gaTF' + 1",
        "#define FOO_TAG TAG('F','T','a','g')", "#define FOO_TAG L'gaTF'", "const ULONG X = Swap('abcd');"}) {
    const TagRows parsed = ParseHeader(text);
    EXPECT_TRUE(parsed.rows.empty()) << text;
    EXPECT_EQ(parsed.skipped_lines, 1u) << text;
  }
}

TEST(TagHeader, AFileWithoutLineEndsIsReadAsFarAsALineGoes) {
  std::string text = "enum {";
  for (int i = 0; i < 100'000; ++i) text += " A = 'abcd',";
  EXPECT_LT(ParseHeader(text).rows.size(), 256u);
}

// Mutations of a good header: what comes out can be printed and is never more than the lines allow.
TEST(TagHeader, HostileBytesNeverBreakTheRules) {
  const std::string good =
      "#define TAG_A 'abcd'\r\n/* c */ enum { B = '\\x41\\101bc', }; // d\nconst ULONG C{'efgh'};\n#define D \\\n "
      "'i'\n";
  std::mt19937 random(20260102);
  for (int round = 0; round < 20'000; ++round) {
    std::string text = good;
    for (int i = 0; i < 4; ++i) text[random() % text.size()] = "\0\n\r'\"\\/*#{},;=\xFF("[random() % 16];
    if (round % 3 == 0) text.resize(random() % text.size());
    const TagRows parsed = ParseHeader(text);
    ASSERT_LE(parsed.rows.size() + parsed.skipped_lines, 8u) << text;
    for (const auto& [pattern, entry] : parsed.rows) {
      for (const std::string* field : {&entry.pattern, &entry.component})
        for (const char c : *field) ASSERT_TRUE(static_cast<std::uint8_t>(c) >= 0x20 && c != 0x7F) << text;
    }
  }
}

}  // namespace
}  // namespace poolblame

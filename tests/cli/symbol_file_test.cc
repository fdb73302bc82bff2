// The kernel's symbols as Volatility 3 writes them, and files that only look like them.
#include "cli/symbol_file.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace poolblame::cli {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::Pair;

// The shape of a file that pdbconv makes; names in `user_types` and constants are no symbols.
constexpr std::string_view kIsf = R"({
  "base_types": {"pointer": {"endian": "little", "kind": "int", "signed": false, "size": 8}},
  "enums": {}, "metadata": {"format": "6.2.0", "windows": {"pdb": {
    "GUID": "0123456789abcdef0123456789ABCDEF", "age": 1, "database": "ntkrnlmp.pdb", "machine_type": 34404}}},
  "symbols": {
    "KeBugCheckEx": {"address": 4096},
    "NtBuildLab": {"address": 9123456, "type": {"kind": "base", "name": "char"}},
    "PoolBigPageTable": {"address": 12345, "linkage_name": "?PoolBigPageTable", "constant_data": [1, {"address": 7}]},
    "PoolTrackTable": {"address": -1}, "PsLoadedModuleList": {"address": 99999999999}
  },
  "user_types": {"PoolTrackTable": {"address": 5, "fields": {"NtBuildLab": {"address": 6}}}}
})";

Result<KernelSymbols> Parse(std::string_view text) {
  return ParseSymbols({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()}, "k.json");
}
std::string WhyRefused(std::string_view text) {
  const auto symbols = Parse(text);
  return symbols ? "" : symbols.error().what;
}

TEST(SymbolFile, AddressesOfTheKernelsVariablesAreKept) {
  const auto symbols = Parse(kIsf);
  ASSERT_TRUE(symbols) << symbols.error().what;
  EXPECT_EQ(symbols->guid, "0123456789abcdef0123456789ABCDEF");
  EXPECT_THAT(symbols->offsets, ElementsAre(Pair("NtBuildLab", 9123456U), Pair("PoolBigPageTable", 12345U)));
}

TEST(SymbolFile, EveryPrefixIsRefused) {
  for (std::size_t length = 0; length < kIsf.size(); ++length)
    EXPECT_THAT(WhyRefused(kIsf.substr(0, length)), HasSubstr("symbols in k.json: no JSON at byte")) << length;
}

TEST(SymbolFile, WhatIsNoneIsRefusedInWords) {
  EXPECT_THAT(WhyRefused("[1, 2]"), HasSubstr("no symbol table of Volatility 3"));
  EXPECT_THAT(WhyRefused("{\"symbols\": 5}"), HasSubstr("no symbol table of Volatility 3"));
  EXPECT_THAT(WhyRefused("{\"symbols\": {\"tcpip\": {\"address\": 5}}}"), HasSubstr("none of the kernel's variables"));
  EXPECT_THAT(WhyRefused("{\"symbols\": {\"NtBuildLab\": {\"address\": 1e99999}}}"), HasSubstr("symbols in k.json"));
  EXPECT_THAT(WhyRefused(std::string(1000000, '[')), HasSubstr("nested more than 32 deep"));
  EXPECT_THAT(WhyRefused("{\"symbols\": {\"\xFF\": 1}}"), HasSubstr("no JSON at byte"));
}

TEST(SymbolFile, AGuidIsOneOrNothing) {
  const auto symbols = Parse(R"({"metadata": {"windows": {"pdb": {"GUID": "not one at all"}}},
                                 "symbols": {"NtBuildLab": {"address": 1}}})");
  ASSERT_TRUE(symbols);
  EXPECT_EQ(symbols->guid, "");
}

TEST(SymbolFile, AFileThatIsNotThereIsNamed) {
  const auto symbols = ReadSymbolFile("/nowhere/k.json");
  ASSERT_FALSE(symbols);
  EXPECT_THAT(symbols.error().what, HasSubstr("symbols in /nowhere/k.json: open the file"));
}

}  // namespace
}  // namespace poolblame::cli

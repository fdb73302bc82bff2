#include "heuristics/code_owner.h"

#include <gmock/gmock.h>

#include <string>
#include <vector>

namespace poolblame {
namespace {

using ::testing::HasSubstr;
using ::testing::IsEmpty;
using ::testing::SizeIs;

const PoolTag kTag = PoolTag::FromText("Zork");

TagDatabase Table(std::string_view text) {
  TagDatabase tags;
  tags.AddFile({reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  return tags;
}

/// Drivers "d0.sys" to the last, each with a quarter of a megabyte of code, all of it searched.
class Found {
 public:
  explicit Found(std::size_t drivers) {
    for (std::size_t i = 0; i < drivers; ++i) {
      const VirtAddr base{0xFFFFF80100000000 + i * 0x100000};
      system_.modules.push_back({"d" + std::to_string(i) + ".sys", "", base, 0x80000, 0, false});
      search_.drivers.push_back({i, 0x40000, 0x20000, 0});
    }
    search_.uses[kTag];
  }

  Found& In(std::size_t driver, TagUse use, std::string_view routine = "") {
    DriverTagUses uses;
    uses.driver = driver;
    ++uses.counts[static_cast<std::size_t>(use)];
    if (use != TagUse::kChance)
      uses.sites.push_back({use, system_.modules[driver].base + 0x1234, FindPoolRoutine(routine), 3});
    search_.uses[kTag].push_back(uses);
    return *this;
  }
  Found& OnlyPartOf(std::size_t driver) {
    search_.drivers[driver].code = 0x10000;
    search_.drivers[driver].missing_code = 0x30000;
    return *this;
  }

  std::vector<CodeCandidate> Rank(std::string_view table = "") {
    return RankByCode(kTag, search_, system_, Table(table));
  }
  /// "d3.sys", or nothing where nobody is named.
  std::string Named(std::string_view table = "") {
    const auto ranked = Rank(table);
    const CodeCandidate* named = NamedByCode(ranked);
    return named == nullptr ? "" : system_.modules[named->module].name;
  }
  [[nodiscard]] const System& system() const { return system_; }

 private:
  System system_;
  CodeSearch search_;
};

TEST(CodeOwner, OneAllocatorCallAmongManyDriversNamesItsDriver) {
  Found found(150);
  found.In(7, TagUse::kCall, "ExAllocatePoolWithTag");
  EXPECT_EQ(found.Named(), "d7.sys");
}

TEST(CodeOwner, TheAllocatorCallOutweighsEverythingElse) {
  Found found(40);
  found.In(3, TagUse::kData).In(5, TagUse::kImmediate).In(9, TagUse::kCall, "ExAllocatePool2");
  found.In(11, TagUse::kText).In(12, TagUse::kChance);
  const auto ranked = found.Rank();
  ASSERT_THAT(ranked, SizeIs(3));  // text and chance are nothing
  EXPECT_EQ(ranked[0].module, 9U);
  EXPECT_EQ(ranked[1].module, 5U);
  EXPECT_EQ(ranked[2].module, 3U);
  EXPECT_EQ(found.Named(), "d9.sys");
}

TEST(CodeOwner, ItAllocatesOutweighsItFrees) {
  Found found(40);
  found.In(3, TagUse::kCall, "ExFreePoolWithTag").In(5, TagUse::kCall, "ExAllocatePoolWithTag");
  EXPECT_EQ(found.Named(), "d5.sys");
}

TEST(CodeOwner, TwoThatAllocateNameNobody) {
  Found found(40);
  found.In(3, TagUse::kCall, "ExAllocatePoolWithTag").In(5, TagUse::kCall, "ExAllocatePoolWithTag");
  EXPECT_EQ(found.Named(), "");
  const auto ranked = found.Rank();
  ASSERT_THAT(ranked, SizeIs(2));
  EXPECT_DOUBLE_EQ(ranked[0].probability, ranked[1].probability);
}

TEST(CodeOwner, OperandsAndDataAloneNameNobody) {
  EXPECT_EQ(Found(22).In(3, TagUse::kImmediate).Named(), "");
  EXPECT_EQ(Found(22).In(3, TagUse::kData).Named(), "");
  EXPECT_EQ(Found(22).In(3, TagUse::kText).Named(), "");
  EXPECT_EQ(Found(22).In(3, TagUse::kChance).Named(), "");
}

TEST(CodeOwner, TheTableAndTheCodeTogetherDoWhatOneDoesNot) {
  Found operand(150);
  operand.In(3, TagUse::kArgument);
  EXPECT_EQ(operand.Named(), "");
  EXPECT_EQ(operand.Named("Zork - d3.sys - buffers\n"), "d3.sys");
  EXPECT_EQ(operand.Named("Zork - d4.sys - buffers\n"), "");
  // The table alone is not what this names by.
  EXPECT_EQ(Found(22).Named("Zork - d3.sys - buffers\n"), "");
}

TEST(CodeOwner, CodeThatIsNotInTheImageMayHoldIt) {
  Found whole(22), part(22);
  whole.In(3, TagUse::kArgument);
  part.In(3, TagUse::kArgument);
  for (std::size_t i = 4; i < 22; ++i) part.OnlyPartOf(i);
  EXPECT_EQ(whole.Named(), "d3.sys");
  EXPECT_EQ(part.Named(), "");
}

TEST(CodeOwner, ProbabilitiesAreShares) {
  Found found(40);
  found.In(3, TagUse::kData).In(5, TagUse::kImmediate).In(9, TagUse::kCall, "ExAllocatePool2");
  double sum = 0;
  for (const CodeCandidate& candidate : found.Rank()) sum += candidate.probability;
  EXPECT_GT(sum, 0.9);
  EXPECT_LE(sum, 1.0);
}

TEST(CodeOwner, GenericTagsHaveNoCandidates) {
  CodeSearch search;
  search.drivers.push_back({0, 1, 1, 0});
  EXPECT_THAT(RankByCode(PoolTag::FromText("None"), search, Found(1).system(), TagDatabase()), IsEmpty());
}

TEST(CodeOwner, ASiteReadsAsASentence) {
  const System system = Found(2).system();
  const VirtAddr at = system.modules[1].base + 0x1234;
  EXPECT_EQ(SiteText({TagUse::kCall, at, FindPoolRoutine("ExAllocatePoolWithTag"), 3}, system),
            "d1.sys+0x1234 allocates with this tag (ExAllocatePoolWithTag)");
  EXPECT_THAT(SiteText({TagUse::kCall, at, FindPoolRoutine("ExFreePoolWithTag"), 2}, system), HasSubstr("frees with"));
  EXPECT_THAT(SiteText({TagUse::kArgument, at, nullptr, 3}, system),
              HasSubstr("hands this tag to a call (argument 3)"));
  EXPECT_THAT(SiteText({TagUse::kData, at, nullptr, 0}, system), HasSubstr("in its data"));
}

}  // namespace
}  // namespace poolblame

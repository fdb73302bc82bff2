// Sound images of the evaluation in which something was once found to be wrong: each for a cause of its own.
#include <gtest/gtest.h>

#include <string>

#include "heuristics/report.h"
#include "tests/pool/opened_image.h"

namespace poolblame {
namespace {

struct SoundImage {
  const char* name;
  const char* recipe;
};

class Sound : public ::testing::TestWithParam<SoundImage> {};

TEST_P(Sound, ImageHasNoIncident) {
  const auto built = samples::BuildSample(GetParam().recipe);
  ASSERT_TRUE(built.has_value());
  OpenOptions options;
  if (built->truth.base != 0) {
    options.base = VirtAddr{built->truth.base};
    options.machine = built->truth.machine == "x86" ? Machine::kX86 : Machine::kX64;
    options.build = built->truth.build;
  }
  const auto image = Image::FromBytes({built->bytes.data(), built->bytes.size()}, "sound", options);
  ASSERT_TRUE(image.has_value());
  const AddressSpace space(*image);
  const System system = ReadSystem(space);
  const Report report = Judge(space, system, ScanPool(space, system, {}), TagDatabase::BuiltIn());
  EXPECT_TRUE(report.incidents.empty());
}

INSTANTIATE_TEST_SUITE_P(
    Images, Sound,
    ::testing::Values(SoundImage{"ABlockInUseWithOldLinksOneBitBeside",
                                 "windows=3790 machine=x64 container=pool-pages fault=none pages=156 activity=533 "
                                 "after=100 free_tag=free seed=108586888"},
                      SoundImage{"ABigAllocationsTextWithOneHeaderByChance",
                                 "windows=9600 machine=x86 container=pool-pages fault=none pages=262 activity=338 "
                                 "free_tag=free seed=1534894104"},
                      SoundImage{"TwoFreeSlotsThatNobodyHad",
                                 "windows=22000 machine=x64 container=bitmap fault=none pages=396 activity=260 "
                                 "after=380 backend=lfh large=3 seed=2848505165"},
                      SoundImage{"TwoFreeSlotsThatBeginWithASmallNumber",
                                 "windows=19041 machine=x64 container=full fault=none pages=224 activity=580 "
                                 "backend=lfh large=2 seed=49100970"},
                      SoundImage{"AFreeSlotThatBeginsWithAPointer",
                                 "windows=18362 machine=x64 container=full fault=none pages=292 activity=543 "
                                 "backend=lfh payload=rich seed=2815847558"},
                      SoundImage{"ANameThatBeginsWithAnotherLetter",
                                 "windows=26100 machine=x64 container=bitmap fault=none pages=284 activity=172 "
                                 "backend=lfh seed=1020218158"},
                      SoundImage{"OldMemoryOfARareTag",
                                 "windows=22621 machine=x64 container=summary fault=none pages=104 activity=301 "
                                 "backend=lfh large=8 payload=rich seed=4204807000"},
                      SoundImage{"AFreeSlotThatBeginsWithALargerNumber",
                                 "windows=22621 machine=x64 container=full fault=none pages=178 activity=197 "
                                 "after=222 backend=lfh large=5 seed=225481752"},
                      SoundImage{"SeveralBlocksThatStandOut",
                                 "windows=22000 machine=x64 container=full fault=none pages=116 activity=461 "
                                 "after=105 backend=vs payload=rich seed=2270684071"},
                      SoundImage{"SeveralBlocksThatStandOutAndEndAsUsual",
                                 "windows=9200 machine=x64 container=full fault=none pages=316 activity=571 "
                                 "seed=1168970560"},
                      SoundImage{"AZeroWordOfATagWithFewBlocks",
                                 "windows=18362 machine=x64 container=bitmap fault=none pages=190 activity=720 "
                                 "after=300 backend=vs seed=112394407"},
                      SoundImage{"ABlockNotYetFilledThatWasAListsOnlyEntry",
                                 "windows=6002 machine=x64 container=full fault=none pages=96 activity=715 "
                                 "payload=rich seed=3661880488"},
                      SoundImage{"ASmallNumberThatIsOneMore",
                                 "windows=7601 machine=x64 container=raw fault=none pages=362 activity=794 "
                                 "seed=640892910"},
                      SoundImage{"OldMemoryBehindWordsThatTheOwnerFilled",
                                 "windows=7601 machine=x64 container=full fault=none pages=226 activity=740 after=16 "
                                 "seed=1508888371"},
                      SoundImage{"ThreeFreeSlotsInARowThatNobodyHad",
                                 "windows=18362 machine=x64 container=full fault=none pages=280 activity=635 "
                                 "backend=vs payload=rich seed=1221859340"},
                      SoundImage{"ALastEntryOfAListWithOneFlagBeside",
                                 "windows=9200 machine=x86 container=raw fault=none pages=188 activity=38 after=3 "
                                 "lookaside_marked=no seed=1581867547"},
                      SoundImage{"ALastEntryOfAListWithOneMoreFlag",
                                 "windows=14393 machine=x86 container=full fault=none pages=192 activity=169 "
                                 "lookaside_marked=no seed=3404679826"}),
    [](const auto& image) { return std::string(image.param.name); });

}  // namespace
}  // namespace poolblame

// The words that a recipe's keys take, and what they mean.
#pragma once

#include <array>
#include <string_view>

#include "samples/recipe.h"

namespace poolblame::samples {

template <typename T>
struct Word {
  std::string_view word;
  T value;
};

inline constexpr auto kContainers = std::to_array<Word<ContainerKind>>({{"full", ContainerKind::kFull},
                                                                        {"summary", ContainerKind::kSummary},
                                                                        {"bitmap", ContainerKind::kBitmap},
                                                                        {"kernel-bitmap", ContainerKind::kKernelBitmap},
                                                                        {"triage", ContainerKind::kTriage},
                                                                        {"raw", ContainerKind::kRaw},
                                                                        {"pool-pages", ContainerKind::kPoolPages},
                                                                        {"lime", ContainerKind::kLime},
                                                                        {"elf", ContainerKind::kElf},
                                                                        {"elf-bare", ContainerKind::kElfBare},
                                                                        {"avml", ContainerKind::kAvml},
                                                                        {"vmem", ContainerKind::kVmem},
                                                                        {"vmss", ContainerKind::kVmss},
                                                                        {"vmsn", ContainerKind::kVmsn},
                                                                        {"hibernation", ContainerKind::kHibernation},
                                                                        {"rdmp", ContainerKind::kRdmp}});

inline constexpr auto kFaults = std::to_array<Word<Fault>>({{"none", Fault::kNone},
                                                            {"overrun", Fault::kOverrun},
                                                            {"off-by-one", Fault::kOffByOne},
                                                            {"underrun", Fault::kUnderrun},
                                                            {"use-after-free", Fault::kUseAfterFree},
                                                            {"double-free", Fault::kDoubleFree},
                                                            {"bad-free", Fault::kBadFree},
                                                            {"free-list", Fault::kFreeList},
                                                            {"bit-flip", Fault::kBitFlip},
                                                            {"wild-write", Fault::kWildWrite},
                                                            {"nonlinear-overrun", Fault::kNonlinearOverrun},
                                                            {"page-stomp", Fault::kPageStomp},
                                                            {"dma-line", Fault::kDmaLine},
                                                            {"uninitialised", Fault::kUninitialised},
                                                            {"payload-overrun", Fault::kPayloadOverrun},
                                                            {"cross-page", Fault::kCrossPage},
                                                            {"big-overrun", Fault::kBigOverrun},
                                                            {"range-overrun", Fault::kRangeOverrun},
                                                            {"slush-overrun", Fault::kSlushOverrun},
                                                            {"tail-overrun", Fault::kTailOverrun},
                                                            {"special-overrun", Fault::kSpecialOverrun},
                                                            {"special-underrun", Fault::kSpecialUnderrun},
                                                            {"special-bit-flip", Fault::kSpecialBitFlip},
                                                            {"special-double-free", Fault::kSpecialDoubleFree},
                                                            {"special-guard", Fault::kSpecialGuard},
                                                            {"special-use-after-free", Fault::kSpecialUseAfterFree}});

inline constexpr auto kContents = std::to_array<Word<WriteContent>>({{"auto", WriteContent::kAuto},
                                                                     {"continue", WriteContent::kContinue},
                                                                     {"zero", WriteContent::kZero},
                                                                     {"fill", WriteContent::kFill},
                                                                     {"string", WriteContent::kString},
                                                                     {"utf16", WriteContent::kUnicode},
                                                                     {"pointers", WriteContent::kPointers},
                                                                     {"records", WriteContent::kRecords},
                                                                     {"random", WriteContent::kRandom}});

inline constexpr auto kVictims = std::to_array<Word<VictimChoice>>({{"any", VictimChoice::kAny},
                                                                    {"allocated", VictimChoice::kAllocated},
                                                                    {"free", VictimChoice::kFree},
                                                                    {"lookaside", VictimChoice::kLookaside}});

inline constexpr auto kFreeTags = std::to_array<Word<FreeTagStyle>>(
    {{"mixed", FreeTagStyle::kMixed}, {"free", FreeTagStyle::kFree}, {"keep", FreeTagStyle::kKeep}});

inline constexpr auto kEncodings = std::to_array<Word<InUseEncoding>>({{"bit4", InUseEncoding::kBasePlusOneBit4},
                                                                       {"plain", InUseEncoding::kBasePlusOne},
                                                                       {"bit2", InUseEncoding::kBit2}});

inline constexpr auto kYesNo = std::to_array<Word<bool>>({{"yes", true}, {"no", false}});
inline constexpr auto kBlockForms = std::to_array<Word<bool>>({{"plain", false}, {"encoded", true}});
inline constexpr auto kSelfMaps = std::to_array<Word<bool>>({{"usual", false}, {"hidden", true}});
inline constexpr auto kPayloads = std::to_array<Word<bool>>({{"plain", false}, {"rich", true}});
inline constexpr auto kSpecialModes = std::to_array<Word<bool>>({{"overrun", false}, {"underrun", true}});
/// Recipe word of the page tables; kPae and kPlain are for x86.
enum class PagingWord { kPae, kPlain, kLa57, kLa57Wide };
inline constexpr auto kPaging = std::to_array<Word<PagingWord>>({{"pae", PagingWord::kPae},
                                                                 {"plain", PagingWord::kPlain},
                                                                 {"la57", PagingWord::kLa57},
                                                                 {"la57-wide", PagingWord::kLa57Wide}});
inline constexpr auto kWhere = std::to_array<Word<const char*>>(
    {{"any", "any"}, {"nonpaged", "nonpaged"}, {"nx", "nx"}, {"paged", "paged"}, {"session", "session"}});
inline constexpr auto kReach =
    std::to_array<Word<const char*>>({{"auto", "auto"}, {"start", "start"}, {"tail", "tail"}});
inline constexpr auto kVariants = std::to_array<Word<const char*>>({{"auto", "auto"},
                                                                    {"links", "links"},
                                                                    {"payload", "payload"},
                                                                    {"decrement", "decrement"},
                                                                    {"flag", "flag"},
                                                                    {"listed", "listed"},
                                                                    {"buried", "buried"},
                                                                    {"caught", "caught"},
                                                                    {"header", "header"},
                                                                    {"link", "link"},
                                                                    {"vs", "vs"},
                                                                    {"lfh", "lfh"},
                                                                    {"segment", "segment"}});
inline constexpr auto kBugchecks = std::to_array<Word<const char*>>(
    {{"auto", "auto"}, {"none", "none"}, {"19", "19"}, {"c2", "c2"}, {"50", "50"}, {"139", "139"}, {"13a", "13a"}});
inline constexpr auto kBackends = std::to_array<Word<const char*>>({{"auto", "auto"}, {"vs", "vs"}, {"lfh", "lfh"}});

}  // namespace poolblame::samples

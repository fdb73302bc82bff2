#include "samples/recipe.h"

#include <algorithm>
#include <array>
#include <charconv>
#include <sstream>
#include <string_view>
#include <utility>

#include "samples/builder.h"
#include "samples/recipe_words.h"
#include "samples/tag_population.h"

namespace poolblame::samples {
namespace {

template <typename Table>
std::string WordsOf(const Table& table) {
  std::string words;
  for (const auto& row : table) words += (words.empty() ? "" : "|") + std::string(row.word);
  return words;
}

/// Sets `out` from a table of words; the error lists the table.
template <typename Table, typename T>
Result<bool> Choose(const Table& table, const std::string& key, std::string_view value, T& out) {
  for (const auto& row : table) {
    if (row.word == value) {
      out = row.value;
      return true;
    }
  }
  return Fail(ErrorKind::kUsage, key + " is one of " + WordsOf(table) + ", not '" + std::string(value) + "'");
}

template <typename T>
Result<bool> Number(const std::string& key, std::string_view value, std::uint64_t low, std::uint64_t high, T& out) {
  const int base = value.starts_with("0x") ? 16 : 10;
  if (base == 16) value.remove_prefix(2);
  std::uint64_t number = 0;
  const auto end = value.data() + value.size();
  const auto read = std::from_chars(value.data(), end, number, base);
  if (read.ec != std::errc{} || read.ptr != end || number < low || number > high) {
    return Fail(ErrorKind::kUsage, key + " is a number from " + std::to_string(low) + " to " + std::to_string(high) +
                                       ", not '" + std::string(value) + "'");
  }
  out = static_cast<T>(number);
  return true;
}

constexpr std::uint64_t kMinPages = 96;                // page tables, kernel data and a few pool pages
constexpr std::uint32_t kMostLarge = 12;               // three heaps, each with room for some
constexpr std::uint64_t kMaxPages = 0x400000;          // 16 GiB: more than any test wants
constexpr std::uint64_t kMaxIdleMegabytes = 0x100000;  // 1 TiB

Result<bool> ChooseDrivers(const std::string& value, std::string& out) {
  const auto is_name = [&](const DriverSpec& driver) { return value == driver.name; };
  if (value != "none" && value != "third-party" && std::none_of(Drivers().begin(), Drivers().end(), is_name))
    return Fail(ErrorKind::kUsage, "verifier is none, third-party or a driver's file name, not '" + value + "'");
  out = value;
  return true;
}

Result<bool> ChooseTag(const std::string& key, const std::string& value, std::string& out) {
  std::string tag = value;
  tag.resize(4, ' ');  // a word holds no spaces
  if (std::none_of(Tags().begin(), Tags().end(), [&](const TagSpec& spec) { return tag == spec.tag; }))
    return Fail(ErrorKind::kUsage, key + " is a tag that the builder's drivers use, not '" + value + "'");
  out = tag;
  return true;
}

Result<bool> ChooseIdle(const std::string& value, std::uint64_t& pages) {
  constexpr std::uint64_t kPagesOfMegabyte = 256;
  const auto read = Number("idle", value, 0, kMaxIdleMegabytes, pages);
  pages *= kPagesOfMegabyte;
  return read;
}

/// Words that choose the system are read first, so that the others may come in any order.
struct SystemWords {
  std::string windows = "7601";
  std::string machine = "x64";
  std::string encoding;
  PagingWord paging = PagingWord::kPae;
};

Result<bool> Apply(Recipe& recipe, SystemWords& system, const std::string& key, const std::string& value) {
  if (key == "windows") return system.windows = value, true;
  if (key == "machine") return system.machine = value, true;
  if (key == "encoding") return system.encoding = value, true;
  if (key == "paging") return Choose(kPaging, key, value, system.paging);
  if (key == "container") return Choose(kContainers, key, value, recipe.container);
  if (key == "fault") return Choose(kFaults, key, value, recipe.fault);
  if (key == "content") return Choose(kContents, key, value, recipe.content);
  if (key == "victim") return Choose(kVictims, key, value, recipe.victim);
  if (key == "culprit") return ChooseTag(key, value, recipe.culprit);
  if (key == "leak") return ChooseTag(key, value, recipe.habits.leak);
  if (key == "busy") return ChooseTag(key, value, recipe.habits.busy);
  if (key == "cache") return ChooseTag(key, value, recipe.habits.cache);
  if (key == "tracker") return Choose(kYesNo, key, value, recipe.tracker);
  if (key == "boot") return Choose(kYesNo, key, value, recipe.boot);
  if (key == "kdbg") return Choose(kBlockForms, key, value, recipe.encoded_block);
  if (key == "system") return Choose(kYesNo, key, value, recipe.system_process);
  if (key == "self_map") return Choose(kSelfMaps, key, value, recipe.hidden_tables);
  if (key == "nx") return Choose(kYesNo, key, value, recipe.no_execute);
  if (key == "later") return Number(key, value, 0, 10000000, recipe.later);
  if (key == "frame") return Number(key, value, 1, kMaxPages, recipe.frame);
  if (key == "column") return Number(key, value, 0, 63, recipe.column);
  if (key == "processors") return Number(key, value, 1, 256, recipe.processors);
  if (key == "minutes") return Number(key, value, 0, 10000000, recipe.minutes);
  if (key == "where") return Choose(kWhere, key, value, recipe.where);
  if (key == "backend") return Choose(kBackends, key, value, recipe.backend);
  if (key == "reach") return Choose(kReach, key, value, recipe.reach);
  if (key == "variant") return Choose(kVariants, key, value, recipe.variant);
  if (key == "bugcheck") return Choose(kBugchecks, key, value, recipe.bugcheck);
  if (key == "free_tag") return Choose(kFreeTags, key, value, recipe.style.free_tag);
  if (key == "pool_index") return Choose(kYesNo, key, value, recipe.style.index_kept);
  if (key == "lookaside_marked") return Choose(kYesNo, key, value, recipe.style.lookaside_marked);
  if (key == "lookaside") return Number(key, value, 0, 256, recipe.style.lookaside_depth);
  if (key == "deferred") return Number(key, value, 0, 256, recipe.style.deferred_depth);
  if (key == "bytes") return Number(key, value, 1, 0x2000, recipe.bytes);
  if (key == "fill") return Number(key, value, 0, 255, recipe.fill);
  if (key == "pages") return Number(key, value, kMinPages, kMaxPages, recipe.pages);
  if (key == "idle") return ChooseIdle(value, recipe.idle_pages);
  if (key == "pool") return Number(key, value, 1, 80, recipe.pool_percent);
  if (key == "seed") return Number(key, value, 0, ~std::uint64_t{0}, recipe.seed);
  if (key == "activity") return Number(key, value, 0, 10000000, recipe.activity);
  if (key == "after") return Number(key, value, 0, 10000000, recipe.after);
  if (key == "live") return Number(key, value, 0, 10000000, recipe.live);
  if (key == "secondary") return Number(key, value, 0, 5000, recipe.secondary);
  if (key == "large") return Number(key, value, 0, kMostLarge, recipe.large);
  if (key == "special") return Number(key, value, 0, 64, recipe.special);
  if (key == "pool_log") return Number(key, value, 0, 512, recipe.pool_log);
  if (key == "verifier") return ChooseDrivers(value, recipe.verifier);
  if (key == "code") return Choose(kYesNo, key, value, recipe.code);
  if (key == "payload") return Choose(kPayloads, key, value, recipe.rich_payload);
  if (key == "special_mode") return Choose(kSpecialModes, key, value, recipe.special_at_start);
  if (key == "cut") return Number(key, value, 0, 99, recipe.cut);
  return Fail(ErrorKind::kUsage, "unknown recipe word '" + key + "': 'poolblame synth --help' lists them all");
}

/// ARM64 began with build 16299, of which there is no profile.
Result<bool> CheckArm64(const Recipe& recipe) {
  constexpr std::uint32_t kFirstBuild = 17134;
  constexpr std::array kContainersOfArm64 = {
      ContainerKind::kFull,   ContainerKind::kSummary, ContainerKind::kBitmap, ContainerKind::kKernelBitmap,
      ContainerKind::kTriage, ContainerKind::kRaw,     ContainerKind::kLime,   ContainerKind::kPoolPages,
      ContainerKind::kAvml,   ContainerKind::kElfBare};
  if (recipe.profile.build < kFirstBuild)
    return Fail(ErrorKind::kUsage, "machine=arm64 is for windows=17134 and later");
  if (std::find(kContainersOfArm64.begin(), kContainersOfArm64.end(), recipe.container) == kContainersOfArm64.end())
    return Fail(ErrorKind::kUsage, "machine=arm64 is for dumps, container=raw, lime, avml, elf-bare and pool-pages");
  return true;
}

/// Five levels are for Windows 11 and Server 2022, of which there is no profile.
Result<bool> ApplyPaging(Recipe& recipe, PagingWord paging) {
  constexpr std::uint32_t kFirstBuild = 20348;
  recipe.pae = paging == PagingWord::kPae;
  recipe.wide = paging == PagingWord::kLa57Wide;
  recipe.la57 = recipe.wide || paging == PagingWord::kLa57;
  if (recipe.la57 && (!recipe.profile.x64 || recipe.arm64 || recipe.profile.build < kFirstBuild))
    return Fail(ErrorKind::kUsage, "paging=la57 is for machine=x64 and windows=22000 and later");
  return true;
}

Result<bool> ApplySystem(Recipe& recipe, const SystemWords& system) {
  if (system.machine != "x64" && system.machine != "x86" && system.machine != "arm64") {
    return Fail(ErrorKind::kUsage, "machine is x64, x86 or arm64, not '" + system.machine + "'");
  }
  if (system.machine == "x86" && recipe.idle_pages > 0)
    return Fail(ErrorKind::kUsage, "idle memory is for machine=x64: the addresses of x86 end too early");
  const auto profile = FindProfile(system.windows, system.machine != "x86");
  if (!profile) {
    return Fail(ErrorKind::kUsage,
                "no " + system.machine + " Windows '" + system.windows + "'; known: " + ProfileWords());
  }
  recipe.profile = *profile;
  recipe.arm64 = system.machine == "arm64";
  if (recipe.arm64) {
    if (const auto can = CheckArm64(recipe); !can) return can;
  }
  if (const auto can = ApplyPaging(recipe, system.paging); !can) return can;
  if (!system.encoding.empty()) return Choose(kEncodings, "encoding", system.encoding, recipe.profile.encoding);
  return true;
}

}  // namespace

Result<Recipe> ParseRecipe(const std::string& line) {
  Recipe recipe;
  recipe.text = line;
  SystemWords system;
  std::istringstream words(line);
  std::string word;
  while (words >> word) {
    const std::size_t equals = word.find('=');
    if (equals == std::string::npos)
      return Fail(ErrorKind::kUsage, "a recipe is made of key=value words, not '" + word + "'");
    const auto applied = Apply(recipe, system, word.substr(0, equals), word.substr(equals + 1));
    if (!applied) return tl::unexpected<Error>(applied.error());
  }
  const auto applied = ApplySystem(recipe, system);
  if (!applied) return tl::unexpected<Error>(applied.error());
  if (recipe.encoded_block && (!recipe.profile.x64 || recipe.arm64 || recipe.profile.build < 9200 || !recipe.code))
    return Fail(ErrorKind::kUsage, "kdbg=encoded is for machine=x64, windows=9200 and later, and code=yes");
  if (recipe.container == ContainerKind::kRdmp && !recipe.profile.x64)
    return Fail(ErrorKind::kUsage, "container=rdmp is for machine=x64: nobody has described one of x86");
  if (recipe.profile.build >= 9200) recipe.pae = true;  // 32-bit kernels are PAE only from Windows 8
  if (recipe.pool_percent == 0) recipe.pool_percent = recipe.pages <= 4096 ? 50 : 12;
  return recipe;
}

std::string RecipeHelp() {
  return "windows=BUILD|NAME (" + ProfileWords() + ") machine=x64|x86|arm64 paging=" + WordsOf(kPaging) +
         " encoding=" + WordsOf(kEncodings) + "\ncontainer=" + WordsOf(kContainers) +
         " cut=PERCENT\nfault=" + WordsOf(kFaults) + "\nbytes=N content=" + WordsOf(kContents) +
         " fill=BYTE victim=" + WordsOf(kVictims) + "\nwhere=" + WordsOf(kWhere) + " backend=" + WordsOf(kBackends) +
         " reach=" + WordsOf(kReach) + " variant=" + WordsOf(kVariants) + " payload=" + WordsOf(kPayloads) +
         " bugcheck=" + WordsOf(kBugchecks) +
         "\npages=N idle=MIB pool=PERCENT seed=N activity=N after=N live=N lookaside=DEPTH deferred=DEPTH"
         " lookaside_marked=yes|no pool_index=yes|no free_tag=" +
         WordsOf(kFreeTags) + "\nsecondary=N large=N special=N special_mode=" + WordsOf(kSpecialModes) +
         " pool_log=N verifier=none|third-party|DRIVER.SYS code=yes|no\nculprit=TAG frame=N column=BIT processors=N "
         "minutes=N\ntracker=yes|no boot=yes|no kdbg=plain|encoded system=yes|no self_map=usual|hidden nx=yes|no "
         "leak=TAG busy=TAG cache=TAG "
         "later=MINUTES\n";
}

const char* KindOfFault(Fault fault) {
  switch (fault) {
    case Fault::kNone:
      return "clean";
    case Fault::kOverrun:
    case Fault::kOffByOne:
    case Fault::kPayloadOverrun:
    case Fault::kCrossPage:
    case Fault::kBigOverrun:
    case Fault::kRangeOverrun:
    case Fault::kSlushOverrun:
    case Fault::kTailOverrun:
    case Fault::kSpecialOverrun:
    case Fault::kSpecialGuard:
      return "overrun";
    case Fault::kUnderrun:
    case Fault::kSpecialUnderrun:
      return "underrun";
    case Fault::kUseAfterFree:
    case Fault::kSpecialUseAfterFree:
      return "use-after-free";
    case Fault::kDoubleFree:
    case Fault::kSpecialDoubleFree:
      return "double-free";
    case Fault::kBadFree:
      return "bad-free";
    case Fault::kFreeList:
      return "free-list";
    case Fault::kBitFlip:
    case Fault::kSpecialBitFlip:
      return "bit-flip";
    case Fault::kWildWrite:
      return "wild-write";
    case Fault::kNonlinearOverrun:
      return "nonlinear-overrun";
    case Fault::kPageStomp:
    case Fault::kDmaLine:
      return "page-stomp";
    case Fault::kUninitialised:
      return "uninitialised";
  }
  return "clean";
}

}  // namespace poolblame::samples

// The one line that says what an image is: `key=value` words. The same line makes the same bytes.
#pragma once

#include <cstdint>
#include <string>

#include "parser/base/error.h"
#include "samples/pool.h"
#include "samples/tag_life.h"
#include "samples/windows_profile.h"

namespace poolblame::samples {

enum class ContainerKind {
  kFull,
  kSummary,
  kBitmap,
  kKernelBitmap,
  kTriage,
  kRaw,
  kPoolPages,
  kLime,
  kElf,
  kElfBare,
  kAvml,
  kVmem,
  kVmss,
  kVmsn,
  kHibernation,
  kRdmp
};

enum class Fault {
  kNone,
  kOverrun,
  kOffByOne,
  kUnderrun,
  kUseAfterFree,
  kDoubleFree,
  kBadFree,
  kFreeList,
  kBitFlip,
  kWildWrite,
  kNonlinearOverrun,
  kPageStomp,
  kDmaLine,  // one cache line of a device's
  kUninitialised,
  kPayloadOverrun,
  kCrossPage,
  kBigOverrun,
  kRangeOverrun,  // segment heap: over the header of the next subsegment or segment
  kSlushOverrun,  // segment heap: over what is left behind a big allocation
  kTailOverrun,   // of a block that Driver Verifier tracks: into its own last pointer, and no farther
  // In special pool; the others are in pool of blocks. These come last: IsSpecialFault.
  kSpecialOverrun,  // over the bytes between the block's end and the page's
  kSpecialUnderrun,
  kSpecialBitFlip,
  kSpecialDoubleFree,
  kSpecialGuard,  // onto the guard page
  kSpecialUseAfterFree,
};

enum class WriteContent { kAuto, kContinue, kZero, kFill, kString, kUnicode, kPointers, kRecords, kRandom };

enum class VictimChoice { kAny, kAllocated, kFree, kLookaside };

/// Everything a recipe can say, with what it means when it does not.
struct Recipe {
  std::string text;
  WindowsProfile profile;
  bool arm64 = false;  // the profile is x64's: structures are the same, page tables, code and headers' words are not
  bool pae = true;     // x86: three-level tables
  bool la57 = false;   // x64: five-level tables
  bool wide = false;   // and pools at addresses that four levels cannot say
  ContainerKind container = ContainerKind::kFull;
  Fault fault = Fault::kNone;
  std::uint32_t bytes = 0;  // bytes written outside the culprit; 0 = drawn from the seed
  WriteContent content = WriteContent::kAuto;
  int fill = -1;  // byte of content=fill; -1 = drawn
  VictimChoice victim = VictimChoice::kAny;
  std::string culprit;           // tag whose blocks the fault begins with; empty = any
  std::uint64_t frame = 0;       // physical page that such a block's header lies on; 0 = any
  int column = -1;               // bit-flip: bit of the header's first eight bytes; -1 = drawn
  std::uint32_t processors = 1;  // of the machine, as the dump header says
  std::uint32_t minutes = 0;     // of the crash, after a fixed day
  std::string where = "any";     // pool of the fault: nonpaged, nx, paged, session, any
  std::string backend = "auto";  // segment heap: where the fault happens: vs, lfh, auto
  std::string reach = "auto";    // where the write begins: start of the buffer, or its tail
  // use-after-free: links, payload, decrement, flag; double-free: listed, buried, caught; bit-flip: header, link;
  // range-overrun: whose header
  std::string variant = "auto";
  std::string bugcheck = "auto";   // auto, none, or the code in hex: 19, 20, c2, 50, 139, 13a
  std::uint64_t pages = 160;       // of RAM
  std::uint64_t idle_pages = 0;    // RAM beside `pages` that nobody touched: zero, and a hole in the file
  std::uint32_t pool_percent = 0;  // of `pages`; 0 = 50 up to 4096 pages, 12 above
  std::uint64_t seed = 1;
  std::uint32_t activity = 400;   // allocations and frees after the pool is full, before the fault
  std::uint32_t after = 0;        // and after it
  std::uint32_t live = 0;         // and while the dump is written: half of the pool's pages are from before them
  std::uint32_t cut = 0;          // percent of the file that is missing at its end
  std::uint32_t secondary = 0;    // blocks of secondary data behind the pages of a dump
  std::uint32_t large = 0;        // segment heap: allocations above its 1 MB segments
  std::uint32_t special = 0;      // blocks in special pool
  std::string verifier = "none";  // whose blocks Driver Verifier tracks: third-party, or a driver's file name
  std::uint32_t pool_log = 0;     // calls in Driver Verifier's log of pool calls
  bool code = false;              // drivers' whole images, with code that holds their tags (tag_homes.h)
  bool rich_payload = false;      // blocks of a tag differ as they do in real pools (rich_payload.h)
  bool tracker = false;           // nt!PoolTrackTable is there
  bool boot = false;              // what a started Windows leaves is there (boot_traces.h)
  bool encoded_block = false;     // the debugger data block is encoded
  bool system_process = false;    // the System process names the page tables (system_process.h)
  bool hidden_tables = false;     // they cannot be told by mapping themselves (page_tables.h)
  bool no_execute = false;        // page tables deny execution of all pool but the executable nonpaged one
  TagHabits habits;               // of single tags, once the pools are full
  std::uint32_t later = 0;        // minutes after the fixed boot's usual crash: both clocks go on
  bool special_at_start = false;  // their data at the page's start ("verify start")
  PoolStyle style;
};

/// IMAGE_FILE_MACHINE of the recipe's system, as headers of images and dumps have it ("PE Format").
constexpr std::uint32_t PeMachine(const Recipe& recipe) {
  constexpr std::uint32_t kArm64 = 0xAA64, kX64 = 0x8664, kX86 = 0x14C;
  if (recipe.arm64) return kArm64;
  return recipe.profile.x64 ? kX64 : kX86;
}
/// "arm64", "x64" or "x86".
inline const char* MachineWord(const Recipe& recipe) {
  if (recipe.arm64) return "arm64";
  return recipe.profile.x64 ? "x64" : "x86";
}

/// Reads the line. kUsage names the word that was not understood and the ones that would be.
Result<Recipe> ParseRecipe(const std::string& line);
/// REPORT.md's word for the fault's kind ("clean" for none).
const char* KindOfFault(Fault fault);

}  // namespace poolblame::samples

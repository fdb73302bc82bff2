// The sample builder: a small pool allocator with the field's verbs that makes images with a known truth. It shares no
// code with the reader it tests (parser/base's integers and addresses are all it takes from there), so one bug cannot
// hide in both.
#pragma once

#include <cstdint>
#include <iosfwd>
#include <string>
#include <vector>

#include "parser/base/error.h"

namespace poolblame::samples {

/// Whose a tag is, and how its driver's code holds it (recipe word code=yes).
struct TagTruth {
  std::string tag;      // four characters
  std::string driver;   // "vxfilter.sys"
  std::string holding;  // call, kept, lookaside, wrapper, global, table, nowhere
};

/// What really happened, told by the one who did it.
struct Truth {
  std::string kind = "clean";  // REPORT.md's kinds, or "clean"
  bool visible = false;        // any byte that the allocator or a sibling would miss was changed
  // At least one POOL_HEADER byte or free link was changed; in the segment heap also a VS chunk header's, a
  // subsegment's or a segment's own.
  bool header_hit = false;
  std::string culprit_tag, victim_tag;  // four characters
  // Virtual addresses; 0 = none. Of the POOL_HEADER; in a VS chunk of the segment heap of the chunk header before it;
  // of an allocation without either, its first byte.
  std::uint64_t culprit_header = 0, victim_header = 0;
  std::uint64_t damage_start = 0, damage_end = 0;  // virtual, [start, end)
  std::uint64_t write_start = 0, write_end = 0;    // of the write that did it, in its own block too; 0 = no such write
  std::uint32_t stride = 0;                        // bytes of one record of that write; 0 = it wrote none
  int slack = -1;                                  // bytes of the culprit behind what was asked for; -1 = not known
  std::uint64_t page = 0;                          // of the victim
  std::uint64_t base = 0;                          // container=pool-pages: virtual address of the file's first byte
  std::string machine = "x64";                     // "x64" or "x86"
  std::uint32_t build = 0;
  std::uint32_t bugcheck = 0;  // code in the dump header; 0xE2 = nobody's fault, 0x161 = live dump
  std::string
      backend;  // segment heap: whose the culprit is, else the victim: "vs", "lfh", "large" or "none"; else empty
  std::uint64_t heap_key = 0, lfh_key = 0;  // segment heap: the image's
  std::vector<TagTruth> tags;               // code=yes: of all drivers
};

struct BuiltImage {
  std::vector<std::uint8_t> bytes;  // the container
  Truth truth;
};

/// Builds an image from one line of `key=value` words, for example
/// "windows=7601 machine=x64 container=full fault=overrun bytes=24 content=string pages=64 seed=7 activity=200".
/// or the text of a case file (samples/cases). Same text, same bytes. Fails with kUsage naming the word it does not
/// understand and the ones it does.
Result<BuiltImage> BuildSample(const std::string& recipe);

/// The same, written page by page: memory is what the pools need (5 KiB a pool page), not the size of the
/// image: 310 MiB for 2 GiB of RAM with 12 % pool.
Result<Truth> WriteSample(const std::string& recipe, std::ostream& out);

/// The keys and values a recipe may have, for --help.
std::string RecipeHelp();
/// The truth as one JSON object, keys in fixed order.
std::string TruthJson(const Truth& truth, const std::string& recipe);

}  // namespace poolblame::samples

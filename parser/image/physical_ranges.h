// What the containers of bare physical memory share (raw, LiME, AVML, ELF cores): ranges of bytes become whole pages,
// and the page tables are looked for where nothing names them. Private to parser/image.
#pragma once

#include <cstdint>
#include <vector>

#include "parser/base/address.h"
#include "parser/format/lime.h"
#include "parser/image/container.h"

namespace poolblame {

// Page frame numbers have 40 bits at most (52-bit physical addresses); what lies beyond is damage.
inline constexpr Pfn kMaxPfn = Pfn{1} << 40;

/// Physical memory that lies in one piece in the file. `start + length` does not wrap.
struct PhysicalRange {
  PhysAddr start{};
  std::uint64_t length = 0;  // bytes
  FileOffset offset{};
};

/// Fills the pages of `parts`: whole pages only, of overlapping ranges the first keeps the place. What the file lacks,
/// what makes no whole page and what is stored twice becomes a note. O(n log n).
void MapRanges(ByteView bytes, const std::vector<PhysicalRange>& ranges, ImageParts& parts);

/// Cuts a run where the largest physical address ends; true when something was cut.
bool CutAtLargestAddress(PageRun& run);
/// Pages of `runs` that lie in the file, told twice or not.
std::uint64_t PagesInFile(ByteView bytes, const std::vector<PageRun>& runs);
/// A note when `in_file` pages are stored for fewer places.
void NoteOverlaps(std::uint64_t in_file, const PageMap& pages, ImageFacts& facts);

/// What is wrong with the header of a LiME or AVML range, as the end of a sentence; empty when it is sound.
std::string RangeObjection(const LimeRangeHeader& header, std::uint32_t magic, std::uint32_t version);

/// Parts of a container that says nothing of the system: machine and build are the caller's.
ImageParts BareParts(const char* container, const OpenOptions& options);
/// Looks for page tables that map themselves; sets machine, form, table base and who named it, or a note. Reads the
/// image's first gigabyte.
void LookForPageTables(ImageParts& parts);

}  // namespace poolblame

// Raw physical memory: file offset is physical address, nothing else is known. The page tables are looked for by their
// habit of mapping themselves; without them the image can still be scanned page by page.
#include "parser/image/physical_ranges.h"

namespace poolblame {

Result<ImageParts> OpenRaw(ByteView bytes, const OpenOptions& options) {
  if (bytes.size() < kPageSize)
    return Fail(ErrorKind::kTruncated, "raw physical image (no known format at offset 0), one page of it", 0, kPageSize,
                bytes.size());
  ImageParts parts = BareParts("raw", options);
  ImageFacts& facts = parts.facts;
  facts.pages_promised = bytes.size() / kPageSize;
  parts.pages = PageMap::FromRuns(bytes, {{0, facts.pages_promised, FileOffset{0}}});
  if (bytes.size() % kPageSize != 0)
    facts.notes.push_back("the last page has " + std::to_string(bytes.size() % kPageSize) +
                          " bytes of 4096 and is left out");
  parts.lacks_page_tables = true;
  return parts;
}

}  // namespace poolblame

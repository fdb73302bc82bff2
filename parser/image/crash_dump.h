// What the readers of the crash dump types share: both headers reduced to the facts that matter. Private to
// parser/image.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "parser/base/byte_view.h"
#include "parser/base/error.h"
#include "parser/image/container.h"

namespace poolblame {

/// A header of either width. Fields that were never written (fill pattern) are empty.
struct CrashDumpHeader {
  bool is_64bit = false;
  std::uint64_t size = 0;              // bytes of the header; the body starts here
  std::uint64_t dump_type_offset = 0;  // of the DumpType field
  std::optional<std::uint32_t> dump_type;
  std::optional<std::uint64_t> required_dump_space;  // bytes the complete file needs
  std::optional<std::uint32_t> run_count;            // NumberOfRuns as it stands in the file, not judged yet
  std::optional<std::uint64_t> page_total;           // NumberOfPages
  std::vector<PageRun> run_slots;                    // every slot that fits in the header, offsets not set yet
  std::optional<std::uint8_t> pae_enabled;           // x86 only
  std::uint32_t attributes = 0;                      // 0 where they were never written
  std::uint32_t secondary_state = 0;                 // an NTSTATUS; 0 where it was never written
  ImageFacts facts;                                  // machine, build, table base, bug check, list heads
};

/// Reads the header; fails when it is cut, encrypted, or of a machine we know by name only.
Result<CrashDumpHeader> ReadCrashDumpHeader(ByteView bytes);

/// Options speak where the header is silent, and win over the build it claims.
void ApplyOptions(const OpenOptions& options, ImageFacts& facts);

// One file a dump type. `header` is consumed: its facts become the image's.
Result<ImageParts> OpenFullDump(ByteView bytes, CrashDumpHeader header);
Result<ImageParts> OpenSummaryDump(ByteView bytes, CrashDumpHeader header);
Result<ImageParts> OpenBitmapDump(ByteView bytes, CrashDumpHeader header);
Result<ImageParts> OpenRdmp(ByteView bytes, CrashDumpHeader header);
Result<ImageParts> OpenTriageDump(ByteView bytes, CrashDumpHeader header);

/// What the block behind the header says of a dump that stores a subset of the pages.
struct BitmapBlock {
  std::uint64_t bitmap_offset = 0;  // file offset of the bitmap
  std::uint64_t bits = 0;           // as the block says
  std::uint64_t pages = 0;          // as the block says
  std::uint64_t first_page = 0;     // file offset, as the block says
};

/// Clamps a block to the file and makes the page map of it; what does not fit becomes a note.
ImageParts MapBitmap(ByteView bytes, const BitmapBlock& block, ImageFacts facts);

/// True when the tables at the header's table base look like PAE ones; used where PaeEnabled was never written.
bool LooksLikePae(const PageMap& pages, PhysAddr directory_table_base);

/// Settles facts.form and strips the flag bits of the table base, now that pages can be read.
void SettleTableBase(const CrashDumpHeader& header, const PageMap& pages, ImageFacts& facts);

}  // namespace poolblame

// Dumps of newer debuggers (types 8, 9 and 10). What is known of them comes from one source, so the reader holds the
// block to everything that source says of it, refuses what differs, and says in a note how sure it is.
#include "parser/format/crash_dump_rdmp.h"

#include <utility>

#include "parser/format/crash_dump.h"
#include "parser/image/crash_dump.h"
#include "parser/image/physical_ranges.h"

namespace poolblame {
namespace {

tl::unexpected<Error> RefuseRdmp(const std::string& why, const CrashDumpHeader& header) {
  return Fail(ErrorKind::kUnsupported,
              "crash dump of the new dbgeng layout (RDMP) " + why +
                  ": take the dump that Windows itself writes (kernel or complete memory dump, MEMORY.DMP)",
              header.dump_type_offset, 0, header.dump_type.value_or(0));
}

bool IsAsKnown(const RdmpBlock& block, std::uint64_t block_at) {
  constexpr std::uint64_t kBeforeMetadata = 0x40, kCountedTwice = 0x20;
  return block.Marker == kRdmpMarker && block.Signature == kRdmpSignature && block.ValidDump == kRdmpValidDump &&
         block.MetadataSize % sizeof(RdmpRange) == 0 && block.MetadataSize >= kCountedTwice &&
         block.FirstPage >= block_at + kBeforeMetadata &&
         block.MetadataSize - kCountedTwice == block.FirstPage - block_at - kBeforeMetadata;
}

/// The list ends with page frame 0, where the pages begin, and in type 10 with what it counts itself.
std::vector<PhysicalRange> ReadRdmpRanges(ByteView bytes, const RdmpBlock& block, std::uint64_t at, bool counted,
                                          ImageFacts& facts) {
  std::vector<PhysicalRange> ranges;
  std::uint64_t offset = block.FirstPage, pages = 0;
  for (; at + sizeof(RdmpRange) <= block.FirstPage; at += sizeof(RdmpRange)) {
    const auto range = bytes.TryRead<RdmpRange>(at);
    if (!range || range->FirstPfn == 0) break;
    if (counted && (ranges.size() == block.RangeCount || pages >= block.TotalPages)) break;
    if (range->FirstPfn >= kMaxPfn || range->Pages > kMaxPfn || ranges.size() == kMaxRdmpRanges) {
      NoteTruncation(facts, "page range " + std::to_string(ranges.size()) + " at " + HexText(at) +
                                " cannot be: nothing behind it is read");
      break;
    }
    ranges.push_back({PhysAddr{range->FirstPfn * kPageSize}, range->Pages * kPageSize, FileOffset{offset}});
    pages += range->Pages;
    offset += range->Pages * kPageSize;  // at most 2^20 ranges of 2^40 pages: where that wraps, the file ended long ago
    if (offset > bytes.size()) break;
  }
  if (counted && pages != block.TotalPages)
    facts.notes.push_back("the block counts " + std::to_string(block.TotalPages) + " pages, its ranges have " +
                          std::to_string(pages));
  return ranges;
}

}  // namespace

Result<ImageParts> OpenRdmp(ByteView bytes, CrashDumpHeader header) {
  if (!header.is_64bit) return RefuseRdmp("of a 32-bit machine, which nobody has described", header);
  const Result<RdmpBlock> block = bytes.Read<RdmpBlock>(header.size, "RDMP block");
  if (!block) return tl::unexpected(block.error());
  if (!IsAsKnown(*block, header.size)) return RefuseRdmp("whose block is not as known", header);
  ImageParts parts{std::move(header.facts), {}, {}};
  parts.facts.container = "pagedu64-rdmp";
  parts.facts.notes.push_back(
      "the layout of this dump (RDMP) is known from one source only: where pages seem to be damaged in many places, "
      "doubt "
      "the reading first");
  const bool counted = static_cast<DumpType>(header.dump_type.value_or(0)) == DumpType::kRdmpComplete;
  MapRanges(bytes, ReadRdmpRanges(bytes, *block, header.size + sizeof(RdmpBlock), counted, parts.facts), parts);
  SettleTableBase(header, parts.pages, parts.facts);
  return parts;
}

}  // namespace poolblame

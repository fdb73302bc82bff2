// Triage dumps (type 4): no page tables, only virtual ranges. Ranges are given to the VirtualMap in the order in which
// we trust them: data blocks (one address each, written by the kernel), the data page, the call stack, and the debugger
// data block, whose address only the header knows.
#include "parser/format/crash_dump_triage.h"

#include <algorithm>

#include "parser/image/crash_dump.h"
#include "parser/image/secondary_data.h"

namespace poolblame {
namespace {

/// Both widths of the triage block as one.
struct TriageBlock {
  TriageDumpCommon common;
  std::uint64_t top_of_stack = 0;
  std::uint64_t data_page_address = 0;
  std::uint32_t data_page_offset = 0, data_page_size = 0;
  std::uint32_t debugger_data_offset = 0, debugger_data_size = 0;
  std::uint32_t data_blocks_offset = 0, data_blocks_count = 0;
};

template <typename Wire>
TriageBlock Widen(const Wire& wire) {
  return {wire.Common,           wire.TopOfStack,       wire.DataPageAddress,
          wire.DataPageOffset,   wire.DataPageSize,     wire.DebuggerDataOffset,
          wire.DebuggerDataSize, wire.DataBlocksOffset, wire.DataBlocksCount};
}

Result<TriageBlock> ReadTriageBlock(ByteView bytes, const CrashDumpHeader& header) {
  if (header.is_64bit) return bytes.Read<TriageDump64>(header.size, "triage block").map(Widen<TriageDump64>);
  return bytes.Read<TriageDump32>(header.size, "triage block").map(Widen<TriageDump32>);
}

/// `size` bytes at `offset`, or as many as the file still has; a shortage becomes a note.
ByteView Part(ByteView bytes, std::uint64_t offset, std::uint64_t size, const char* what, ImageFacts& facts) {
  if (offset == 0 || size == 0) return {};
  const std::uint64_t have = offset < bytes.size() ? std::min<std::uint64_t>(size, bytes.size() - offset) : 0;
  if (have < size)
    NoteTruncation(facts, std::string(what) + " needs " + std::to_string(size) + " bytes at " + HexText(offset) +
                              ", the file has " + std::to_string(have) + " left");
  if (have == 0) return {};
  return {bytes.data() + offset, static_cast<std::size_t>(have)};
}

/// How many records of `stride` bytes at `offset` the file can hold, at most `count` and `cap`.
std::uint32_t ClampCount(ByteView bytes, std::uint64_t offset, std::uint32_t count, std::uint64_t stride,
                         std::uint32_t cap, const char* what, ImageFacts& facts) {
  if (offset == 0 || count == 0) return 0;
  const std::uint64_t room = offset < bytes.size() ? (bytes.size() - offset) / stride : 0;
  const auto kept = static_cast<std::uint32_t>(std::min<std::uint64_t>({count, room, cap}));
  if (kept < count)
    NoteTruncation(facts, std::string(what) + " is said to have " + std::to_string(count) + " entries, " +
                              std::to_string(kept) + " can be there");
  return kept;
}

template <typename Wire>
TriageDataBlock64 DataBlockAt(ByteView bytes, std::uint64_t offset) {
  const Wire wire = bytes.TryRead<Wire>(offset).value_or(Wire{});
  return {std::uint64_t{wire.Address}, wire.Offset, wire.Size};
}

/// Of `count` data blocks read with `stride`, how many lie in the file. Sources disagree on the x86 stride.
std::uint32_t BlocksInFile(ByteView bytes, std::uint64_t offset, std::uint32_t count, std::uint64_t stride) {
  std::uint32_t inside = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    if (!bytes.Contains(offset, (i + 1) * stride)) break;
    const TriageDataBlock64 block = stride == sizeof(TriageDataBlock64)
                                        ? DataBlockAt<TriageDataBlock64>(bytes, offset + i * stride)
                                        : DataBlockAt<TriageDataBlock32>(bytes, offset + i * stride);
    if (block.Offset != 0 && block.Size != 0 && bytes.Contains(block.Offset, block.Size)) ++inside;
  }
  return inside;
}

std::uint64_t DataBlockStride(ByteView bytes, const TriageBlock& triage, bool is_64bit) {
  if (is_64bit) return sizeof(TriageDataBlock64);
  const std::uint32_t count = std::min<std::uint32_t>(triage.data_blocks_count, kMaxTriageDataBlocks);
  const std::uint32_t narrow = BlocksInFile(bytes, triage.data_blocks_offset, count, sizeof(TriageDataBlock32));
  const std::uint32_t wide = BlocksInFile(bytes, triage.data_blocks_offset, count, sizeof(TriageDataBlock64));
  return wide > narrow ? sizeof(TriageDataBlock64) : sizeof(TriageDataBlock32);
}

void AddRange(std::vector<VirtualRange>& ranges, std::uint64_t address, ByteView part) {
  if (address != 0 && !part.empty()) ranges.push_back({VirtAddr{address}, part});
}

void AddDataBlocks(ByteView bytes, const TriageBlock& triage, bool is_64bit, std::vector<VirtualRange>& ranges,
                   ImageFacts& facts) {
  const std::uint64_t stride = DataBlockStride(bytes, triage, is_64bit);
  const std::uint32_t count = ClampCount(bytes, triage.data_blocks_offset, triage.data_blocks_count, stride,
                                         kMaxTriageDataBlocks, "the list of data blocks", facts);
  std::uint32_t cut = 0;
  for (std::uint64_t i = 0; i < count; ++i) {
    const std::uint64_t at = triage.data_blocks_offset + i * stride;
    const TriageDataBlock64 block = stride == sizeof(TriageDataBlock64) ? DataBlockAt<TriageDataBlock64>(bytes, at)
                                                                        : DataBlockAt<TriageDataBlock32>(bytes, at);
    const std::uint64_t address = is_64bit ? std::uint64_t{block.Address} : block.Address & 0xFFFFFFFF;
    const std::uint64_t size = block.Size;
    const std::uint64_t have =
        block.Offset < bytes.size() ? std::min<std::uint64_t>(size, bytes.size() - block.Offset) : 0;
    if (have < size) ++cut;
    if (have > 0) AddRange(ranges, address, {bytes.data() + block.Offset, static_cast<std::size_t>(have)});
  }
  if (cut > 0)
    NoteTruncation(
        facts, std::to_string(cut) + " of " + std::to_string(count) + " data blocks lie outside the file or are cut");
}

/// A table of records the layers above read: its offset when its start is in the file, else 0.
FileOffset TableOffset(ByteView bytes, std::uint64_t offset) { return FileOffset{offset < bytes.size() ? offset : 0}; }

TriageTables ReadTables(ByteView bytes, const TriageBlock& triage, bool is_64bit, ImageFacts& facts) {
  const TriageDumpCommon& common = triage.common;
  TriageTables tables;
  tables.driver_list = TableOffset(bytes, common.DriverListOffset);
  tables.driver_count = ClampCount(bytes, common.DriverListOffset, common.DriverCount,
                                   is_64bit ? kTriageDriverStride64 : kTriageDriverStride32, kMaxTriageDrivers,
                                   "the triage driver list", facts);
  tables.unloaded_drivers = TableOffset(bytes, common.UnloadedDriversOffset);
  tables.debugger_data = TableOffset(bytes, triage.debugger_data_offset);
  tables.debugger_data_size = static_cast<std::uint32_t>(
      Part(bytes, triage.debugger_data_offset, triage.debugger_data_size, "the debugger data block", facts).size());
  tables.string_pool = TableOffset(bytes, common.StringPoolOffset);
  tables.string_pool_size = static_cast<std::uint32_t>(
      Part(bytes, common.StringPoolOffset, common.StringPoolSize, "the triage string pool", facts).size());
  return tables;
}

void CheckEnd(ByteView bytes, const TriageDumpCommon& common, ImageFacts& facts) {
  if (common.SizeOfDump > bytes.size())
    NoteTruncation(facts, "the triage block says " + std::to_string(common.SizeOfDump) + " bytes, the file has " +
                              std::to_string(bytes.size()));
  const auto marker = bytes.TryRead<Le32>(common.ValidOffset);
  if (!marker || *marker != kTriageEndMarker)
    NoteTruncation(facts, "the end mark of the triage dump is not at " + HexText(common.ValidOffset));
}

}  // namespace

Result<ImageParts> OpenTriageDump(ByteView bytes, CrashDumpHeader header) {
  const Result<TriageBlock> read = ReadTriageBlock(bytes, header);
  if (!read) return tl::unexpected(read.error());
  const TriageBlock& triage = *read;
  ImageParts parts{std::move(header.facts), {}, {}};
  ImageFacts& facts = parts.facts;
  facts.container = header.is_64bit ? "pagedu64-triage" : "pagedump-triage";
  if (header.pae_enabled.value_or(0) == 1) facts.form = PageTableForm::kPae;
  facts.directory_table_base.reset();  // the tables it names are never in a triage dump
  CheckEnd(bytes, triage.common, facts);
  ReadSecondaryData(bytes, triage.common.SizeOfDump, facts);
  facts.triage = ReadTables(bytes, triage, header.is_64bit, facts);
  std::vector<VirtualRange> ranges;
  AddDataBlocks(bytes, triage, header.is_64bit, ranges, facts);
  AddRange(ranges, triage.data_page_address,
           Part(bytes, triage.data_page_offset, triage.data_page_size, "the triage data page", facts));
  AddRange(ranges, triage.top_of_stack,
           Part(bytes, triage.common.CallStackOffset, triage.common.SizeOfCallStack, "the triage call stack", facts));
  const TriageTables& tables = *facts.triage;
  AddRange(ranges, facts.debugger_data_block.value,
           {bytes.data() + tables.debugger_data.value, tables.debugger_data_size});
  parts.virtual_ranges = VirtualMap(std::move(ranges));
  return parts;
}

}  // namespace poolblame

// Dumps that store a subset of the pages behind a bitmap: summary (type 2), bitmap full (5), bitmap kernel (6) and
// "automatic" (7, on disk one of the two). Only the block that describes the bitmap differs.
#include "parser/format/crash_dump_bitmap.h"

#include <algorithm>

#include "parser/format/crash_dump.h"
#include "parser/image/crash_dump.h"
#include "parser/image/secondary_data.h"

namespace poolblame {
namespace {

constexpr std::uint64_t RoundUpToPage(std::uint64_t value) { return (value + kPageSize - 1) & ~(kPageSize - 1); }

/// Where the pages start: the block's word when it can be, else the first page boundary behind the bitmap.
std::uint64_t FirstPageOf(const BitmapBlock& block, ImageFacts& facts) {
  if (block.first_page > block.bitmap_offset) return block.first_page;
  const std::uint64_t bitmap_bytes = std::min(block.bits, kMaxBitmapBits) / 8;
  const std::uint64_t assumed = RoundUpToPage(block.bitmap_offset + bitmap_bytes + 1);
  facts.notes.push_back("the first page is said to lie at " + HexText(block.first_page) + ", before the bitmap; " +
                        HexText(assumed) + " is used");
  return assumed;
}

Result<ImageParts> Finish(ByteView bytes, const CrashDumpHeader& header, const BitmapBlock& block, ImageFacts facts) {
  ImageParts parts = MapBitmap(bytes, block, std::move(facts));
  SettleTableBase(header, parts.pages, parts.facts);
  return parts;
}

}  // namespace

ImageParts MapBitmap(ByteView bytes, const BitmapBlock& block, ImageFacts facts) {
  const std::uint64_t first_page = FirstPageOf(block, facts);
  const std::uint64_t room = std::min<std::uint64_t>(first_page, bytes.size());
  const std::uint64_t bitmap_room = room > block.bitmap_offset ? room - block.bitmap_offset : 0;
  const std::uint64_t bits = std::min({block.bits, bitmap_room * 8, kMaxBitmapBits});
  if (bits < block.bits)
    NoteTruncation(facts, "the page bitmap is said to have " + std::to_string(block.bits) + " bits, " +
                              std::to_string(bits) + " can be there");
  const ByteView bitmap(bytes.data() + block.bitmap_offset, static_cast<std::size_t>((bits + 7) / 8));
  ImageParts parts{std::move(facts), PageMap::FromBitmap(bytes, bitmap, bits, FileOffset{first_page}), {}};
  const std::uint64_t set = PageMap::CountBits(bitmap, bits);
  parts.facts.pages_promised = set;
  if (parts.pages.page_count() < set)
    NoteTruncation(parts.facts, "the page bitmap promises " + std::to_string(set) + " pages, the file holds " +
                                    std::to_string(parts.pages.page_count()));
  ReadSecondaryData(bytes, first_page + set * kPageSize, parts.facts);
  if (block.pages != set)
    parts.facts.notes.push_back("the bitmap block counts " + std::to_string(block.pages) + " pages, its bitmap has " +
                                std::to_string(set));
  return parts;
}

Result<ImageParts> OpenSummaryDump(ByteView bytes, CrashDumpHeader header) {
  const Result<SummaryDump> wire = bytes.Read<SummaryDump>(header.size, "summary dump block");
  if (!wire) return tl::unexpected(wire.error());
  if (wire->Signature != kBitmapSignatureSummary || wire->ValidDump != kBitmapValidDump)
    return Fail(ErrorKind::kBadMagic, "summary dump block (SDMPDUMP)", header.size, 0, wire->Signature);
  const std::uint64_t bitmap_offset = header.size + (header.is_64bit ? kSummaryBitmapOffset64 : kSummaryBitmapOffset32);
  if (bitmap_offset > bytes.size())
    return Fail(ErrorKind::kTruncated, "page bitmap of the summary dump", bitmap_offset, 1, 0);
  header.facts.container = header.is_64bit ? "pagedu64-summary" : "pagedump-summary";
  ImageFacts facts = std::move(header.facts);
  return Finish(bytes, header, {bitmap_offset, wire->BitmapSize, wire->Pages, wire->HeaderSize}, std::move(facts));
}

Result<ImageParts> OpenBitmapDump(ByteView bytes, CrashDumpHeader header) {
  const Result<BitmapDump> wire = bytes.Read<BitmapDump>(header.size, "bitmap dump block");
  if (!wire) return tl::unexpected(wire.error());
  const bool is_summary = wire->Signature == kBitmapSignatureSummary;
  if ((!is_summary && wire->Signature != kBitmapSignatureFull) || wire->ValidDump != kBitmapValidDump)
    return Fail(ErrorKind::kBadMagic, "bitmap dump block (FDMPDUMP or SDMPDUMP)", header.size, 0, wire->Signature);
  const auto type = static_cast<DumpType>(header.dump_type.value_or(0));
  const bool kernel_only = type == DumpType::kBitmapKernel || (type == DumpType::kAutomatic && is_summary);
  header.facts.container =
      std::string(header.is_64bit ? "pagedu64-" : "pagedump-") + (kernel_only ? "kernel-bitmap" : "bitmap");
  ImageFacts facts = std::move(header.facts);
  return Finish(bytes, header,
                {header.size + kBitmapOffset, wire->BitmapSize, wire->TotalPresentPages, wire->FirstPage},
                std::move(facts));
}

}  // namespace poolblame

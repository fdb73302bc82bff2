// Windows XP to 7: a chain of tables, each a page of ranges with the blocks of their pages behind it. A block has 16
// pages in the order of the table, the last one fewer. Blocks are found by their magic, for they need not follow each
// other without a gap.
#include <algorithm>
#include <optional>
#include <vector>

#include "parser/format/hibernation.h"
#include "parser/image/hibernation.h"
#include "parser/image/xpress.h"

namespace poolblame {
namespace {

struct RangeTable {
  std::vector<std::pair<Pfn, std::uint64_t>> ranges;  // first page, pages
  std::uint64_t next = 0;                             // page of the file; 0 = none
  bool full = false;                                  // a table with room left needs no next one, whatever it says
};

/// A table, or nothing when the page cannot be one.
std::optional<RangeTable> ReadTable(ByteView bytes, std::uint64_t page, const HibernationTableLayout& layout) {
  if (page == 0 || page >= bytes.size() / kPageSize) return std::nullopt;
  const ByteView table(bytes.data() + page * kPageSize, kPageSize);
  const std::uint32_t count = *table.TryRead<Le32>(layout.count);
  const std::size_t room = (kPageSize - layout.link_bytes) / layout.entry_bytes;
  if (count == 0 || count > room) return std::nullopt;
  RangeTable read;
  read.full = count == room;
  read.next = HibernationField(table, layout.next_table, layout.width());
  for (std::uint32_t i = 0; i < count; ++i) {
    const std::uint32_t entry = layout.link_bytes + i * layout.entry_bytes;
    const Pfn start = HibernationField(table, entry + layout.start, layout.width());
    const Pfn end = HibernationField(table, entry + layout.end, layout.width());
    if (start >= end || end > kMaxPfn) return std::nullopt;
    read.ranges.emplace_back(start, end - start);
  }
  return read;
}

/// Where the next block's header is, from `at` on.
std::optional<std::uint64_t> FindBlock(ByteView bytes, std::uint64_t at) {
  if (at >= bytes.size()) return std::nullopt;
  const std::uint64_t length = std::min<std::uint64_t>(bytes.size() - at, kXpressBlockGap + kXpressBlockMagic.size());
  const ByteView window(bytes.data() + at, static_cast<std::size_t>(length));
  const auto found = std::search(window.begin(), window.end(), kXpressBlockMagic.begin(), kXpressBlockMagic.end());
  if (found == window.end()) return std::nullopt;
  return at + static_cast<std::uint64_t>(found - window.begin());
}

class TableReader {
 public:
  TableReader(ByteView bytes, std::uint64_t limit) : bytes_(bytes), restored_(limit) {}

  void ReadAll(std::uint64_t page, const HibernationTableLayout& layout) {
    bool expected = true;
    for (std::size_t i = 0; i < kMaxHibernationTables && page != 0 && objection_.empty() && !full_; ++i) {
      const std::optional<RangeTable> table = page * kPageSize >= at_ ? ReadTable(bytes_, page, layout) : std::nullopt;
      if (!table && !expected) return;
      if (!table) {
        objection_ =
            "there is no page table " + std::to_string(i) + " in page " + std::to_string(page) + " of the file";
        return;
      }
      at_ = (page + 1) * kPageSize;
      ReadBlocks(table->ranges);
      expected = table->full;
      page = table->next < bytes_.size() ? table->next : kMaxPfn;
    }
  }
  [[nodiscard]] const std::string& objection() const { return objection_; }
  Result<ImageParts> Finish(ImageParts parts) { return std::move(restored_).Finish(std::move(parts)); }

 private:
  void ReadBlocks(const std::vector<std::pair<Pfn, std::uint64_t>>& ranges) {
    block_pages_ = next_page_ = 0;
    for (const auto& [first, count] : ranges) {
      for (std::uint64_t done = 0; done < count;) {
        if (next_page_ == block_pages_ && !ReadBlock()) return;
        const std::uint64_t pages = std::min<std::uint64_t>(count - done, block_pages_ - next_page_);
        Restore(first + done, pages);
        if (full_) return;
        next_page_ += pages;
        done += pages;
      }
    }
  }

  /// Unpacks the next block to the buffer; false where there is none.
  bool ReadBlock() {
    const std::optional<std::uint64_t> header_at = FindBlock(bytes_, at_);
    const auto header = header_at ? bytes_.TryRead<XpressBlockHeader>(*header_at) : std::nullopt;
    const std::uint64_t data = header ? *header_at + sizeof(XpressBlockHeader) : 0;
    if (!header || !bytes_.Contains(data, header->packed_bytes())) {
      objection_ = "there is no whole block of pages behind " + HexText(at_);
      return false;
    }
    const ByteView packed(bytes_.data() + data, header->packed_bytes());
    at_ = data + packed.size();
    block_pages_ = kHibernationSetPages;
    next_page_ = 0;
    if (packed.size() == buffer_.size()) {
      std::ranges::copy(packed, buffer_.begin());
      whole_pages_ = block_pages_;
    } else {
      whole_pages_ = UnpackXpress(packed, buffer_).value_or(0) / kPageSize;
    }
    return true;
  }

  /// Pages of the block that came out go to `first` and behind; of those that did not we only know how many.
  void Restore(Pfn first, std::uint64_t pages) {
    const std::uint64_t whole = whole_pages_ > next_page_ ? std::min(pages, whole_pages_ - next_page_) : 0;
    if (whole > 0)
      full_ =
          !restored_.Add(first, {buffer_.data() + next_page_ * kPageSize, static_cast<std::size_t>(whole * kPageSize)});
    restored_.Lose(pages - whole);
  }

  ByteView bytes_;
  RestoredPages restored_;
  std::uint64_t at_ = 0;           // behind the last table or block
  std::uint64_t block_pages_ = 0;  // that the block at hand stands for
  std::uint64_t next_page_ = 0;    // of those, the next one to restore
  std::uint64_t whole_pages_ = 0;  // of those, how many came out
  bool full_ = false;
  std::string objection_;
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(kHibernationSetPages * kPageSize);
};

/// The row whose first table makes sense and has a block behind it; nullptr where none does.
const HibernationTableLayout* FindLayout(ByteView bytes) {
  const std::uint64_t length = HibernationField(bytes, kHibernationLengthAt, 4);
  for (const HibernationTableLayout& layout : kHibernationTables) {
    if (layout.header_length != length) continue;
    const std::uint64_t page = HibernationField(bytes, layout.first_table_page, layout.width());
    if (ReadTable(bytes, page, layout) && FindBlock(bytes, (page + 1) * kPageSize)) return &layout;
  }
  return nullptr;
}

}  // namespace

Result<ImageParts> OpenHibernationTables(ByteView bytes, const OpenOptions& options) {
  const HibernationTableLayout* const layout = FindLayout(bytes);
  if (layout == nullptr)
    return Fail(ErrorKind::kUnsupported,
                "hibernation file without a table of its pages: copy it again while the system is off");
  ImageParts parts = BareParts("hibernation", options);
  if (!options.machine) parts.facts.machine = layout->is_x64 ? Machine::kX64 : Machine::kX86;
  const std::uint64_t cr3 = HibernationField(
      bytes, kHibernationProcessorAt + (layout->is_x64 ? kHibernationCr3At64 : kHibernationCr3At32), layout->width());
  if (cr3 != 0) parts.processors.push_back(PhysAddr{cr3});
  TableReader reader(bytes, options.max_decompressed_bytes);
  reader.ReadAll(HibernationField(bytes, layout->first_table_page, layout->width()), *layout);
  if (!reader.objection().empty())
    NoteTruncation(parts.facts, reader.objection() + ": the pages from there on are not read");
  return reader.Finish(std::move(parts));
}

}  // namespace poolblame

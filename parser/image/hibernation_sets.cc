// Windows 8 and later: what the loader restores, then what the kernel restores, each a stream of sets. A set that
// cannot be unpacked costs its pages only, for its length says where the next one is; where a set cannot be at all, its
// stream ends. The count of pages in the header may promise more than was written.
#include <algorithm>
#include <vector>

#include "parser/format/hibernation.h"
#include "parser/image/hibernation.h"
#include "parser/image/xpress.h"

namespace poolblame {
namespace {

struct SetRange {
  Pfn first = 0;
  std::uint32_t count = 0;
};

/// One set: where its pages go and where they lie in the file.
struct PageSet {
  HibernationSetWord word{};
  std::vector<SetRange> ranges;
  std::uint32_t pages = 0;
  ByteView packed;
  std::uint64_t end = 0;  // of the set in the file
};

class SetReader {
 public:
  SetReader(ByteView bytes, const HibernationSetLayout& layout, std::uint64_t limit)
      : bytes_(bytes), layout_(layout), restored_(limit) {}

  void ReadStream(const char* name, std::uint32_t first_page_at, std::uint32_t count_at, ImageFacts& facts) {
    const std::uint64_t promised = HibernationField(bytes_, count_at, layout_.width());
    const std::uint64_t first = HibernationField(bytes_, first_page_at, layout_.width());
    std::uint64_t at = std::min<std::uint64_t>(first, bytes_.size()) * kPageSize;
    std::uint64_t done = 0;
    while (done < promised && !full_) {
      PageSet set;
      if (!Read(at, set)) break;
      Restore(set);
      done += set.pages;
      at = set.end;
    }
    if (done < promised && !full_)
      NoteTruncation(facts, "the hibernation file promises " + std::to_string(promised) + " pages for the " + name +
                                ", of which " + std::to_string(done) + " are there: nothing behind " + HexText(at) +
                                " is a set of pages");
  }
  Result<ImageParts> Finish(ImageParts parts) { return std::move(restored_).Finish(std::move(parts)); }

 private:
  /// False where no set can be.
  bool Read(std::uint64_t at, PageSet& set) const {
    const auto word = bytes_.TryRead<Le32>(at);
    if (!word) return false;
    set.word = {*word};
    const std::uint32_t count = set.word.descriptors();
    if (count == 0 || count > kHibernationSetPages) return false;
    at += sizeof(Le32);
    for (std::uint32_t i = 0; i < count; ++i, at += layout_.width()) {
      if (!bytes_.Contains(at, layout_.width())) return false;
      const std::uint64_t descriptor = HibernationField(bytes_, at, layout_.width());
      set.ranges.push_back({descriptor >> 4, static_cast<std::uint32_t>(descriptor & 15) + 1});
      set.pages += set.ranges.back().count;
      if (set.ranges.back().first >= kMaxPfn) return false;
    }
    const std::uint32_t length = set.word.packed_bytes();
    if (set.pages > kHibernationSetPages || length == 0 || length > set.pages * kPageSize) return false;
    if (!bytes_.Contains(at, length)) return false;
    set.packed = {bytes_.data() + at, length};
    set.end = at + length;
    return true;
  }

  void Restore(const PageSet& set) {
    const ByteView pages = Unpack(set);
    if (pages.empty()) restored_.Lose(set.pages);
    std::uint64_t at = 0;
    for (const SetRange& range : set.ranges) {
      if (pages.empty() || full_) return;
      full_ = !restored_.Add(range.first, {pages.data() + at, range.count * kPageSize});
      at += range.count * kPageSize;
    }
  }

  /// The pages of a set, or nothing when they do not come out whole.
  ByteView Unpack(const PageSet& set) {
    const std::size_t wanted = set.pages * kPageSize;
    if (set.packed.size() == wanted) return set.packed;
    const std::span<std::uint8_t> out(buffer_.data(), wanted);
    const bool maybe_huffman = set.word.method() != 0, maybe_plain = set.word.method() < 2;
    if (maybe_huffman && UnpackXpressHuffman(set.packed, out) == wanted) return {buffer_.data(), wanted};
    if (maybe_plain && UnpackXpress(set.packed, out) == wanted) return {buffer_.data(), wanted};
    return {};
  }

  ByteView bytes_;
  const HibernationSetLayout& layout_;
  RestoredPages restored_;
  bool full_ = false;
  std::vector<std::uint8_t> buffer_ = std::vector<std::uint8_t>(kHibernationSetPages * kPageSize);
};

}  // namespace

Result<ImageParts> OpenHibernationSets(ByteView bytes, const OpenOptions& options) {
  const std::uint64_t length = HibernationField(bytes, kHibernationLengthAt, 4);
  const auto layout = std::ranges::find(kHibernationSets, length, &HibernationSetLayout::header_length);
  if (!bytes.Contains(0, length))
    return Fail(ErrorKind::kTruncated, "hibernation file header", 0, length, bytes.size());
  ImageParts parts = BareParts("hibernation", options);
  if (!options.machine) parts.facts.machine = layout->is_x64 ? Machine::kX64 : Machine::kX86;
  SetReader reader(bytes, *layout, options.max_decompressed_bytes);
  reader.ReadStream("loader", layout->first_boot_page, layout->loader_pages, parts.facts);
  reader.ReadStream("kernel", layout->first_kernel_page, layout->kernel_pages, parts.facts);
  return reader.Finish(std::move(parts));
}

}  // namespace poolblame

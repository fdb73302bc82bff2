#include "parser/pool/lfh_free_slots.h"

#include <algorithm>

#include "parser/base/ascii.h"
#include "parser/pool/segment_pool_header.h"

namespace poolblame {
namespace {

bool IsZero(ByteView bytes) {
  return std::all_of(bytes.begin(), bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

ByteView BytesOf(ByteView page, const LfhSlot& slot, std::uint32_t block_size) {
  const std::size_t begin = slot.offset % kPageSize;
  return {page.data() + begin, std::min<std::size_t>(block_size, page.size() - begin)};
}

/// The slots of one page, counted.
struct PageCount {
  std::size_t zero = 0, with_header = 0, odd = 0;  // free ones
  std::size_t rows = 0;                            // of odd slots, free or in use
  std::size_t first_odd = 0;
  bool zero_before_odd = false;
};

PageCount Count(const std::vector<SlotContent>& contents, std::span<const LfhSlot> slots) {
  PageCount count;
  bool in_row = false;
  for (std::size_t i = 0; i < slots.size(); ++i) {
    const bool odd = contents[i] == SlotContent::kOdd;
    if (odd && !in_row && count.rows++ == 0) {
      count.first_odd = i;
      count.zero_before_odd = count.zero > 0;
    }
    in_row = odd;
    if (slots[i].busy) continue;
    if (odd) ++count.odd;
    if (contents[i] == SlotContent::kZero) ++count.zero;
    if (contents[i] == SlotContent::kHeader) ++count.with_header;
  }
  return count;
}

/// Old bytes of a page make odd slots of all that nobody had yet, a write only of a few behind one that somebody had.
bool IsBelieved(const PageCount& count, const std::vector<SlotContent>& contents, std::uint32_t block_size) {
  constexpr std::size_t kFewestZero = 3;
  constexpr std::size_t kLongestWrite = 512;  // bytes
  if (count.odd == 0 || count.rows > 1 || count.zero < std::max(kFewestZero, count.odd)) return false;
  if (count.odd > 1 && count.odd * block_size > kLongestWrite) return false;
  // Old bytes that begin with the page end in zeros, too.
  return count.zero_before_odd && contents[count.first_odd - 1] == SlotContent::kHeader;
}

/// The bytes around `at` are one fill or one text of either width: a write that ran over it.
bool OnePatternCrosses(ByteView page, std::size_t at) {
  constexpr std::size_t kEachSide = 8;
  if (at < kEachSide || at + kEachSide > page.size()) return false;
  const std::uint8_t* begin = page.data() + at - kEachSide;
  const std::uint8_t* end = page.data() + at + kEachSide;
  if (*begin != 0 && std::all_of(begin, end, [&](std::uint8_t byte) { return byte == *begin; })) return true;
  if (std::all_of(begin, end, IsPrintable)) return true;
  for (const std::uint8_t* p = begin; p < end; p += 2)
    if (!IsPrintable(p[0]) || p[1] != 0) return false;
  return true;
}

/// A write that goes on from a free slot into the header of one in use went through the free one's, too.
void BelieveWhatRunsIntoDamage(ByteView page, std::span<const LfhSlot> slots, const std::vector<SlotContent>& contents,
                               std::vector<ExpectedContent>& expected) {
  for (std::size_t i = slots.size(); i-- > 1;) {
    const bool damaged =
        contents[i] == SlotContent::kOdd && (slots[i].busy || expected[i] != ExpectedContent::kUnknown);
    const bool free_before = !slots[i - 1].busy && contents[i - 1] == SlotContent::kOdd;
    if (damaged && free_before && expected[i - 1] == ExpectedContent::kUnknown &&
        OnePatternCrosses(page, slots[i].offset % kPageSize))
      expected[i - 1] = ExpectedContent::kHeader;
  }
}

/// Nothing in the slot's second half: a write over its front would leave it so, what was there before hardly ever.
bool EndsInZeros(ByteView slot) { return IsZero({slot.data() + slot.size() / 2, slot.size() - slot.size() / 2}); }

}  // namespace

SlotContent ContentOf(ByteView page, const LfhSlot& slot, std::uint32_t block_size, const PoolHeaderLayout& layout) {
  const ByteView bytes = BytesOf(page, slot, block_size);
  if (!IsOddPoolHeader(layout.Decode(bytes.data()), block_size, layout)) return SlotContent::kHeader;
  return IsZero(bytes) ? SlotContent::kZero : SlotContent::kOdd;
}

std::vector<ExpectedContent> ExpectedOfOddSlots(ByteView page, std::span<const LfhSlot> slots, std::uint32_t block_size,
                                                const PoolHeaderLayout& layout) {
  std::vector<ExpectedContent> expected(slots.size(), ExpectedContent::kUnknown);
  std::vector<SlotContent> contents;
  contents.reserve(slots.size());
  for (const LfhSlot& slot : slots) contents.push_back(ContentOf(page, slot, block_size, layout));
  const PageCount count = Count(contents, slots);
  if (IsBelieved(count, contents, block_size)) {
    std::size_t last = count.first_odd;
    while (last + 1 < slots.size() && contents[last + 1] == SlotContent::kOdd) ++last;
    const bool were_zero = !slots[last].busy && EndsInZeros(BytesOf(page, slots[last], block_size));
    for (std::size_t i = count.first_odd; i <= last; ++i)
      if (!slots[i].busy) expected[i] = were_zero ? ExpectedContent::kZero : ExpectedContent::kHeader;
  }
  BelieveWhatRunsIntoDamage(page, slots, contents, expected);
  return expected;
}

}  // namespace poolblame

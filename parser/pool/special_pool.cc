#include "parser/pool/special_pool.h"

#include <algorithm>
#include <array>
#include <bit>

#include "parser/base/little_endian.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kPage = 4096;
constexpr std::uint32_t kFillByteAt = 2, kTagAt = 4;                          // in the header
constexpr std::uint32_t kSizeBytes = 0x3, kFillByte = 0x4, kTagBytes = 0xF0;  // masks of header bytes

// By bytes alone: 64 equal bytes beside a header that names them do not occur by chance, an eighth of them may be
// wrong, and no write that is not seen at once is longer than 128 bytes in our corpus.
constexpr std::uint32_t kLeastJudged = 64, kMostWrong = 128, kWrongShare = 8, kSoundBesideHeader = 16;
// Named by the bug check: half of it may be wrong, but two blocks of eight bytes must be there to say what it is.
constexpr std::uint32_t kLeastJudgedNamed = 8, kWrongShareNamed = 2;

std::uint32_t UnitOf(bool is_64bit) { return is_64bit ? 16 : 8; }

std::uint32_t CountOf(ByteView page, PageStretch stretch, std::uint8_t fill) {
  return static_cast<std::uint32_t>(std::count(page.begin() + stretch.begin, page.begin() + stretch.end, fill));
}

FillerDamage Compare(ByteView page, PageStretch stretch, std::uint8_t fill) {
  FillerDamage damage;
  for (std::uint32_t i = stretch.begin; i < stretch.end; ++i) {
    if (page[i] == fill) continue;
    if (!damage.any()) damage.begin = i;
    damage.end = i + 1;
    ++damage.wrong_bytes;
    damage.wrong_bits += static_cast<std::uint32_t>(std::popcount(static_cast<unsigned>(page[i] ^ fill)));
  }
  return damage;
}

/// The byte that most of the stretch is made of.
std::uint8_t CommonByte(ByteView page, PageStretch stretch) {
  std::array<std::uint32_t, 256> counts{};
  for (std::uint32_t i = stretch.begin; i < stretch.end; ++i) ++counts[page[i]];
  return static_cast<std::uint8_t>(std::max_element(counts.begin(), counts.end()) - counts.begin());
}

/// One page, one way to read it.
class Reading {
 public:
  Reading(ByteView page, bool is_64bit, const SpecialPoolLayout& layout, SpecialPoolMode mode)
      : page_(page), layout_(layout), unit_(UnitOf(is_64bit)) {
    block_.mode = mode;
    const std::uint32_t at = mode == SpecialPoolMode::kVerifyEnd ? 0 : kPage - unit_;
    block_.header = {at, at + unit_};
    block_.fill = page[at + kFillByteAt];
    block_.tag = PoolTag{page.TryRead<Le32>(at + kTagAt).value_or(Le32{})};
    const std::uint16_t word = page.TryRead<Le16>(at).value_or(Le16{});
    block_.requested = word & layout.size_mask;
    block_.paged = (word & layout.paged_flag) != 0;
    block_.tracked = (word & layout.tracked_flag) != 0;
    const std::uint32_t room = kPage - unit_ - (block_.tracked && mode == SpecialPoolMode::kVerifyEnd ? 8 : 0);
    const std::uint32_t known = static_cast<std::uint32_t>(layout.size_mask) | layout.paged_flag | layout.tracked_flag;
    if (block_.requested == 0 || block_.requested > room || (word & ~known) != 0) block_.damaged_header |= kSizeBytes;
    if (!block_.tag.plausible()) block_.damaged_header |= kTagBytes;
  }

  std::optional<SpecialPoolBlock> ByBytes() {
    if (block_.damaged_header != 0 || block_.fill == 0) return std::nullopt;
    Place();
    if (!SoundBesideHeader()) return std::nullopt;
    Measure();
    const std::uint32_t wrong = Wrong();
    if (Judged() < kLeastJudged || wrong > std::min(kMostWrong, Judged() / kWrongShare)) return std::nullopt;
    // A field that should be zero makes a sound page no worse, and a damaged one somebody else's.
    if (wrong > 0 && page_[block_.header.begin + 3] != 0) return std::nullopt;
    return block_;
  }

  std::optional<SpecialPoolBlock> Named() {
    if (block_.size_known())
      Place();
    else
      PlaceByFiller();
    TrustFiller();
    Measure();
    if (std::popcount(block_.damaged_header & (kFillByte | 0x11)) > 1) return std::nullopt;
    if (Judged() < kLeastJudgedNamed || Wrong() > Judged() / kWrongShareNamed) return std::nullopt;
    return block_;
  }

  [[nodiscard]] std::uint32_t Judged() const { return block_.filler.size() + block_.slop.size(); }

 private:
  [[nodiscard]] std::uint32_t Wrong() const {
    return block_.filler_damage.wrong_bytes + block_.slop_damage.wrong_bytes;
  }

  [[nodiscard]] std::uint32_t FillerBegin() const {
    const bool at_once = layout_.untracked_has_filler_at_once && !block_.tracked;
    return block_.header.end + (at_once ? 0 : kSpecialTrackedBytes);
  }

  void Place() {
    if (block_.mode == SpecialPoolMode::kVerifyStart) {
      block_.data = {0, block_.requested};
      block_.slop = {block_.requested, block_.header.begin};
      return;
    }
    const std::uint32_t begin = (kPage - block_.requested) & ~(unit_ - 1);
    block_.filler = {std::min(FillerBegin(), begin), begin};
    block_.data = {begin, begin + block_.requested};
    block_.slop = {block_.data.end, kPage};
  }

  /// The size is lost: the data begins where the filler ends.
  void PlaceByFiller() {
    block_.requested = 0;
    const std::uint8_t fill = block_.fill;
    if (block_.mode == SpecialPoolMode::kVerifyStart) {
      std::uint32_t end = block_.header.begin;
      while (end > 0 && page_[end - 1] == fill) --end;
      block_.data = {0, end};
      block_.slop = {end, block_.header.begin};
      return;
    }
    std::uint32_t begin = FillerBegin();
    while (begin < kPage && page_[begin] == fill) ++begin;
    begin = std::max(begin & ~(unit_ - 1), FillerBegin());
    block_.filler = {FillerBegin(), begin};
    block_.data = {begin, kPage};
    block_.slop = {kPage, kPage};
  }

  /// The header's filler byte is one byte, the filler itself is many.
  void TrustFiller() {
    const PageStretch& most = block_.mode == SpecialPoolMode::kVerifyEnd ? block_.filler : block_.slop;
    if (most.size() < kLeastJudgedNamed) return;
    const std::uint8_t common = CommonByte(page_, most);
    if (common == block_.fill || CountOf(page_, most, common) * 2 < most.size()) return;
    block_.fill = common;
    block_.damaged_header |= kFillByte;
  }

  [[nodiscard]] bool SoundBesideHeader() const {
    const bool first = block_.mode == SpecialPoolMode::kVerifyEnd;
    const PageStretch& most = first ? block_.filler : block_.slop;
    if (most.size() < kLeastJudged) return false;
    const std::uint32_t begin = first ? most.begin : most.end - kSoundBesideHeader;
    return CountOf(page_, {begin, begin + kSoundBesideHeader}, block_.fill) == kSoundBesideHeader;
  }

  void Measure() {
    block_.filler_damage = Compare(page_, block_.filler, block_.fill);
    block_.slop_damage = Compare(page_, block_.slop, block_.fill);
  }

  ByteView page_;
  const SpecialPoolLayout& layout_;
  std::uint32_t unit_;
  SpecialPoolBlock block_;
};

/// Of two readings the one with more filler in its place.
bool IsBetter(const SpecialPoolBlock& a, const SpecialPoolBlock& b) {
  const auto sound = [](const SpecialPoolBlock& block) {
    return block.filler.size() + block.slop.size() - block.filler_damage.wrong_bytes - block.slop_damage.wrong_bytes;
  };
  return sound(a) > sound(b);
}

}  // namespace

bool MayBeSpecialPool(const std::uint8_t* page, bool is_64bit) {
  const std::uint32_t unit = UnitOf(is_64bit);
  const auto filled = [page](std::uint32_t at, std::uint8_t fill) {
    return fill != 0 && page[at] == fill && page[at + 7] == fill;
  };
  return filled(unit + kSpecialTrackedBytes, page[kFillByteAt]) ||
         filled(kPage - unit - 8, page[kPage - unit + kFillByteAt]);
}

std::optional<SpecialPoolBlock> ReadSpecialPool(ByteView page, bool is_64bit, std::optional<std::uint32_t> build,
                                                SpecialPoolTrust trust) {
  if (page.size() != kPage) return std::nullopt;
  const SpecialPoolLayout& layout = SpecialPoolLayoutOf(build);
  std::optional<SpecialPoolBlock> best;
  for (const SpecialPoolMode mode : {SpecialPoolMode::kVerifyEnd, SpecialPoolMode::kVerifyStart}) {
    Reading reading(page, is_64bit, layout, mode);
    const auto block = trust == SpecialPoolTrust::kNamed ? reading.Named() : reading.ByBytes();
    if (block && (!best || IsBetter(*block, *best))) best = block;
  }
  return best;
}

bool GuardPageIsAbsent(const AddressSpace& space, VirtAddr page, SpecialPoolMode mode) {
  const VirtAddr guard = mode == SpecialPoolMode::kVerifyEnd ? page + kPageSize : page - kPageSize;
  return space.Page(guard).presence != Presence::kPresent;
}

std::optional<SpecialPoolPage> ReadSpecialPoolPage(const AddressSpace& space, const System& system, VirtAddr page,
                                                   SpecialPoolTrust trust) {
  SpecialPoolPage out;
  out.address = page.page();
  out.bytes = space.Page(page.page());
  out.is_64bit = space.machine() != Machine::kX86;
  if (out.bytes.presence != Presence::kPresent) return std::nullopt;
  const auto block = ReadSpecialPool(out.bytes.bytes, out.is_64bit, system.build, trust);
  if (!block) return std::nullopt;
  if (trust == SpecialPoolTrust::kByBytes && block->damaged() && !GuardPageIsAbsent(space, page.page(), block->mode))
    return std::nullopt;
  out.block = *block;
  return out;
}

}  // namespace poolblame

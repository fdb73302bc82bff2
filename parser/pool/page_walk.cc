#include "parser/pool/page_walk.h"

#include <cstring>

namespace poolblame {
namespace {

// Counts how often a value differs from the one most blocks have, with two candidates: enough to tell "one block
// differs" from "they all do as they like".
class Uniformity {
 public:
  void Add(std::uint32_t value) {
    if (count_[0] == 0 || value == value_[0]) {
      value_[0] = value;
      ++count_[0];
    } else if (count_[1] == 0 || value == value_[1]) {
      value_[1] = value;
      ++count_[1];
    } else {
      ++others_;
    }
  }
  /// `one` when a single block differs, `many` when more do, 0 when none does or there are too few to say.
  [[nodiscard]] std::uint16_t Judge(std::uint16_t one, std::uint16_t many) const {
    const std::uint32_t minority = (count_[0] < count_[1] ? count_[0] : count_[1]) + others_;
    const std::uint32_t total = count_[0] + count_[1] + others_;
    if (minority == 0 || total < 3) return 0;
    return minority == 1 ? one : many;
  }

 private:
  std::array<std::uint32_t, 2> value_{}, count_{};
  std::uint32_t others_ = 0;
};

struct Tally {
  Uniformity index, paged, session;
};

void NoteBlock(const QuickHeader& header, const HeaderReader& reader, PageWalk& walk, Tally& tally) {
  tally.index.Add(header.index);
  switch (header.state) {
    case BlockState::kFree:
      ++walk.free;
      return;
    case BlockState::kUnknown:
      walk.oddities |= kUnknownType;
      return;
    case BlockState::kAllocated:
      ++walk.allocated;
      break;
    default:
      ++walk.lookaside;
      break;
  }
  if (!TagIsPrintable(header.tag)) walk.oddities |= kOddTag;
  if ((header.type & kPoolTypeVerifier) != 0) walk.oddities |= kVerifierType;
  if (IsCacheAlignedPoolType(reader.layout(), static_cast<std::uint16_t>(header.type))) walk.oddities |= kAlignedType;
  tally.paged.Add(IsPagedPoolType(reader.layout(), static_cast<std::uint16_t>(header.type)) ? 1 : 0);
  tally.session.Add(header.type & kPoolTypeSession);
}

}  // namespace

bool IsZeroPage(const std::uint8_t* page) {
  for (std::uint32_t at = 0; at < kPoolPageBytes; at += 64) {
    std::uint64_t words[8];
    std::memcpy(words, page + at, sizeof(words));
    if ((words[0] | words[1] | words[2] | words[3] | words[4] | words[5] | words[6] | words[7]) != 0) return false;
  }
  return true;
}

PageWalk WalkPage(const std::uint8_t* page, const HeaderReader& reader) {
  PageWalk walk;
  Tally tally;
  const std::uint32_t end = reader.units_in_page();
  std::uint32_t previous = 0;
  bool after_free = false;
  for (std::uint32_t place = 0; place < end;) {
    const QuickHeader header = reader.At(page, place);
    if (header.previous != previous || header.size == 0 || header.size > end - place) return walk;
    if (place != 0) ++walk.links;
    ++walk.blocks;
    NoteBlock(header, reader, walk, tally);
    const bool is_free = header.state == BlockState::kFree;
    if (is_free && after_free) walk.oddities |= kFreeNeighbours;
    after_free = is_free;
    previous = header.size;
    place += header.size;
  }
  walk.closes = true;
  walk.oddities |= tally.index.Judge(kOneIndexDiffers, kManyIndicesDiffer);
  walk.oddities |= tally.paged.Judge(kOnePagedBitDiffers, kManyPagedBitsDiffer);
  walk.oddities |= tally.session.Judge(kOneSessionBitDiffers, kManySessionBitsDiffer);
  return walk;
}

bool IsHealthyWalk(const PageWalk& walk) {
  const bool odd = (walk.oddities & (kUnknownType | kOddTag)) != 0;
  return walk.closes && walk.blocks >= (odd ? 4 : 2) && walk.allocated + walk.lookaside > 0;
}

}  // namespace poolblame

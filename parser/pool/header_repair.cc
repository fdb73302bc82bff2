#include "parser/pool/header_repair.h"

#include <algorithm>
#include <array>
#include <bit>
#include <optional>
#include <set>

#include "parser/base/ascii.h"
#include "parser/pool/header_channel.h"

namespace poolblame {
namespace {

constexpr std::size_t kSymbols = 5;  // four bytes and the tag

struct PricedHeader {
  HeaderChannel channel;
  std::array<Match, 4> match{};
  std::array<Symbol, kSymbols> symbols{};
  std::array<bool, kSymbols> in_run{};
};

std::uint32_t PlaceAfter(const PageTiling& tiling, std::size_t i, const HeaderReader& reader) {
  return i + 1 < tiling.places.size() ? tiling.places[i + 1] : reader.units_in_page();
}

std::vector<PricedHeader> PriceHeaders(const std::uint8_t* page, const HeaderReader& reader, const PageProfile& profile,
                                       const ImageKnowledge& knowledge, const PageTiling& tiling) {
  std::vector<PricedHeader> headers;
  headers.reserve(tiling.places.size());
  std::uint32_t previous = 0;
  for (std::size_t i = 0; i < tiling.places.size(); ++i) {
    const std::uint32_t place = tiling.places[i];
    const std::uint32_t size = PlaceAfter(tiling, i, reader) - place;
    PricedHeader header{HeaderChannel(page, place, reader, profile, knowledge), {}, {}, {}};
    auto front = header.channel.MatchFront(previous);
    if (i == 0 && tiling.leading_tail) front = {Match::kUnknown, Match::kUnknown};
    const auto back = header.channel.MatchBack(size);
    header.match = {front[0], front[1], back[0], back[1]};
    for (std::uint32_t b = 0; b < 4; ++b) header.symbols[b] = header.channel.Byte(b, header.match[b]);
    header.symbols[4] = header.channel.Tag();
    headers.push_back(std::move(header));
    previous = size;
  }
  return headers;
}

// The cheapest way through all symbols of the page, in order; marks those inside a run.
void MarkRuns(const std::vector<std::uint32_t>& sizes, std::vector<PricedHeader>& headers) {
  constexpr std::size_t kSteps = kSymbols + 1;  // the symbols of a header, and the payload behind it
  std::vector<ChannelState> states;
  states.reserve(headers.size() * kSteps + 1);
  states.push_back({0, cost::kNever});
  for (std::size_t i = 0; i < headers.size(); ++i) {
    for (const Symbol& symbol : headers[i].symbols) states.push_back(Step(states.back(), symbol));
    states.push_back(Cross(states.back(), sizes[i]));
  }
  bool in_run = states.back()[1] < states.back()[0];
  for (std::size_t at = states.size() - 1; at > 0; --at) {
    PricedHeader& header = headers[(at - 1) / kSteps];
    const std::size_t s = (at - 1) % kSteps;
    const ChannelState& before = states[at - 1];
    const float price = s == kSymbols ? cost::kClose : cost::kCloseInside;
    const bool closed = !in_run && before[1] + price < before[0];
    if (s == kSymbols) {
      in_run = in_run || closed;
      continue;
    }
    header.in_run[s] = in_run;
    in_run = in_run ? before[1] < before[0] + header.symbols[s].open : closed;
  }
}

// The one candidate that is a single bit away, or nothing when there is none or more than one.
template <typename Candidates>
std::optional<std::uint32_t> OneBitAway(std::uint32_t value, const Candidates& candidates) {
  std::optional<std::uint32_t> found;
  for (const std::uint32_t candidate : candidates) {
    if (std::popcount(candidate ^ value) != 1) continue;
    if (found) return std::nullopt;
    found = candidate;
  }
  return found;
}

std::set<std::uint32_t> KnownTags(const PageProfile& profile, const ImageKnowledge& knowledge) {
  std::set<std::uint32_t> known;
  for (const auto& [tag, count] : profile.tags)
    if (TagIsPrintable(tag)) known.insert(tag);
  if (knowledge.tags == nullptr) return known;
  for (const auto& [tag, statistics] : *knowledge.tags)
    if (TagIsPrintable(tag.value)) known.insert(tag.value);
  return known;
}

class Repair {
 public:
  Repair(const HeaderReader& reader, const PageProfile& profile, const ImageKnowledge& knowledge)
      : reader_(reader), profile_(profile), knowledge_(knowledge) {}

  void Tag(const PricedHeader& header, PoolBlock& block) {
    if (!header.in_run[4]) return;
    const std::uint32_t tag = block.read.PoolTag;
    if (header.channel.header().state != BlockState::kFree || tag == PoolTag::kFree) {
      if (knowledge_.BlocksWithTag(tag) > 0 || profile_.OthersWithTag(tag, header.channel.place()) > 0) return;
    }
    const bool alone = !header.in_run[0] && !header.in_run[1] && !header.in_run[2] && !header.in_run[3];
    if (alone) {
      if (const auto mended = OneBitAway(tag, KnownTags(profile_, knowledge_))) {
        block.expected.PoolTag = *mended;
        return;
      }
    }
    block.tag_known = false;
    for (std::uint32_t i = 0; i < 4; ++i) {
      const std::uint8_t c = static_cast<std::uint8_t>(tag >> (8 * i)) & (i == 3 ? 0x7F : 0xFF);
      (IsPrintable(c) ? block.doubtful_bytes : block.damaged_bytes) |= 1U << (4 + i);
    }
  }

  /// A type that the page does not allow, one bit from one that it has, in front of a printable tag: the run need not
  /// go on into the tag, even where nothing else vouches for that.
  [[nodiscard]] bool OnlyTypeFlipped(const PricedHeader& header) const {
    if (!header.in_run[3] || header.in_run[0] || header.in_run[1] || header.in_run[2]) return false;
    const QuickHeader& read = header.channel.header();
    if (header.channel.type_fits() || !TagIsPrintable(read.tag)) return false;
    return LikeliestNear(read.type).has_value() || (read.tag == PoolTag::kFree && std::has_single_bit(read.type));
  }

  void Type(const PricedHeader& header, PoolBlock& block) {
    block.state = header.channel.header().state;
    if (!header.in_run[3]) return;
    const bool alone = !header.in_run[2] && !header.in_run[4];
    if (header.channel.type_fits() && header.match[3] == Match::kEqual) {
      // Legal by luck or because the run spared it: nobody can tell from this byte.
      if (header.in_run[2] && header.in_run[4]) SetUnknownType(block);
      return;
    }
    const std::uint32_t read = block.read.PoolType;
    if (header.channel.type_fits() && !reader_.layout().is_64bit) return;  // x86: only BlockSize's ninth bit differs
    if (!header.in_run[4] && block.read.PoolTag == PoolTag::kFree) {
      Mend(0, block);
    } else if (const auto near = alone ? Near(read) : std::nullopt) {
      Mend(near->type, block);
      if (!near->state_known) block.state = BlockState::kUnknown;
    } else {
      SetUnknownType(block);
    }
  }

 private:
  void Mend(std::uint32_t type, PoolBlock& block) {
    block.expected.PoolType = static_cast<std::uint16_t>(type);
    block.state = reader_.StateOf(type);
  }
  // The best guess for the picture: what most blocks of this page are. The state stays unknown.
  void SetUnknownType(PoolBlock& block) {
    if (const auto common = profile_.CommonAllocatedType(reader_))
      block.expected.PoolType = static_cast<std::uint16_t>(*common);
    block.state = BlockState::kUnknown;
    block.doubtful_bytes |= 1U << 3;
  }
  struct NearType {
    std::uint32_t type = 0;
    bool state_known = false;  // no other type as good means another state
  };
  [[nodiscard]] std::optional<NearType> Near(std::uint32_t read) const {
    const auto seen = LikeliestNear(read);
    return seen ? seen : LegalNear(read);
  }
  // The type one bit away that most vouched blocks of the page have.
  [[nodiscard]] std::optional<NearType> LikeliestNear(std::uint32_t read) const {
    return BestNear(read, [this](std::uint32_t type) -> std::uint32_t { return profile_.type_votes[type]; });
  }
  // The same among types that the page's pool allows, busy ones first: for a page of few blocks.
  [[nodiscard]] std::optional<NearType> LegalNear(std::uint32_t read) const {
    return BestNear(read,
                    [this](std::uint32_t type) { return reader_.StateOf(type) == BlockState::kAllocated ? 2U : 1U; });
  }
  template <typename Votes>
  [[nodiscard]] std::optional<NearType> BestNear(std::uint32_t read, const Votes& votes) const {
    std::optional<NearType> best;
    std::uint32_t most = 0;
    for (std::uint32_t bit = 0; bit < 8; ++bit) {
      const std::uint32_t type = (read ^ 1U << bit) & 0xFF;
      const std::uint32_t count = votes(type);
      if (count == 0 || !profile_.FitsType(type, reader_)) continue;
      const bool agrees = !best || (best->state_known && reader_.StateOf(best->type) == reader_.StateOf(type));
      if (count > most) best = NearType{type, agrees};
      best->state_known = agrees;
      most = std::max(most, count);
    }
    return best;
  }

  const HeaderReader& reader_;
  const PageProfile& profile_;
  const ImageKnowledge& knowledge_;
};

// Sizes and index follow from the tiling and the page.
void ExpectSizes(const PricedHeader& header, const PageProfile& profile, bool leading, PoolBlock& block,
                 std::uint32_t unit) {
  if (!leading) block.expected.PreviousSize = static_cast<std::uint16_t>(block.previous_size / unit);
  block.expected.BlockSize = static_cast<std::uint16_t>(block.size / unit);
  if (header.in_run[1]) {
    if (profile.index)
      block.expected.PoolIndex = static_cast<std::uint16_t>(*profile.index);
    else if (header.match[1] != Match::kEqual)
      block.doubtful_bytes |= 1U << 1;
  }
}

// Bytes that differ between what was read and what must have been; a byte that is wrong is not doubtful.
void CompareBytes(const PoolHeaderLayout& layout, const std::uint8_t* as_read, PoolBlock& block) {
  std::array<std::uint8_t, 16> expected{};
  layout.Encode(block.expected, expected.data());
  for (std::uint32_t i = 0; i < layout.header_size; ++i)
    if (expected[i] != as_read[i]) block.damaged_bytes |= 1U << i;
  block.doubtful_bytes &= ~block.damaged_bytes;
}

}  // namespace

std::vector<PoolBlock> RepairHeaders(const std::uint8_t* page, const HeaderReader& reader, const PageProfile& profile,
                                     const ImageKnowledge& knowledge, const PageTiling& tiling) {
  auto headers = PriceHeaders(page, reader, profile, knowledge, tiling);
  std::vector<std::uint32_t> sizes;
  for (std::size_t i = 0; i < headers.size(); ++i)
    sizes.push_back((PlaceAfter(tiling, i, reader) - tiling.places[i]) * reader.unit());
  MarkRuns(sizes, headers);
  Repair repair(reader, profile, knowledge);
  const std::uint32_t unit = reader.unit();
  std::vector<PoolBlock> blocks;
  blocks.reserve(headers.size());
  std::uint32_t previous = 0;
  for (std::size_t i = 0; i < headers.size(); ++i) {
    PricedHeader& header = headers[i];
    if (repair.OnlyTypeFlipped(header)) header.in_run[4] = false;
    PoolBlock block;
    block.offset = tiling.places[i] * unit;
    block.size = PlaceAfter(tiling, i, reader) * unit - block.offset;
    const bool leading = i == 0 && tiling.leading_tail;
    block.read = block.expected = reader.layout().Decode(page + block.offset);
    block.previous_size = leading ? block.read.PreviousSize * unit : previous;
    ExpectSizes(header, profile, leading, block, unit);
    repair.Type(header, block);
    repair.Tag(header, block);
    // A run that goes on behind the tag covers ProcessBilled, whose true value nobody knows.
    if (reader.layout().is_64bit && header.in_run[4]) block.doubtful_bytes |= 0xFF00;
    CompareBytes(reader.layout(), page + block.offset, block);
    blocks.push_back(block);
    previous = block.size;
  }
  return blocks;
}

}  // namespace poolblame

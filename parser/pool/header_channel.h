// The noisy channel for one header: is each byte clean or inside a run of damage, and what does that cost? Shared by
// the search for boundaries (page_tiling.h) and the reading of the result (header_repair.h), so that both mean the
// same by "damaged".
#pragma once

#include <array>
#include <cstdint>

#include "parser/pool/damage_costs.h"
#include "parser/pool/page_profile.h"

namespace poolblame {

/// How a byte as read compares with what it must have been.
enum class Match { kEqual, kDiffers, kUnknown };

/// Cost of having arrived clean [0], and inside a run [1].
using ChannelState = std::array<float, 2>;

/// One byte, or the tag as one symbol: its price when clean and when in a run, and the price of opening a run here.
struct Symbol {
  float clean = 0;
  float damaged = 0;
  float open = cost::kOpenInside;
};

/// The next state of the channel.
constexpr ChannelState Step(const ChannelState& in, const Symbol& symbol) {
  const float stay_clean = in[0] < in[1] + cost::kCloseInside ? in[0] : in[1] + cost::kCloseInside;
  const float in_run = in[1] < in[0] + symbol.open ? in[1] : in[0] + symbol.open;
  return {stay_clean + symbol.clean, in_run + symbol.damaged};
}

/// The channel on its way through `bytes` of payload to the next header: a run may end, or go on at its price.
constexpr ChannelState Cross(const ChannelState& in, std::uint32_t bytes) {
  const float closed = in[1] + cost::kClose;
  return {in[0] < closed ? in[0] : closed, in[1] + cost::kPayloadByte * static_cast<float>(bytes)};
}

/// The first four bytes and the tag of the header at one place, priced. Byte 0 and 1 depend on the size of the block
/// before, byte 2 and 3 on the block's own size.
class HeaderChannel {
 public:
  HeaderChannel(const std::uint8_t* page, std::uint32_t place, const HeaderReader& reader, const PageProfile& profile,
                const ImageKnowledge& knowledge);

  [[nodiscard]] std::uint32_t place() const { return place_; }
  [[nodiscard]] const QuickHeader& header() const { return header_; }
  [[nodiscard]] bool type_fits() const { return type_fits_; }
  /// `previous` and `size` in units.
  [[nodiscard]] std::array<Match, 2> MatchFront(std::uint32_t previous) const;
  [[nodiscard]] std::array<Match, 2> MatchBack(std::uint32_t size) const;
  [[nodiscard]] Symbol Byte(std::uint32_t i, Match match) const;
  [[nodiscard]] const Symbol& Tag() const { return tag_; }

 private:
  std::uint32_t place_;
  QuickHeader header_;
  std::array<std::uint8_t, 4> bytes_{};
  bool is_64bit_ = false;
  bool type_fits_ = false;
  Match index_match_ = Match::kUnknown;
  float type_cost_ = 0;
  Symbol tag_;
};

}  // namespace poolblame

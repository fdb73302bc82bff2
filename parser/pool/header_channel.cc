#include "parser/pool/header_channel.h"

namespace poolblame {
namespace {

Symbol PriceTag(const QuickHeader& header, std::uint32_t place, const PageProfile& profile,
                const ImageKnowledge& knowledge) {
  Symbol tag;
  tag.damaged = 4 * cost::kByte;
  if (header.state == BlockState::kFree) {
    // A free block's tag may be the last owner's, `Free`, or whatever lay there: it proves nothing, except `Free`.
    if (header.tag == PoolTag::kFree) tag.damaged += cost::kTagKnownInRun;
    return tag;
  }
  const bool printable = TagIsPrintable(header.tag);
  if (profile.OthersWithTag(header.tag, place) > 0 || knowledge.BlocksWithTag(header.tag) >= (printable ? 1U : 2U)) {
    tag.damaged += cost::kTagKnownInRun;
  } else if (printable) {
    tag.clean = cost::kTagUnseen;
    tag.damaged += cost::kTagPrintableInRun;
  } else {
    tag.clean = knowledge.trust.tags_printable ? cost::kTagNeverOdd : cost::kTagOdd;
  }
  return tag;
}

}  // namespace

HeaderChannel::HeaderChannel(const std::uint8_t* page, std::uint32_t place, const HeaderReader& reader,
                             const PageProfile& profile, const ImageKnowledge& knowledge)
    : place_(place), header_(reader.At(page, place)), is_64bit_(reader.layout().is_64bit) {
  const std::uint8_t* bytes = page + place * reader.unit();
  for (std::uint32_t i = 0; i < 4; ++i) bytes_[i] = bytes[i];
  type_fits_ = profile.FitsType(header_.type, reader);
  if (profile.index) index_match_ = header_.index == *profile.index ? Match::kEqual : Match::kDiffers;
  if (profile.vouched >= 3 && profile.type_votes[header_.type & 0xFF] == 0) type_cost_ = cost::kTypeUnseen;
  tag_ = PriceTag(header_, place, profile, knowledge);
}

std::array<Match, 2> HeaderChannel::MatchFront(std::uint32_t previous) const {
  if (is_64bit_) return {header_.previous == previous ? Match::kEqual : Match::kDiffers, index_match_};
  const bool low = ((header_.previous ^ previous) & 0xFF) == 0;
  const bool high = ((header_.previous ^ previous) & 0x100) == 0;
  return {low ? Match::kEqual : Match::kDiffers, high ? index_match_ : Match::kDiffers};
}

std::array<Match, 2> HeaderChannel::MatchBack(std::uint32_t size) const {
  const bool low = ((header_.size ^ size) & 0xFF) == 0;
  const bool high = is_64bit_ || ((header_.size ^ size) & 0x100) == 0;
  return {low ? Match::kEqual : Match::kDiffers, high && type_fits_ ? Match::kEqual : Match::kDiffers};
}

Symbol HeaderChannel::Byte(std::uint32_t i, Match match) const {
  Symbol symbol;
  symbol.open = i == 0 ? cost::kOpenAtStart : cost::kOpenInside;
  symbol.clean = match == Match::kDiffers ? cost::kNever : i == 3 ? type_cost_ : 0;
  symbol.damaged = cost::kByte;
  if (match != Match::kEqual) return symbol;
  if (i == 3 && type_cost_ > 0)
    symbol.damaged += cost::kLegalType;
  else
    symbol.damaged += bytes_[i] == 0 ? cost::kEqualZero : cost::kEqualOther;
  return symbol;
}

}  // namespace poolblame

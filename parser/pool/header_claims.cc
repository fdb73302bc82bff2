#include "parser/pool/header_claims.h"

#include <algorithm>
#include <utility>

#include "parser/pool/damage_costs.h"

namespace poolblame {
namespace {

class ClaimFinder {
 public:
  ClaimFinder(const std::uint8_t* page, const HeaderReader& reader) : page_(page), reader_(reader) {
    for (std::uint32_t place = 0; place < reader.units_in_page(); ++place) {
      const QuickHeader header = reader.At(page, place);
      if (!reader.LooksLikeBlock(header, place)) continue;
      if (header.previous != 0 && header.previous <= place) Backward(place, header);
      Forward(place, header);
    }
    std::sort(claims_.begin(), claims_.end(), [](const Claim& x, const Claim& y) { return x.from < y.from; });
  }
  [[nodiscard]] std::vector<Claim> Take() { return std::move(claims_); }

 private:
  static bool Busy(const QuickHeader& header) { return header.state == BlockState::kAllocated; }

  // A header's word about a place where nothing looks like a header counts only if another header vouches for it:
  // text is full of words.
  [[nodiscard]] bool AgreesAhead(std::uint32_t place, const QuickHeader& header) const {
    const std::uint32_t next = place + header.size;
    return next == reader_.units_in_page() || reader_.At(page_, next).previous == header.size;
  }
  [[nodiscard]] bool AgreesBehind(std::uint32_t place, const QuickHeader& header) const {
    if (header.previous == 0) return place == 0;
    return header.previous <= place && reader_.At(page_, place - header.previous).size == header.previous;
  }

  // PreviousSize, where the block it names does not say the same: if it does, that block's Forward has it.
  void Backward(std::uint32_t place, const QuickHeader& header) {
    const std::uint32_t before = place - header.previous;
    const QuickHeader claimed = reader_.At(page_, before);
    const bool block = reader_.LooksLikeBlock(claimed, before);
    if (block && claimed.size == header.previous) return;
    if (block)
      claims_.push_back({before, place, cost::kDeniedClaim});
    else if (AgreesAhead(place, header))
      claims_.push_back({before, place, cost::kDeniedClaimOnNothing});
  }

  void Forward(std::uint32_t place, const QuickHeader& header) {
    const std::uint32_t next = place + header.size;
    if (next == reader_.units_in_page()) {
      claims_.push_back({place, next, Busy(header) ? cost::kDeniedClaim : cost::kDeniedFreedLink});
      return;
    }
    const QuickHeader answer = reader_.At(page_, next);
    // The answering header may be damaged behind its PreviousSize.
    const bool header_like = answer.state != BlockState::kUnknown || TagIsPrintable(answer.tag);
    if (answer.previous == header.size && header_like) {
      claims_.push_back({place, next, Busy(header) || Busy(answer) ? cost::kDeniedLink : cost::kDeniedFreedLink});
    } else {
      if (reader_.LooksLikeBlock(answer, next))
        claims_.push_back({place, next, cost::kDeniedClaim});
      else if (AgreesBehind(place, header))
        claims_.push_back({place, next, cost::kDeniedClaimOnNothing});
    }
  }

  const std::uint8_t* page_;
  const HeaderReader& reader_;
  std::vector<Claim> claims_;
};

}  // namespace

std::vector<Claim> FindClaims(const std::uint8_t* page, const HeaderReader& reader) {
  return ClaimFinder(page, reader).Take();
}

}  // namespace poolblame

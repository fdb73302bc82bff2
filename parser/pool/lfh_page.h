// The pages of one LFH subsegment in the form of every pool page: a slot is a block with a POOL_HEADER alone.
#pragma once

#include <span>

#include "parser/pool/lfh_free_slots.h"
#include "parser/pool/segment_block_check.h"

namespace poolblame {

class LfhPages {
 public:
  /// `subsegment` must outlive it. Cost: all slots once, to learn whether its free ones are to be believed.
  LfhPages(const SegmentPageSource& source, const LfhSubsegment& subsegment);

  /// The page that begins at `offset` of the subsegment; nothing when it is not there.
  [[nodiscard]] std::optional<PoolPage> Of(std::uint32_t offset) const;

 private:
  [[nodiscard]] std::span<const LfhSlot> SlotsOn(std::uint32_t offset) const;
  [[nodiscard]] PoolBlock BlockOf(ByteView page, const LfhSlot& slot, ExpectedContent expected) const;
  [[nodiscard]] bool FreedSlotsAreBelieved() const;
  [[nodiscard]] bool LostItsFront(const PoolHeaderFields& header) const;
  [[nodiscard]] bool HoldsOldMemory(const PoolHeaderFields& header, ByteView bytes) const;
  [[nodiscard]] bool IsBelieved(ByteView page, const LfhSlot& slot, const PoolHeaderFields& header) const;

  SegmentPageSource source_;
  const LfhSubsegment& subsegment_;
  bool freed_believed_;
};

}  // namespace poolblame

#include "samples/tag_life.h"

#include "samples/tag_population.h"

namespace poolblame::samples {
namespace {

// Of a hundred operations of everybody else:
constexpr std::uint64_t kLeaks = 6, kBusy = 30, kCached = 15;
constexpr std::size_t kBusyAtOnce = 6;

std::optional<std::uint16_t> ModelOf(const std::string& tag) {
  for (std::uint16_t model = 0; model < Tags().size(); ++model)
    if (tag == Tags()[model].tag) return model;
  return std::nullopt;
}

}  // namespace

TagLife::TagLife(const TagHabits& habits, std::uint64_t seed)
    : leak_(ModelOf(habits.leak)),
      busy_(ModelOf(habits.busy)),
      cache_(ModelOf(habits.cache)),
      random_(MixSeed(seed, 0x11FE)) {}

BlockRef TagLife::Oldest(std::deque<BlockRef>& blocks) {
  const BlockRef oldest = blocks.front();
  blocks.pop_front();
  owned_.erase(oldest.header);
  return oldest;
}

TagStep TagLife::Next() {
  TagStep step;
  const std::uint64_t draw = random_.Below(100);
  if (draw < kLeaks) {
    step.allocate = leak_;
  } else if (draw < kLeaks + kBusy && busy_) {
    step.allocate = busy_;
    if (busy_blocks_.size() >= kBusyAtOnce) step.release = Oldest(busy_blocks_);
  } else if (draw >= kLeaks + kBusy && draw < kLeaks + kBusy + kCached && cache_) {
    step.allocate = cache_;
    if (!cache_blocks_.empty() && random_.Below(3) < 2) step.release = Oldest(cache_blocks_);
  }
  return step;
}

void TagLife::Own(std::uint16_t model, const BlockRef& block) {
  owned_.insert(block.header);
  if (model == busy_) busy_blocks_.push_back(block);
  if (model == cache_) cache_blocks_.push_back(block);
}

}  // namespace poolblame::samples

#include "samples/heap_space.h"

#include <algorithm>

namespace poolblame::samples {
bool HeapSpace::BackPage(std::uint64_t va) {
  if (spare_frames_.empty()) return memory.MapNew(va);
  memory.Map(va, spare_frames_.back());
  spare_frames_.pop_back();
  return true;
}

std::uint32_t HeapSpace::Uncommitted(std::uint64_t begin, std::uint64_t end) const {
  std::uint32_t count = 0;
  for (std::uint64_t va = PageOf(begin); va < end; va += kPage) count += memory.Mapped(va) ? 0U : 1U;
  return count;
}

bool HeapSpace::Commit(std::uint64_t begin, std::uint64_t end) {
  const std::uint64_t wanted = Uncommitted(begin, end);
  if (used_pages + wanted > max_pages || spare_frames_.size() + memory.free_frames() < wanted) {
    refused = true;
    return false;
  }
  for (std::uint64_t va = PageOf(begin); va < end; va += kPage) {
    if (!memory.Mapped(va)) BackPage(va);
  }
  used_pages += wanted;
  return true;
}

void HeapSpace::Decommit(std::uint64_t begin, std::uint64_t end) {
  for (std::uint64_t va = PageOf(begin); va < end; va += kPage) {
    if (!memory.Mapped(va)) continue;
    if (random.Chance(70) || stale_frames_ >= max_pages / 8) {
      spare_frames_.push_back(memory.FrameOf(va));
    } else {
      ++stale_frames_;
    }
    memory.Unmap(va);
    --used_pages;
  }
}

bool HeapSpace::Sound(std::uint64_t va, std::uint64_t size) const {
  return std::none_of(damage.begin(), damage.end(), [&](const VaRange& r) { return r.Overlaps(va, size); });
}

void HeapSpace::Put64(std::uint64_t va, std::uint64_t value) {
  if (Sound(va, 8)) memory.Write64(va, value);
}

void HeapSpace::LinkRing(std::uint64_t head, const std::vector<std::uint64_t>& entries, bool encoded) {
  const auto put = [&](std::uint64_t at, std::uint64_t target) { Put64(at, encoded ? target ^ at : target); };
  std::uint64_t previous = head;
  for (const std::uint64_t entry : entries) {
    put(previous, entry);
    put(entry + 8, previous);
    previous = entry;
  }
  put(previous, head);
  put(head + 8, previous);
}

}  // namespace poolblame::samples

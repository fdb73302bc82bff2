// The low-fragmentation part of a segment heap: subsegments of equal slots without headers of their own, a bitmap of
// those in use, a random free one for every request. A freed slot keeps all its bytes.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <vector>

#include "samples/heap_segments.h"
#include "samples/heap_space.h"

namespace poolblame::samples {

class LfhBackend {
 public:
  LfhBackend(HeapSpace& space, HeapSegments& segments);

  /// A slot for `bytes` of POOL_HEADER and payload, from a bucket that has become active; nullopt sends the request to
  /// the VS backend.
  std::optional<std::uint64_t> Allocate(std::uint32_t bytes);
  bool Free(std::uint64_t slot);
  [[nodiscard]] bool CanFree(std::uint64_t slot) const;
  /// Writes the lists of subsegments.
  void Settle();
  /// First slot and end of the subsegment that holds `va`.
  [[nodiscard]] std::optional<VaRange> SlotsAround(std::uint64_t va) const;
  [[nodiscard]] bool IsHeaderByte(std::uint64_t va) const;

 private:
  struct Subsegment {
    std::uint64_t end = 0;
    std::uint32_t bucket = 0;  // slots of 16 * bucket bytes
    std::uint32_t first = 0;   // offset of the first slot
    std::uint32_t count = 0;
    std::uint32_t free = 0;
  };
  using Entry = std::pair<const std::uint64_t, Subsegment>;

  std::optional<std::uint64_t> TakeSlot(Entry& entry);
  bool AddSubsegment(std::uint32_t bucket);
  void WriteHeader(const Entry& entry);
  void SetBusy(Entry& entry, std::uint32_t index, bool busy);
  void WriteOwner(std::uint32_t bucket);
  [[nodiscard]] bool Straddles(const Entry& entry, std::uint32_t index) const;
  [[nodiscard]] const Entry* Around(std::uint64_t va) const;
  [[nodiscard]] std::uint64_t OwnerAt(std::uint32_t bucket) const;
  [[nodiscard]] std::uint64_t Context() const { return space_.heap + space_.layout.lfh_context_at; }

  HeapSpace& space_;
  HeapSegments& segments_;
  std::map<std::uint64_t, Subsegment> subsegments_;
  std::vector<std::uint32_t> requests_;  // by bucket, until it is active
};

}  // namespace poolblame::samples

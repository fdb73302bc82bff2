// C2: the block itself says that it holds more than it can: a UNICODE_STRING whose buffer lies in the block and whose
// Length runs over its end; a count and a length in bytes of the records that go on over its end; an MDL for more pages
// than it has room for. Random dwords pass such tests, so two fields have to agree with each other.
#include <algorithm>
#include <optional>
#include <string>
#include <utility>

#include "heuristics/content.h"
#include "heuristics/siblings.h"
#include "heuristics/signals/signals.h"

namespace poolblame {
namespace {

struct Claim {
  std::size_t offset = 0;  // in the payload
  std::string text;
};

/// `begin` is the address of the payload.
std::optional<Claim> OverlongString(Bytes payload, std::uint64_t begin, std::uint32_t pointer) {
  constexpr std::uint64_t kLongestString = 0x1000;  // a page: what a pool block can be asked to hold
  const std::uint64_t end = begin + payload.size();
  for (std::size_t i = 0; i + 2 * pointer <= payload.size(); i += pointer) {
    const std::uint64_t length = WordAt(payload.subspan(i), 2), maximum = WordAt(payload.subspan(i + 2), 2);
    const std::uint64_t buffer = WordAt(payload.subspan(i + pointer), pointer);
    const bool counts = length % 2 == 0 && maximum >= length && maximum - length <= 2 && length < kLongestString;
    if (!counts || buffer < begin || buffer >= end || length <= end - buffer) continue;
    return Claim{i, "a UNICODE_STRING in this block says " + std::to_string(length) + " bytes where only " +
                        std::to_string(end - buffer) + " fit"};
  }
  return std::nullopt;
}

/// A number of records in front of the block, and their length in bytes beside it, which is more than there is room.
std::optional<Claim> TooManyRecords(Bytes payload, std::uint32_t record) {
  constexpr std::size_t kFront = 64;  // fields stand in front
  constexpr std::uint64_t kFewest = 3, kMost = 0x1000;
  const std::size_t end = std::min(kFront, payload.size() & ~std::size_t{3});
  for (std::size_t i = 0; i + 4 <= end; i += 4) {
    const std::uint64_t count = WordAt(payload.subspan(i), 4), bytes = count * record;
    if (count < kFewest || count > kMost || bytes <= payload.size() - (i + 4)) continue;
    for (std::size_t j = 0; j + 4 <= end; j += 4)
      if (j != i && WordAt(payload.subspan(j), 4) == bytes)
        return Claim{i, "this block counts " + std::to_string(count) + " records of " + std::to_string(record) +
                            " bytes, which are more than it holds"};
  }
  return std::nullopt;
}

/// Offsets of an MDL's fields; its page frame numbers follow it, a pointer each. Source: wdm.h.
struct MdlLayout {
  std::uint32_t size, start_va, byte_count, byte_offset, bytes;
};
constexpr MdlLayout kMdl64{0x8, 0x20, 0x28, 0x2C, 0x30}, kMdl32{0x4, 0x10, 0x14, 0x18, 0x1C};

std::optional<Claim> TooLongMdl(Bytes payload, std::uint32_t pointer) {
  const MdlLayout& mdl = pointer == 8 ? kMdl64 : kMdl32;
  if (payload.size() < mdl.bytes) return std::nullopt;
  const std::uint64_t size = WordAt(payload.subspan(mdl.size), 2),
                      start = WordAt(payload.subspan(mdl.start_va), pointer);
  const std::uint64_t count = WordAt(payload.subspan(mdl.byte_count), 4);
  const std::uint64_t offset = WordAt(payload.subspan(mdl.byte_offset), 4);
  if (count == 0 || offset >= kPageSize || start % kPageSize != 0) return std::nullopt;
  const std::uint64_t pages = (offset + count + kPageSize - 1) / kPageSize;
  if (size != mdl.bytes + pages * pointer || size <= payload.size()) return std::nullopt;
  return Claim{mdl.size, "the MDL in this block describes " + std::to_string(pages) + " pages and needs " +
                             std::to_string(size) + " bytes, where only " + std::to_string(payload.size()) + " fit"};
}

}  // namespace

void VoteCountOverCapacity(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  if (h.kind != FaultKind::kOverrun || !h.block || !scene.shows_damage()) return;
  const Bytes payload = PayloadOf(scene, *h.block);
  const std::uint64_t begin = scene.AddressOf(scene.blocks[*h.block].payload());
  auto claim = OverlongString(payload, begin, scene.pointer_size());
  if (!claim) claim = TooLongMdl(payload, scene.pointer_size());
  if (!claim) {
    constexpr std::uint32_t kSmallestRecord = 8;
    const Bytes behind = Bytes(scene.bytes).subspan(h.write_begin, std::min(h.write_end - h.write_begin, kMaxLag));
    const Continuation c = FindContinuation(payload, behind);
    if (c.score > 0 && c.lag > kSmallestRecord) claim = TooManyRecords(payload, c.lag);
  }
  if (claim) votes.push_back({Weight::kCountOverCapacity, 1, begin + claim->offset, std::move(claim->text)});
}

}  // namespace poolblame

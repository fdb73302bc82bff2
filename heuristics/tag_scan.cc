#include "heuristics/tag_scan.h"

#include <algorithm>
#include <bit>
#include <cstdint>
#include <optional>

#include "heuristics/content.h"
#include "heuristics/incidents.h"
#include "heuristics/marked_header.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kTagOffset = 4;  // of PoolTag in every layout

/// The payload of a sample, its list pointers left out where it is not allocated.
struct Front {
  Bytes payload;
  std::size_t first = 0;  // bytes that the owner wrote start here
};

Front FrontOf(const BlockSample& sample, const PoolHeaderLayout& layout) {
  constexpr std::size_t kFront = 64;  // fields stand in front; what follows is mostly data
  const std::size_t size = std::min<std::size_t>(sample.size - layout.header_size, kFront);
  const std::size_t pointer = layout.is_64bit ? 8 : 4;
  return {Bytes(sample.header + layout.header_size, size), sample.state == BlockState::kAllocated ? 0 : pointer};
}

/// The word of `payload` that holds byte `i` is a kernel pointer: all pointers share their upper bytes.
bool InPointer(Bytes payload, std::size_t i, std::uint32_t size) {
  const std::size_t word = i / size * size;
  return word + size <= payload.size() && LooksLikeKernelPointer(WordAt(payload.subspan(word), size), size);
}

/// Bytes that all of the tag's blocks, whatever their size, have at the same place and this block has, too; nothing
/// where it has one of them otherwise, or where too few blocks are known. Zeros, -1 and pointers are everybody's.
std::optional<std::uint32_t> SharedConstants(const BlockSample& block, const TagStatistics& tag,
                                             const PoolHeaderLayout& layout) {
  constexpr std::size_t kFewestSiblings = 5;
  const Front own = FrontOf(block, layout);
  std::uint32_t shared = 0;
  for (std::size_t i = own.first; i < own.payload.size(); ++i) {
    std::optional<std::uint8_t> value;
    std::size_t siblings = 0;
    bool constant = true;
    for (const BlockSample& sample : tag.samples) {
      if (sample.state != BlockState::kAllocated || sample.size <= layout.header_size + i) continue;
      const std::uint8_t byte = sample.header[layout.header_size + i];
      constant = constant && (!value || *value == byte);
      if (!constant) break;
      value = byte;
      ++siblings;
    }
    if (!constant || siblings < kFewestSiblings) continue;
    const std::uint8_t here = own.payload[i];
    if (here != *value) return std::nullopt;
    if (here != 0 && here != 0xFF && !InPointer(own.payload, i, layout.is_64bit ? 8 : 4)) ++shared;
  }
  return shared;
}

bool IsWordCharacter(std::uint32_t c) {
  return (c >= '0' && c <= '9') || (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || c == ' ';
}

/// The flip turned a letter, digit or space into something that tags are hardly ever spelled with.
bool IsMisspelt(PoolTag tag, PoolTag candidate, std::uint32_t bit) {
  const std::uint32_t shift = bit / 8 * 8;
  return !IsWordCharacter(tag.value >> shift & 0xFF) && IsWordCharacter(candidate.value >> shift & 0xFF);
}

/// The tag one bit away that this only block of `tag` must have had.
std::optional<PoolTag> TagItMustHaveBeen(PoolTag tag, const BlockSample& block, const PoolCensus& census) {
  constexpr std::uint64_t kFewestBlocks = 4;     // of the other tag
  constexpr std::uint32_t kFewestConstants = 4;  // one chance in 2^32
  for (std::uint32_t bit = 0; bit < 31; ++bit) {
    const PoolTag candidate{tag.value ^ (1U << bit)};
    const TagStatistics* other = census.Tag(candidate);
    if (other == nullptr) continue;
    if (block.state == BlockState::kFree) {
      if (candidate.value == PoolTag::kFree && other->free >= kFewestBlocks) return candidate;
      continue;
    }
    if (other->allocated < kFewestBlocks || TagDatabase::IsGeneric(candidate)) continue;
    const auto shared = SharedConstants(block, *other, *census.layout);
    if (shared && (*shared >= kFewestConstants || IsMisspelt(tag, candidate, bit))) return candidate;
  }
  return std::nullopt;
}

enum class RunPattern { kNone, kFill, kWideText };

/// What the bytes from the tag's last letter on are: nine bytes of one pattern are no tag and what happens to follow.
RunPattern PatternBehind(Bytes last_letter_on) {
  constexpr std::size_t kBytes = 9;
  if (last_letter_on.size() < kBytes) return RunPattern::kNone;
  const Bytes run = last_letter_on.first(kBytes);
  // Tags and texts may both end in spaces.
  if (run[0] != 0 && run[0] != ' ' && std::all_of(run.begin(), run.end(), [&](std::uint8_t b) { return b == run[0]; }))
    return RunPattern::kFill;
  const std::size_t letters = run[0] == 0 ? 1 : 0;
  for (std::size_t i = 0; i < kBytes; ++i) {
    const bool is_letter = i % 2 == letters;
    if (is_letter ? !IsPrintable(run[i]) : run[i] != 0) return RunPattern::kNone;
  }
  return RunPattern::kWideText;
}

/// How many of the tag's last bytes belong to a run that goes on behind it, through ProcessBilled or the data; 0 where
/// none does. A tag of three letters in front of text of its owner is no such thing.
std::uint32_t TagBytesInRun(const BlockSample& block, const PoolHeaderLayout& layout) {
  constexpr std::uint32_t kLast = kTagOffset + 3;
  const Bytes bytes(block.header, block.size);
  const RunPattern pattern = PatternBehind(bytes.subspan(kLast));
  if (pattern == RunPattern::kNone) return 0;
  if (pattern == RunPattern::kWideText && !layout.is_64bit && bytes[kLast] == 0) return 0;
  const std::size_t period = pattern == RunPattern::kFill ? 1 : 2;
  std::uint32_t count = 1;
  for (std::uint32_t i = kLast - 1; i >= kTagOffset; --i, ++count) {
    const bool goes_on =
        pattern == RunPattern::kFill || bytes[i + period] == 0 ? bytes[i] == bytes[i + period] : IsPrintable(bytes[i]);
    if (!goes_on) break;
  }
  return count;
}

bool AlreadyThere(const std::vector<Scene>& scenes, std::uint64_t page) {
  for (const Scene& scene : scenes)
    if (!scene.physical && (scene.AddressOf(scene.damage_begin()) & ~(kPageSize - 1)) == page) return true;
  return false;
}

/// One byte of the tag is wrong, by one bit.
void MarkFlip(PoolTag expected, PoolBlock& block) {
  const std::uint32_t wrong = block.expected.PoolTag ^ (expected.value | (block.read.PoolTag & PoolTag::kProtectedBit));
  block.expected.PoolTag ^= wrong;
  block.damaged_bytes = 1U << (kTagOffset + static_cast<std::uint32_t>(std::countr_zero(wrong)) / 8);
}

/// The header is wrong from the tag's last `tag_bytes` on to its end.
void MarkRun(std::uint32_t tag_bytes, const PoolHeaderLayout& layout, PoolBlock& block) {
  block.tag_known = false;
  for (std::uint32_t i = kTagOffset + 4 - tag_bytes; i < layout.header_size; ++i) block.damaged_bytes |= 1U << i;
}

bool IsAlone(const TagStatistics& statistics) {
  return statistics.allocated + statistics.free == 1 && !statistics.samples.empty();
}

}  // namespace

void AddTagIncidents(std::vector<Scene>& scenes, SceneSetter& setter) {
  const PoolCensus& census = setter.census();
  for (const auto& [tag, statistics] : census.tags) {
    if (!IsAlone(statistics) || !setter.tags().Find(tag).empty()) continue;
    if (scenes.size() >= kMaxIncidents) return;
    const BlockSample& sample = statistics.samples.front();
    if (sample.address.value == 0) continue;
    if (sample.size <= census.layout->header_size || AlreadyThere(scenes, sample.address.page().value)) continue;
    const auto expected = TagItMustHaveBeen(tag, sample, census);
    const std::uint32_t in_run = expected ? 0 : TagBytesInRun(sample, *census.layout);
    if (!expected && in_run == 0) continue;
    auto scene = SceneOfMarkedHeader(sample.address, setter, [&](PoolBlock& block) {
      expected ? MarkFlip(*expected, block) : MarkRun(in_run, *census.layout, block);
    });
    if (scene) scenes.push_back(std::move(*scene));
  }
}

}  // namespace poolblame

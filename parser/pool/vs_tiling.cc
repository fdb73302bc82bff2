#include "parser/pool/vs_tiling.h"

#include <algorithm>
#include <limits>
#include <map>
#include <optional>

#include "parser/base/little_endian.h"

namespace poolblame {
namespace {

// What a disagreement costs, in nats. A smashed header is one event however much of it is wrong; a legal header that
// states a wrong size is rarer; a legal header that no chunk begins at is usual where both sides agree that it is none
// (memory that was used before keeps its old headers) and odd where one of them had to be mended for that.
constexpr double kSmashed = 6, kWrongSize = 8, kWrongPrevious = 8, kSkipped = 4, kSkippedByBoth = 0.05,
                 kSkippedByOne = 0.5;  // the other side is not in the image
constexpr double kAbsent = 1;          // a header on a page that is not in the image
constexpr double kNever = std::numeric_limits<double>::infinity();
constexpr std::size_t kMostCandidates = 2048;  // 256 KiB of 128-byte chunks; what has more costs time and is made up
constexpr std::size_t kMostAhead = 96;         // candidates looked at behind each: stale headers of a coalesced chunk

class Tiler {
 public:
  Tiler(VsSubsegment& subsegment, std::uint64_t heap_key)
      : out_(subsegment), key_(heap_key), end_(static_cast<std::uint32_t>(subsegment.bytes.size())) {}

  bool Walk();
  bool Solve();

 private:
  struct Node {
    std::uint32_t offset = 0;
    std::optional<ChunkSizes> header;  // legal and present
    double cost = kNever, second = kNever;
    std::size_t from = 0;
  };

  [[nodiscard]] std::uint64_t Word(std::uint32_t offset) const {
    return ByteView(out_.bytes).TryRead<Le64>(offset).value_or(Le64{});
  }
  [[nodiscard]] std::uint64_t AddressOf(std::uint32_t offset) const { return (out_.address + offset).value; }
  [[nodiscard]] ChunkSizes Decode(std::uint32_t offset) const {
    return DecodeChunk(Word(offset), key_, AddressOf(offset));
  }
  /// A header that some chunk may have here.
  [[nodiscard]] bool IsLegal(const ChunkSizes& c, std::uint32_t offset) const {
    constexpr std::uint32_t kSmallest = 2;  // units
    return c.rest == 0 && c.Allocated <= 1 && c.UnsafeSize >= kSmallest &&
           c.UnsafeSize <= (end_ - offset) / kChunkUnit && c.UnsafePrevSize <= (offset - kVsFirstChunk) / kChunkUnit &&
           (c.UnsafePrevSize != 0 || MayBeFirst(offset)) && (c.UnsafePrevSize == 0 || offset != kVsFirstChunk);
  }
  /// Any page of a fragment may be the first of its subsegment, whose own header is what was overwritten.
  [[nodiscard]] bool MayBeFirst(std::uint32_t offset) const {
    return offset == kVsFirstChunk || (out_.fragment && offset % kPageSize == kVsFirstChunk);
  }
  /// The second pointer of a free chunk's tree node lies where a block in use has its POOL_HEADER.
  [[nodiscard]] bool HasTreeNode(std::uint32_t offset) const {
    const std::uint64_t right = Word(offset + kChunkHeaderBytes);
    return right == 0 || right >= HeapLowest(AddressOf(offset));
  }
  void AddNode(std::uint32_t offset);
  void CollectNodes();
  [[nodiscard]] double StepCost(const Node& a, const Node& b, std::size_t skipped) const;
  void Relax(std::size_t a, std::size_t b, std::size_t skipped);
  bool Emit();
  void Push(std::uint32_t offset, std::uint32_t size, std::uint32_t previous);

  VsSubsegment& out_;
  std::uint64_t key_;
  std::uint32_t end_;
  std::vector<Node> nodes_;  // by offset, the last is the end
};

void Tiler::Push(std::uint32_t offset, std::uint32_t size, std::uint32_t previous) {
  const ChunkSizes read = Decode(offset);
  const bool legal = IsLegal(read, offset);
  VsChunk chunk{offset, size, previous, legal ? read.Allocated == 1 : !HasTreeNode(offset), Word(offset), 0};
  chunk.begin_known = !out_.fragment || offset != kVsFirstChunk;
  chunk.end_known = !out_.fragment || legal || offset + size != end_;
  // What a fragment does not say is taken as it stands.
  const bool previous_known = out_.chunks.empty() || out_.chunks.back().begin_known;
  ChunkSizes expected;
  expected.UnsafeSize = chunk.end_known ? static_cast<std::uint16_t>(size / kChunkUnit) : read.UnsafeSize;
  expected.UnsafePrevSize = previous_known ? static_cast<std::uint16_t>(previous / kChunkUnit) : read.UnsafePrevSize;
  // What was written over the sizes was written over the cost before them.
  const bool sizes_agree = read.UnsafeSize == expected.UnsafeSize && read.UnsafePrevSize == expected.UnsafePrevSize;
  expected.MemoryCost = legal && sizes_agree ? read.MemoryCost : std::uint16_t{0};
  expected.Allocated = chunk.allocated ? 1 : 0;
  // A header in a page that is not here says nothing.
  chunk.expected = out_.PageIsPresent(offset) ? EncodeChunk(expected, key_, AddressOf(offset)) : chunk.read;
  out_.damaged = out_.damaged || chunk.damaged();
  out_.chunks.push_back(chunk);
}

bool Tiler::Walk() {
  std::uint32_t previous = 0;
  for (std::uint32_t offset = kVsFirstChunk; offset < end_;) {
    const ChunkSizes c = Decode(offset);
    if (!out_.PageIsPresent(offset) || !IsLegal(c, offset) || c.UnsafePrevSize * kChunkUnit != previous) return false;
    const std::uint32_t size = c.UnsafeSize * kChunkUnit;
    Push(offset, size, previous);
    previous = size;
    offset += size;
  }
  return true;
}

void Tiler::AddNode(std::uint32_t offset) {
  Node node;
  node.offset = offset;
  const ChunkSizes c = Decode(offset);
  if (out_.PageIsPresent(offset) && IsLegal(c, offset)) node.header = c;
  nodes_.push_back(node);
}

/// Places where a chunk may begin: legal headers, where such headers say that the next one begins, and where the one
/// before them did.
void Tiler::CollectNodes() {
  std::vector<std::uint32_t> places = {kVsFirstChunk};
  for (std::uint32_t offset = kVsFirstChunk; offset < end_; offset += kChunkUnit) {
    if (!out_.PageIsPresent(offset)) {
      offset += static_cast<std::uint32_t>(kPageSize - kChunkUnit - offset % kPageSize);
      continue;
    }
    const ChunkSizes c = Decode(offset);
    if (!IsLegal(c, offset)) continue;
    if (places.size() >= 3 * kMostCandidates) break;
    places.push_back(offset);
    places.push_back(offset + c.UnsafeSize * kChunkUnit);
    if (c.UnsafePrevSize != 0) places.push_back(offset - c.UnsafePrevSize * kChunkUnit);
  }
  std::sort(places.begin(), places.end());
  places.erase(std::unique(places.begin(), places.end()), places.end());
  for (const std::uint32_t offset : places)
    if (offset < end_) AddNode(offset);
  Node last;
  last.offset = end_;
  nodes_.push_back(last);
}

/// A chunk from `a` to `b`, `skipped` legal headers inside it.
double Tiler::StepCost(const Node& a, const Node& b, std::size_t skipped) const {
  const std::uint32_t units = (b.offset - a.offset) / kChunkUnit;
  const bool begins_subsegment = b.header && b.header->UnsafePrevSize == 0 && a.offset == kVsFirstChunk;
  const bool wrong_size = a.header && a.header->UnsafeSize != units;
  const bool wrong_previous = b.header && b.header->UnsafePrevSize != units && !begins_subsegment;
  double cost = (wrong_size ? kWrongSize : 0) + (wrong_previous ? kWrongPrevious : 0);
  if (!a.header) cost += out_.PageIsPresent(a.offset) ? kSmashed : kAbsent;
  const int agree = (a.header ? 1 : 0) + (b.header || b.offset == end_ ? 1 : 0);
  const bool smashed = !a.header && b.header && out_.PageIsPresent(a.offset);
  const bool denied = wrong_size || wrong_previous || (!a.header && !smashed);
  return cost + static_cast<double>(skipped) * (denied ? kSkipped : agree == 2 ? kSkippedByBoth : kSkippedByOne);
}

void Tiler::Relax(std::size_t a, std::size_t b, std::size_t skipped) {
  const double cost = nodes_[a].cost + StepCost(nodes_[a], nodes_[b], skipped);
  const double second = nodes_[a].second + cost - nodes_[a].cost;
  Node& to = nodes_[b];
  if (cost < to.cost) {
    to.second = std::min(to.cost, second);
    to.cost = cost;
    to.from = a;
  } else {
    to.second = std::min(to.second, cost);
  }
}

bool Tiler::Solve() {
  CollectNodes();
  std::map<std::uint32_t, std::size_t> at;
  for (std::size_t i = 0; i < nodes_.size(); ++i) at.emplace(nodes_[i].offset, i);
  nodes_.front().cost = 0;
  for (std::size_t a = 0; a + 1 < nodes_.size(); ++a) {
    if (nodes_[a].cost == kNever) continue;
    std::size_t skipped = 0;
    const std::size_t last = std::min(nodes_.size(), a + 1 + kMostAhead);
    for (std::size_t b = a + 1; b < last; ++b) {
      Relax(a, b, skipped);
      if (nodes_[b].header) ++skipped;
    }
    if (!nodes_[a].header) continue;
    const auto target = at.find(nodes_[a].offset + nodes_[a].header->UnsafeSize * kChunkUnit);
    if (target != at.end() && target->second >= last) Relax(a, target->second, skipped);
  }
  return Emit();
}

bool Tiler::Emit() {
  if (nodes_.back().cost == kNever) return false;
  std::vector<std::uint32_t> starts;
  for (std::size_t i = nodes_.size() - 1; i != 0; i = nodes_[i].from) starts.push_back(nodes_[i].offset);
  starts.push_back(nodes_.front().offset);
  std::reverse(starts.begin(), starts.end());
  out_.chunks.clear();
  out_.damaged = false;
  std::uint32_t previous = 0, sound = 0;
  for (std::size_t i = 0; i + 1 < starts.size(); ++i) {
    const std::uint32_t size = starts[i + 1] - starts[i];
    Push(starts[i], size, previous);
    if (!out_.chunks.back().damaged()) ++sound;
    previous = size;
  }
  const double margin = nodes_.back().second - nodes_.back().cost;
  constexpr double kMostMargin = 1000;  // no second tiling: sure enough
  out_.margin = std::min(margin, kMostMargin);
  return sound * 2 >= out_.chunks.size();
}

}  // namespace

bool TileVsSubsegment(VsSubsegment& subsegment, std::uint64_t heap_key) {
  Tiler tiler(subsegment, heap_key);
  if (!subsegment.fragment && tiler.Walk()) return true;
  subsegment.chunks.clear();
  subsegment.damaged = false;
  return tiler.Solve();
}

}  // namespace poolblame

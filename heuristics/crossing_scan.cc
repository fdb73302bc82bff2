#include "heuristics/crossing_scan.h"

#include <algorithm>
#include <array>
#include <map>

#include "heuristics/block_walk.h"
#include "heuristics/crossing_fit.h"
#include "heuristics/incidents.h"

namespace poolblame {
namespace {

/// A block whose front is unlike its siblings'.
struct StandsOut {
  VirtAddr header{};
  double nats = 0;  // how much more is explained by anything than by its tag
};

/// Nats from which on a front is looked at, the first words of it that are looked at, and how many fronts at most.
constexpr double kWorthALook = 5;
constexpr std::size_t kFrontLookedAt = 8;
constexpr std::size_t kMostLookedAt = 2048;
/// Nats for a write against none: there is one such write in a million pairs of neighbours, if there is any, and what
/// blocks hold is richer than any model of it.
constexpr double kAlarm = 13, kAlarmAbove = 6, kAlarmZeros = 20;

struct Group {
  std::uint64_t blocks = 0;
  std::vector<StandsOut> found;
  /// How far others stand out at most is how blocks of this tag are; only what stands out from those is looked at. A
  /// block that was written over on the way to the next one stands out as well.
  [[nodiscard]] std::vector<StandsOut> Outstanding() const {
    constexpr double kTimes = 1.5;
    constexpr std::size_t kWritten = 2;
    std::vector<StandsOut> sorted = found;
    std::stable_sort(sorted.begin(), sorted.end(), [](const auto& a, const auto& b) { return a.nats > b.nats; });
    for (std::size_t n = 1; n <= kWritten && n <= sorted.size(); ++n) {
      if (n < sorted.size() && sorted[n - 1].nats < kTimes * sorted[n].nats) continue;
      sorted.resize(n);
      return sorted;
    }
    return {};
  }
  /// Where many stand out, to do so is how blocks of this tag are.
  [[nodiscard]] bool is_variety() const {
    constexpr std::uint64_t kBlocksPerFound = 16, kMost = 8;
    return found.size() > kMost + blocks / kBlocksPerFound;
  }
};
using Groups = std::map<PoolTag, Group>;

double FrontStandsOut(const OwnContent& content, Bytes payload, std::uint64_t address, std::uint32_t word) {
  const bool is_example = content.WasExample(address);
  constexpr double kFits = -4;  // nats: a front that begins like its siblings' was not written over
  std::array<double, kTextureCount> nats{};
  double most = 0;
  for (std::size_t i = 0; i < kFrontLookedAt && (i + 1) * word <= payload.size(); ++i) {
    const Bytes bytes = payload.subspan(i * word, word);
    const double own = content.Score({bytes, i, address + i * word, is_example});
    const auto word_class = static_cast<std::size_t>(ClassOf(bytes));
    for (std::size_t t = 0; t < nats.size(); ++t)
      most = std::max(most, nats[t] += TextureScores(t, word)[word_class] - own);
    if (*std::ranges::max_element(nats) < kFits) break;
  }
  return most;
}

Groups LookAtFronts(const AddressSpace& space, const PoolCensus& census, const ImageContents& contents) {
  const std::uint32_t header = census.layout->header_size, word = census.layout->is_64bit ? 8 : 4;
  Groups groups;
  ForEachBlockInUse(space, census, [&](const WalkedBlock& block) {
    if (block.bytes.size() < header + word) return;
    const auto known = contents.tags.find(PoolTag{census.layout->Decode(block.bytes.data()).PoolTag}.name());
    if (known == contents.tags.end()) return;
    Group& group = groups[known->first];
    ++group.blocks;
    const std::uint64_t payload = block.begin.value + block.chunk_header + header;
    const double nats = FrontStandsOut(known->second, block.bytes.subspan(header), payload, word);
    if (nats >= kWorthALook && group.found.size() < kMostLookedAt) group.found.push_back({block.begin, nats});
  });
  return groups;
}

/// The front is what the block below begins with: it was copied, or both are alike by right. What a write goes on with
/// stood at the end of the block below, unless that is the same all over.
bool IsCopyOfBelow(const Scene& scene, std::size_t above_index) {
  constexpr std::uint32_t kLookedAt = 64, kFewest = 8;  // bytes
  const SceneBlock &above = scene.blocks[above_index], &below = scene.blocks[*scene.Below(above_index)];
  const std::uint32_t size = std::min({kLookedAt, above.end - above.payload(), below.end - below.payload()});
  std::uint32_t same = 0, changing = 0;
  for (std::uint32_t i = 0; i < size; ++i) {
    const std::uint8_t byte = scene.bytes[above.payload() + i];
    if (byte == 0 || byte != scene.bytes[below.payload() + i]) continue;
    ++same;
    changing += i > 0 && byte != scene.bytes[above.payload() + i - 1] ? 1 : 0;
  }
  return same >= kFewest && changing * 2 >= same;
}

std::optional<Scene> SceneOf(const StandsOut& found, SceneSetter& setter,
                             const std::shared_ptr<const ImageContents>& contents) {
  const auto page = setter.PoolPageAt(found.header.page());
  if (!page || page->has_findings()) return std::nullopt;
  Scene scene = setter.Set(*page);
  scene.contents = contents;
  const auto above = scene.BlockAt(found.header);
  const auto fit = above ? FitCrossing(scene, *above) : std::nullopt;
  if (!fit || fit->above_margin < kAlarmAbove || IsCopyOfBelow(scene, *above)) return std::nullopt;
  const std::uint32_t begin = scene.blocks[*above].payload();
  if (fit->run.end < begin + scene.pointer_size()) return std::nullopt;  // no more than a link of a list, or a counter
  const Bytes written = Bytes(scene.bytes).subspan(begin, fit->run.end - begin);
  const bool zeros = std::ranges::all_of(written, [](std::uint8_t b) { return b == 0; });
  if (fit->margin() < (zeros ? kAlarmZeros : kAlarm)) return std::nullopt;
  scene.spots = {{SpotKind::kPayload, *above, begin, fit->run.end, fit->run.end - begin, 0}};
  scene.crossing = std::make_shared<const CrossingFit>(*fit);
  return scene;
}

}  // namespace

void AddCrossingIncidents(std::vector<Scene>& scenes, SceneSetter& setter,
                          const std::shared_ptr<const ImageContents>& contents) {
  const PoolCensus& census = setter.census();
  if (census.layout == nullptr) return;
  std::vector<StandsOut> found;
  for (const auto& [tag, group] : LookAtFronts(setter.space(), census, *contents))
    if (!group.is_variety()) std::ranges::copy(group.Outstanding(), std::back_inserter(found));
  std::stable_sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.nats > b.nats; });
  if (found.size() > kMostLookedAt) found.resize(kMostLookedAt);
  std::sort(found.begin(), found.end(), [](const auto& a, const auto& b) { return a.header < b.header; });
  for (const StandsOut& block : found)
    if (auto scene = SceneOf(block, setter, contents); scene && scenes.size() < kMaxIncidents)
      scenes.push_back(std::move(*scene));
}

}  // namespace poolblame

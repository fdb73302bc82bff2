#include "pooltag/driver_code.h"

#include <algorithm>
#include <optional>
#include <span>

#include "parser/base/ascii.h"
#include "pooltag/arm64_code.h"
#include "pooltag/routine_finder.h"
#include "pooltag/value_search.h"
#include "pooltag/x86_code.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kMostJudged = 256;  // places of a tag in a driver that are decoded: more say the same
constexpr std::size_t kMostSites = 8;       // that are kept: more say the same again
constexpr std::size_t kMostConstants = 64;  // in a driver's data whose loads are looked for

/// What is left for all drivers: a hostile image may map the same pages a thousand times.
struct Budget {
  std::uint64_t bytes = std::uint64_t{512} << 20;  // more than the drivers of any one machine
  std::uint32_t places = 40000;                    // that are decoded, some 30 us each
};

struct Hit {
  VirtAddr at{};
  std::uint32_t value = 0;
};

/// Goes over the pages of a section that are in the image, with the last three bytes of the page before.
template <typename Visit>
void ForEachPage(const AddressSpace& space, const DriverSection& section, Budget& budget, Visit&& visit) {
  constexpr std::size_t kKept = 3;
  std::vector<std::uint8_t> bytes(kKept + kPageSize);
  bool joined = false;
  const VirtAddr end = section.begin + section.size;
  for (VirtAddr at = section.begin; at < end; at = at.page() + kPageSize) {
    const std::uint64_t length = std::min<std::uint64_t>(at.page() + kPageSize - at, end - at);
    if (budget.bytes < length) return;
    budget.bytes -= length;
    const std::span<std::uint8_t> fresh = std::span(bytes).subspan(kKept, length);
    const bool present = space.Read(at, fresh) == Presence::kPresent;
    const std::size_t kept = joined ? kKept : 0;
    visit(present ? ByteView(bytes.data() + kKept - kept, kept + length) : ByteView(), at - kept, length);
    joined = present && length >= kKept;
    if (joined) std::copy_n(fresh.end() - kKept, kKept, bytes.begin());
  }
}

/// Letters that go on before or behind the tag for two bytes or more.
bool IsInsideText(const AddressSpace& space, VirtAddr at) {
  std::array<std::uint8_t, 2> before{}, behind{};
  const bool has_before = space.Read(at - before.size(), before) == Presence::kPresent;
  const bool has_behind = space.Read(at + sizeof(std::uint32_t), behind) == Presence::kPresent;
  unsigned letters = 0;
  if (has_before && IsPrintable(before[1])) letters += IsPrintable(before[0]) ? 2 : 1;
  if (has_behind && IsPrintable(behind[0])) letters += IsPrintable(behind[1]) ? 2 : 1;
  return letters >= 2;
}

TagUse UseInData(const AddressSpace& space, VirtAddr at) {
  if (IsInsideText(space, at)) return TagUse::kText;
  return at.value % sizeof(std::uint32_t) == 0 ? TagUse::kData : TagUse::kChance;
}

/// One driver: its sections are gone over once for the tags, and once more for loads of the constants that are tags.
class DriverSearch {
 public:
  DriverSearch(const AddressSpace& space, const DriverImage& image, const ExportedRoutines& exports, Budget& budget)
      : space_(space), image_(image), exports_(exports), budget_(budget) {}

  void Run(const ValueSearch& tags, SearchedDriver& driver) {
    for (const DriverSection& section : image_.sections) {
      ForEachPage(space_, section, budget_, [&](ByteView bytes, VirtAddr at, std::uint64_t length) {
        if (bytes.empty()) {
          driver.missing_code += section.executable ? length : 0;
          return;
        }
        (section.executable ? driver.code : driver.data) += length;
        if (section.executable && image_.is_arm64) return JudgeMoves(tags, bytes, at);
        tags.In(bytes, [&](std::size_t offset, std::uint32_t tag) { Judge({at + offset, tag}, section.executable); });
      });
    }
    if (!constants_.empty() && !image_.is_arm64) FollowLoads();
  }

  std::map<PoolTag, DriverTagUses> found;

 private:
  /// Most drivers have none of the tags, and their import tables need not be read.
  const RoutineFinder& Finder() {
    if (!finder_) finder_.emplace(space_, image_, exports_);
    return *finder_;
  }

  void Judge(const Hit& hit, bool in_code) {
    const PoolTag tag = PoolTag{hit.value}.name();
    if (judged_[tag] >= kMostJudged || budget_.places == 0) return;
    ++judged_[tag];
    --budget_.places;
    TagSite site{TagUse::kChance, hit.at, nullptr, 0};
    if (!in_code)
      site.use = UseInData(space_, hit.at);
    else
      site = image_.is_arm64 ? UseInArm64(Finder(), hit.at) : UseInX86(Finder(), hit.at);
    Add(tag, site);
    const bool may_be_loaded = site.use == TagUse::kData || site.use == TagUse::kText;
    if (may_be_loaded && hit.at.value % sizeof(Le32) == 0 && constants_.size() < kMostConstants)
      constants_.push_back(hit);
  }

  /// Instructions are aligned words. A pair of moves over a page boundary is missed.
  void JudgeMoves(const ValueSearch& tags, ByteView bytes, VirtAddr at) {
    for (std::uint64_t i = (4 - at.value % 4) % 4; i + 4 <= bytes.size(); i += 4) {
      const std::uint64_t from = i + 4 > kArm64MoveWindow ? i + 4 - kArm64MoveWindow : 0;
      const auto value = ValueOfMoves(ByteView(bytes.data() + from, i + 4 - from));
      if (value && tags.Has(*value)) Judge({at + i, *value}, true);
    }
  }

  void Add(PoolTag tag, const TagSite& site) {
    DriverTagUses& uses = found[tag];
    ++uses.counts[static_cast<std::size_t>(site.use)];
    if (site.use == TagUse::kChance) return;
    const auto later = [](const TagSite& a, const TagSite& b) { return a.use < b.use; };
    uses.sites.insert(std::upper_bound(uses.sites.begin(), uses.sites.end(), site, later), site);
    if (uses.sites.size() > kMostSites) uses.sites.pop_back();
  }

  /// A tag in a global variable is an argument like any other, one load away.
  void FollowLoads() {
    std::vector<std::uint32_t> places;
    for (const Hit& constant : constants_) places.push_back(static_cast<std::uint32_t>(constant.at.value));
    const ValueSearch wanted(std::move(places));
    for (const DriverSection& section : image_.sections) {
      if (!section.executable) continue;
      ForEachPage(space_, section, budget_, [&](ByteView bytes, VirtAddr at, std::uint64_t) {
        for (std::size_t i = 0; i + sizeof(Le32) <= bytes.size(); ++i) {
          const std::uint32_t field = *bytes.TryRead<Le32>(i);
          // On x64 the field is the distance from the next instruction, which begins right behind it.
          const auto next = static_cast<std::uint32_t>(at.value + i + sizeof(Le32));
          const std::uint32_t place = image_.is_64bit ? next + field : field;
          if (wanted.Has(place)) JudgeLoad(at + i, place);
        }
      });
    }
  }

  void JudgeLoad(VirtAddr field, std::uint32_t place) {
    if (loads_judged_ >= kMostJudged || budget_.places == 0) return;
    ++loads_judged_;
    --budget_.places;
    const TagSite site = UseOfLoadInX86(Finder(), field);
    if (site.use == TagUse::kChance) return;
    for (const Hit& constant : constants_)
      if (static_cast<std::uint32_t>(constant.at.value) == place) return Add(PoolTag{constant.value}.name(), site);
  }

  const AddressSpace& space_;
  const DriverImage& image_;
  const ExportedRoutines& exports_;
  std::optional<RoutineFinder> finder_;
  Budget& budget_;
  std::map<PoolTag, std::uint32_t> judged_;
  std::uint32_t loads_judged_ = 0;
  std::vector<Hit> constants_;
};

}  // namespace

TagUse DriverTagUses::best() const {
  for (std::size_t use = 0; use < counts.size(); ++use)
    if (counts[use] != 0) return static_cast<TagUse>(use);
  return TagUse::kChance;
}

bool CodeSearch::has_code() const {
  return std::any_of(drivers.begin(), drivers.end(), [](const SearchedDriver& d) { return d.code != 0; });
}

CodeSearch SearchDriverCode(const AddressSpace& space, const System& system, const std::vector<PoolTag>& tags) {
  CodeSearch search;
  std::vector<std::uint32_t> values;
  for (const PoolTag tag : tags) {
    search.uses[tag.name()];
    // Code before Windows 8 writes the protected mark into the tag.
    values.push_back(tag.name().value);
    values.push_back(tag.value | PoolTag::kProtectedBit);
  }
  if (search.uses.empty()) return search;
  const ValueSearch wanted(std::move(values));
  const ExportedRoutines exports(space, system);
  Budget budget;
  for (std::size_t i = 0; i < system.modules.size(); ++i) {
    if (system.modules[i].unloaded) continue;
    SearchedDriver& driver = search.drivers.emplace_back(SearchedDriver{i, 0, 0, 0});
    const auto image = ReadDriverImage(space, system.modules[i]);
    if (!image) continue;
    DriverSearch one(space, *image, exports, budget);
    one.Run(wanted, driver);
    for (auto& [tag, uses] : one.found) {
      uses.driver = search.drivers.size() - 1;
      search.uses[tag].push_back(std::move(uses));
    }
  }
  return search;
}

}  // namespace poolblame

#include "parser/kernel/debugger_block_search.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "parser/format/debugger_block.h"
#include "parser/format/pe_image.h"
#include "parser/image/mapped_pages.h"
#include "parser/image/reverse_map.h"
#include "parser/kernel/build_sources.h"
#include "parser/kernel/debugger_data.h"

namespace poolblame {
namespace {

constexpr std::size_t kMostPlaces = 256;  // stale copies, and debuggers that hold the tag as text

/// A place where a block could begin.
struct Place {
  Pfn pfn = 0;
  std::uint64_t offset = 0;
};

bool LooksLikeBlock(ByteView page, std::uint64_t at) {
  const auto tag = page.TryRead<Le32>(at + offsetof(DebuggerBlock, OwnerTag));
  if (!tag || *tag != kDebuggerBlockTag) return false;
  const std::uint32_t size = page.TryRead<Le32>(at + offsetof(DebuggerBlock, Size)).value_or(Le32{});
  return size >= kMinDebuggerBlockSize && size <= kMaxDebuggerBlockSize && size % 8 == 0;
}

/// The part of a run that lies in the stretch.
PageRun Overlap(const PageRun& run, const PfnRange& stretch) {
  const Pfn first = std::max(run.first, stretch.first), end = std::min(run.first + run.count, stretch.end);
  if (first >= end) return {};
  return {first, end - first, run.offset + (first - run.first) * kPageSize};
}

void AddPlaces(ByteView bytes, Pfn first, std::vector<Place>& places) {
  for (std::uint64_t at = 0; at < bytes.size() && places.size() < kMostPlaces; at += 8)
    if (LooksLikeBlock(bytes, at)) places.push_back({first + at / kPageSize, at % kPageSize});
}

std::vector<Place> PlacesOfTag(const AddressSpace& space) {
  const PageMap& pages = space.image().pages();
  const std::vector<PfnRange> mapped = PagesOfKernelSpace(space);
  std::vector<Place> places;
  pages.ForEachStoredRun(0, pages.stored_count(), [&](const PageRun& run) {
    auto stretch = std::upper_bound(mapped.begin(), mapped.end(), run.first,
                                    [](Pfn pfn, const PfnRange& s) { return pfn < s.end; });
    for (; stretch != mapped.end() && stretch->first < run.first + run.count; ++stretch) {
      const PageRun part = Overlap(run, *stretch);
      if (part.count > 0) AddPlaces(pages.Bytes(part), part.first, places);
    }
  });
  return places;
}

bool IsKernels(const AddressSpace& space, VirtAddr address) {
  std::vector<std::string> notes;  // of a candidate, so nobody's
  const auto block = ReadDebuggerBlock(space, address, std::nullopt, notes);
  if (!block) return false;
  const std::uint64_t mask = PointerSize(space.machine()) == 4 ? 0xFFFFFFFF : ~std::uint64_t{0};
  const VirtAddr kernel{block->KernBase & mask}, list{block->PsLoadedModuleList & mask};
  if (kernel < space.kernel_base() || list < space.kernel_base()) return false;
  const auto signature = space.Read<Le16>(kernel);
  const auto first = space.ReadPointer(list);
  return signature && *signature == kImageDosSignature && first && *first >= space.kernel_base();
}

}  // namespace

std::optional<VirtAddr> FindDebuggerBlock(const AddressSpace& space) {
  if (!space.maps_kernel()) return std::nullopt;
  const std::vector<Place> places = PlacesOfTag(space);
  std::vector<Pfn> pfns;
  for (const Place& place : places)
    if (pfns.empty() || pfns.back() != place.pfn) pfns.push_back(place.pfn);
  const ReverseMap addresses = ReverseMap::Build(space, pfns);
  for (const Place& place : places) {
    const auto page = addresses.Find(place.pfn);
    if (page && IsKernels(space, *page + place.offset)) return *page + place.offset;
  }
  return std::nullopt;
}

std::optional<std::uint32_t> ReadBuildLab(const AddressSpace& space, VirtAddr address) {
  constexpr std::size_t kMostDigits = 5;  // 1381 to 26200 so far
  std::array<std::uint8_t, kMostDigits + 1> text{};
  if (space.Read(address, text) != Presence::kPresent) return std::nullopt;
  std::uint32_t build = 0;
  for (const std::uint8_t character : text) {
    if (character == '.') return build >= kFirstBuild ? std::optional(build) : std::nullopt;
    if (character < '0' || character > '9') return std::nullopt;
    build = build * 10 + (character - '0');
  }
  return std::nullopt;
}

}  // namespace poolblame

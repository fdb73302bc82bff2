#include "parser/kernel/debugger_block_search.h"

#include <algorithm>
#include <array>
#include <string>
#include <vector>

#include "parser/format/debugger_block.h"
#include "parser/format/pe_image.h"
#include "parser/image/reverse_map.h"
#include "parser/kernel/debugger_data.h"

namespace poolblame {
namespace {

// The boot loader puts the kernel into low memory; farther up a search would cost as much as the analysis.
constexpr std::uint64_t kMostPages = std::uint64_t{1} << 20;
constexpr std::size_t kMostPlaces = 256;  // stale copies, and debuggers that hold the tag as text

constexpr std::uint32_t kFirstBuild = 2195;  // Windows 2000: older ones have another block

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

std::vector<Place> PlacesOfTag(const PageMap& pages) {
  std::vector<Place> places;
  pages.ForEachStoredRun(0, std::min(pages.stored_count(), kMostPages), [&](const PageRun& run) {
    const ByteView bytes = pages.Bytes(run);
    for (std::uint64_t at = 0; at < bytes.size() && places.size() < kMostPlaces; at += 8)
      if (LooksLikeBlock(bytes, at)) places.push_back({run.first + at / kPageSize, at % kPageSize});
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
  const std::vector<Place> places = PlacesOfTag(space.image().pages());
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

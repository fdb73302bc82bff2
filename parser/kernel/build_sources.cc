#include "parser/kernel/build_sources.h"

#include <array>

#include "parser/format/shared_user_data.h"
#include "parser/kernel/debugger_block_search.h"
#include "parser/kernel/driver_image.h"
#include "parser/kernel/nt_headers.h"

namespace poolblame {
namespace {

/// What the sources are asked of.
struct Known {
  const AddressSpace& space;
  const std::optional<DebuggerBlock>& block;
  const System& system;
};

std::optional<std::uint32_t> FromOption(const Known& known) {
  const ImageFacts& facts = known.space.image().facts();
  return facts.is_build_given ? facts.build : std::nullopt;
}

std::optional<std::uint32_t> FromHeader(const Known& known) { return known.space.image().facts().build; }

std::optional<std::uint32_t> FromDebuggerBlock(const Known& known) {
  if (!known.block) return std::nullopt;
  const std::uint64_t mask = PointerSize(known.space.machine()) == 4 ? 0xFFFFFFFF : ~std::uint64_t{0};
  return ReadBuildLab(known.space, VirtAddr{known.block->NtBuildLab & mask});
}

std::optional<std::uint32_t> FromSharedData(const Known& known) {
  constexpr std::uint32_t kNumber = 0x0FFFFFFF;  // above it: free or checked
  const VirtAddr at = PointerSize(known.space.machine()) == 4 ? kSharedUserData32 : kSharedUserData64;
  const auto shared = known.space.Read<SharedUserData>(at);
  if (!shared || !shared->sane() || shared->NtMajorVersion < kFirstMajorWithBuildNumber) return std::nullopt;
  return shared->NtBuildNumber & kNumber;
}

std::optional<std::uint32_t> FromVersionResource(const Known& known) {
  if (!known.system.kernel_image_base) return std::nullopt;
  Module kernel;
  kernel.base = *known.system.kernel_image_base;
  kernel.size = ReadSizeOfImage(known.space, kernel.base).value_or(0);
  const auto image = ReadDriverImage(known.space, kernel);
  return image ? ReadVersionBuild(known.space, *image) : std::nullopt;
}

struct BuildSourceRow {
  BuildSource source;
  std::optional<std::uint32_t> (*read)(const Known&);
};

// In the order of belief.
constexpr std::array kSources = {BuildSourceRow{BuildSource::kOption, FromOption},
                                 BuildSourceRow{BuildSource::kHeader, FromHeader},
                                 BuildSourceRow{BuildSource::kDebuggerBlock, FromDebuggerBlock},
                                 BuildSourceRow{BuildSource::kSharedData, FromSharedData},
                                 BuildSourceRow{BuildSource::kVersionResource, FromVersionResource}};

}  // namespace

void TakeBuild(const AddressSpace& space, const std::optional<DebuggerBlock>& block, System& system) {
  if (system.build) return;
  for (const BuildSourceRow& row : kSources) {
    const auto build = row.read({space, block, system});
    const bool is_told = row.source == BuildSource::kOption || row.source == BuildSource::kHeader;
    if (!build || (!is_told && *build < kFirstBuild)) continue;
    system.build = build;
    system.build_source = row.source;
    break;
  }
  system.os = WindowsName(system.build);
}

}  // namespace poolblame

#include "parser/image/vmware.h"

#include <algorithm>
#include <array>
#include <filesystem>
#include <string_view>
#include <utility>

#include "parser/format/vmware_state.h"
#include "parser/image/archive_reader.h"
#include "parser/image/physical_ranges.h"
#include "parser/image/unpack.h"

namespace poolblame {
namespace {

bool HasEnding(const std::string& name, std::string_view ending) {
  if (name.size() < ending.size()) return false;
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; };
  return std::ranges::equal(std::string_view(name).substr(name.size() - ending.size()), ending, same);
}

bool HasStateMagic(ByteView bytes) {
  const auto magic = bytes.TryRead<Le32>(0);
  return magic && std::ranges::find(kVmwareMagics, static_cast<std::uint32_t>(*magic)) != kVmwareMagics.end();
}

bool IsBareMemory(ByteView bytes) {
  return !HasContainerMagic(bytes) && CompressionOf(bytes) == Compression::kNone &&
         ArchiveFormatOf(bytes) == ArchiveFormat::kNone;
}

std::optional<VmwareOther> TryOther(const std::string& path, const char* ending, bool is_state) {
  std::filesystem::path other(path);
  other.replace_extension(ending);
  Result<FileMapping> file = FileMapping::Open(other.string());
  if (!file || HasStateMagic(file->bytes()) != is_state) return std::nullopt;
  return VmwareOther{other.filename().string(), std::move(*file), is_state};
}

}  // namespace

Result<ImageParts> OpenVmwareMemory(ByteView file, std::uint64_t begin, const VmwareState& state,
                                    const OpenOptions& options) {
  ImageParts parts = BareParts("vmware", options);
  std::vector<PhysicalRange> ranges;
  for (const VmwareRegion& region : state.regions)
    ranges.push_back({PhysAddr{region.first_page * kPageSize}, region.pages * kPageSize,
                      FileOffset{begin + region.file_page * kPageSize}});
  if (ranges.empty())
    ranges.push_back({PhysAddr{0}, state.memory.empty() ? file.size() : state.memory_bytes, FileOffset{begin}});
  MapRanges(file, ranges, parts);
  parts.processors = state.processors;
  parts.lacks_page_tables = true;
  return parts;
}

Result<ImageParts> OpenVmwareState(ByteView bytes, const OpenOptions& options) {
  const Result<VmwareState> state = ReadVmwareState(bytes);
  if (!state) return tl::unexpected(state.error());
  if (state->memory.empty())
    return Fail(ErrorKind::kUnsupported,
                "VMware saved state without the memory in it: put the .vmem file of the same name beside it, or make a "
                "crash dump of both with vmss2core");
  const auto begin = static_cast<std::uint64_t>(state->memory.data() - bytes.data());
  return OpenVmwareMemory(ByteView(bytes.data(), begin + state->memory.size()), begin, *state, options);
}

std::optional<VmwareOther> FindVmwareOther(const std::string& path, ByteView bytes) {
  if (HasStateMagic(bytes)) {
    const Result<VmwareState> state = ReadVmwareState(bytes);
    return state && state->memory.empty() ? TryOther(path, ".vmem", false) : std::nullopt;
  }
  if (!HasEnding(path, ".vmem") || !IsBareMemory(bytes)) return std::nullopt;
  std::optional<VmwareOther> state = TryOther(path, ".vmss", true);
  return state ? std::move(state) : TryOther(path, ".vmsn", true);
}

void NoteVmwareHole(const std::string& name, std::uint64_t size, ImageFacts& facts) {
  if (facts.container != "raw" || size < kVmwareHoleBytes || !HasEnding(name, ".vmem")) return;
  facts.notes.push_back(
      "a .vmem file of 3 GiB or more without its .vmss or .vmsn file: where the hole below 4 GiB lies is not known, so "
      "memory above it may be taken for memory elsewhere");
}

}  // namespace poolblame

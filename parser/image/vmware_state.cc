// The tags of a saved state, as far as they are about memory.
#include "parser/format/vmware_state.h"

#include <algorithm>
#include <map>
#include <string_view>

#include "parser/image/physical_ranges.h"
#include "parser/image/vmware.h"

namespace poolblame {
namespace {

struct VmwareTag {
  std::string_view name;
  std::uint32_t index = 0;   // the first one, where there are any
  std::uint32_t second = 0;  // and the next
  ByteView data;
  std::uint64_t promised = 0;  // bytes of data; fewer are there when the file is cut
  bool packed = false;

  /// The data as a number; it has 1 to 8 bytes.
  [[nodiscard]] std::uint64_t number() const {
    std::uint64_t value = 0;
    for (std::size_t i = std::min<std::size_t>(data.size(), 8); i > 0; --i) value = value << 8 | data[i - 1];
    return value;
  }
};

class TagReader {
 public:
  TagReader(ByteView bytes, std::uint64_t at, std::uint32_t version) : bytes_(bytes), at_(at), version_(version) {}

  /// Nothing at the end of the group and where the file ends or a length cannot be.
  std::optional<VmwareTag> Next() {
    const auto flags = bytes_.TryRead<std::uint8_t>(at_), name_length = bytes_.TryRead<std::uint8_t>(at_ + 1);
    if (!flags || !name_length || (*flags == 0 && *name_length == 0)) return std::nullopt;
    VmwareTag tag;
    if (!bytes_.Contains(at_ + 2, *name_length)) return std::nullopt;
    tag.name = {reinterpret_cast<const char*>(bytes_.data() + at_ + 2), *name_length};
    at_ += 2 + *name_length;
    if (const std::uint32_t indices = *flags >> 6; indices > 0) {
      const auto index = bytes_.TryRead<Le32>(at_);
      if (!index) return std::nullopt;
      tag.index = *index;
      if (indices > 1) tag.second = bytes_.TryRead<Le32>(at_ + sizeof(Le32)).value_or(Le32{});
      at_ += sizeof(Le32) * indices;
    }
    if (!TakeData(*flags & 0x3F, tag)) return std::nullopt;
    return tag;
  }

 private:
  bool TakeData(std::uint32_t code, VmwareTag& tag) {
    std::uint64_t length = code;
    if (code >= kVmwareLongData) {
      const std::optional<std::uint64_t> stored = TakeLength(), whole = TakeLength();
      const auto padding = bytes_.TryRead<Le16>(at_);
      if (!stored || !whole || !padding) return false;
      at_ += sizeof(Le16) + *padding;
      length = *stored;
      tag.packed = code == kVmwarePackedData && *stored != *whole;
    }
    tag.promised = length;
    if (!bytes_.Contains(at_, length)) {
      // Memory is the last and largest thing in a file: what is left of it after a cut is still memory.
      if (at_ >= bytes_.size() || tag.name != "Memory") return false;
      length = bytes_.size() - at_;
    }
    tag.data = {bytes_.data() + at_, static_cast<std::size_t>(length)};
    at_ += length;
    return true;
  }

  std::optional<std::uint64_t> TakeLength() {
    if (version_ == 0) {
      const auto length = bytes_.TryRead<Le32>(at_);
      at_ += sizeof(Le32);
      return length ? std::optional<std::uint64_t>(*length) : std::nullopt;
    }
    const auto length = bytes_.TryRead<Le64>(at_);
    at_ += sizeof(Le64);
    return length ? std::optional<std::uint64_t>(*length) : std::nullopt;
  }

  ByteView bytes_;
  std::uint64_t at_;
  std::uint32_t version_;
};

/// Offset of the first tag of the group.
std::optional<std::uint64_t> FindGroup(ByteView bytes, std::uint32_t groups, std::string_view wanted) {
  for (std::uint32_t i = 0; i < std::min(groups, kMaxVmwareGroups); ++i) {
    const auto group = bytes.TryRead<VmwareGroup>(sizeof(VmwareStateHeader) + i * sizeof(VmwareGroup));
    if (!group) return std::nullopt;
    const std::string_view name(group->Name, sizeof(group->Name));
    if (name.substr(0, name.find('\0')) == wanted) return group->Offset;
  }
  return std::nullopt;
}

/// CR3 of each processor; nothing where the state file does not say it.
std::vector<PhysAddr> ReadProcessors(ByteView bytes, const VmwareStateHeader& header) {
  constexpr std::size_t kMost = 64;  // any of them will do, unless it was in a program
  std::vector<PhysAddr> processors;
  const std::optional<std::uint64_t> group = FindGroup(bytes, header.GroupCount, "cpu");
  if (!group) return processors;
  TagReader reader(bytes, *group, header.version());
  for (std::uint32_t i = 0; i < kMaxVmwareTags && processors.size() < kMost; ++i) {
    const std::optional<VmwareTag> tag = reader.Next();
    if (!tag) break;
    const bool is_cr3 = (tag->name == "CR" || tag->name == "CR64") && tag->second == 3;
    if (is_cr3 && tag->number() != 0) processors.push_back(PhysAddr{tag->number()});
  }
  return processors;
}

/// The tags about memory, by name.
struct MemoryTags {
  std::uint64_t count = 0;  // of regions
  std::map<std::uint32_t, VmwareRegion> regions;
  std::map<std::uint32_t, int> fields;  // how many of a region's three fields were there
  VmwareTag memory;

  void Add(const VmwareTag& tag) {
    if (tag.name == "regionsCount") count = tag.number();
    if (tag.name == "Memory" && memory.data.empty()) memory = tag;
    if (tag.index >= kMaxVmwareRegions) return;
    if (tag.name == "regionPPN") Set(tag, &VmwareRegion::first_page);
    if (tag.name == "regionPageNum") Set(tag, &VmwareRegion::file_page);
    if (tag.name == "regionSize") Set(tag, &VmwareRegion::pages);
  }

 private:
  void Set(const VmwareTag& tag, std::uint64_t VmwareRegion::*field) {
    regions[tag.index].*field = tag.number();
    ++fields[tag.index];
  }
};

}  // namespace

Result<VmwareState> ReadVmwareState(ByteView bytes) {
  const Result<VmwareStateHeader> header = bytes.Read<VmwareStateHeader>(0, "VMware saved state header");
  if (!header) return tl::unexpected(header.error());
  const std::optional<std::uint64_t> group = FindGroup(bytes, header->GroupCount, "memory");
  if (!group)
    return Fail(ErrorKind::kUnsupported, "VMware saved state without a word about memory: suspend the machine again");
  TagReader reader(bytes, *group, header->version());
  MemoryTags tags;
  for (std::uint32_t i = 0; i < kMaxVmwareTags; ++i) {
    const std::optional<VmwareTag> tag = reader.Next();
    if (!tag) break;
    tags.Add(*tag);
  }
  if (tags.memory.packed)
    return Fail(ErrorKind::kUnsupported,
                "VMware saved state with compressed memory: make a crash dump of it with vmss2core");
  if (tags.count > kMaxVmwareRegions)
    return Fail(ErrorKind::kLimit, "VMware memory regions", *group, kMaxVmwareRegions, tags.count);
  VmwareState state{{}, tags.memory.data, tags.memory.promised, ReadProcessors(bytes, *header)};
  for (std::uint32_t i = 0; i < tags.count; ++i) {
    const VmwareRegion& region = tags.regions[i];
    const std::uint64_t largest = std::max({region.first_page, region.file_page, region.pages});
    if (tags.fields[i] != 3 || largest > kMaxPfn)
      return Fail(ErrorKind::kCorrupt, "VMware memory region " + std::to_string(i), *group, kMaxPfn, largest);
    state.regions.push_back(region);
  }
  return state;
}

}  // namespace poolblame

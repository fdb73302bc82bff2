#include "parser/pool/verifier_records.h"

#include <algorithm>
#include <set>

#include "parser/base/little_endian.h"

namespace poolblame {
namespace {

constexpr std::size_t kFewestSound = 8;  // pointers that make a rule
constexpr std::size_t kSoundForEachLost = 8;
constexpr std::size_t kMostLost = 16;  // more is another rule than this one

bool ByData(const VerifierRecord& a, const VerifierRecord& b) { return a.entry.address < b.entry.address; }

/// _VI_POOL_PAGE_HEADER, the first record of its page: NextPage, VerifierEntry, Signature. Signature's value is not
/// known, only that all pages have the same.
struct PageHead {
  VirtAddr next{};
  std::uint32_t signature = 0;
};

class RecordReader {
 public:
  RecordReader(const AddressSpace& space, const PoolHeaderLayout& layout) : space_(space), layout_(layout) {}

  [[nodiscard]] std::uint32_t pointer() const { return layout_.is_64bit ? 8 : 4; }
  [[nodiscard]] VirtAddr DataOf(const TrackedBlock& block) const { return block.header + layout_.header_size; }
  [[nodiscard]] std::uint64_t CapacityOf(const TrackedBlock& block) const {
    return block.bytes - layout_.header_size - pointer();
  }
  [[nodiscard]] VirtAddr TailOf(const TrackedBlock& block) const { return block.header + (block.bytes - pointer()); }
  [[nodiscard]] bool HasRoom(const TrackedBlock& block) const { return block.bytes > layout_.header_size + pointer(); }
  /// Nothing where it is not in the image.
  [[nodiscard]] std::optional<VirtAddr> Pointer(VirtAddr at) const {
    if (layout_.is_64bit) {
      const auto value = space_.Read<Le64>(at);
      return value ? std::optional(VirtAddr{*value}) : std::nullopt;
    }
    const auto value = space_.Read<Le32>(at);
    return value ? std::optional(VirtAddr{*value}) : std::nullopt;
  }
  [[nodiscard]] std::optional<PageHead> HeadOf(VirtAddr page) const {
    const auto next = Pointer(page);
    const auto signature = space_.Read<Le32>(page + 2 * std::uint64_t{pointer()});
    if (!next || !signature) return std::nullopt;
    return PageHead{*next, *signature};
  }
  /// The record that the block's own pointer leads to, if it speaks of the block.
  [[nodiscard]] bool IsSound(const TrackedBlock& block, VirtAddr record) const {
    return record.value % RecordBytes() == 0 && record.page_offset() != 0 &&
           ReadVerifierEntry(space_, layout_.is_64bit, record, DataOf(block), CapacityOf(block), block.tag).has_value();
  }
  void AddRecordsOf(VirtAddr page, std::vector<VerifierRecord>& records) const {
    for (std::uint64_t at = RecordBytes(); at < kPageSize; at += RecordBytes()) {
      const auto entry = ReadAnyVerifierEntry(space_, layout_.is_64bit, page + at);
      if (entry && entry->address >= space_.kernel_base() && entry->bytes != 0) records.push_back({page + at, *entry});
    }
  }

 private:
  [[nodiscard]] std::uint64_t RecordBytes() const { return 4 * std::uint64_t{pointer()}; }

  const AddressSpace& space_;
  const PoolHeaderLayout& layout_;
};

/// Pages that sound pointers lead to, and those that their chains go on with.
std::set<VirtAddr> WithTheirChains(const RecordReader& reader, const std::set<VirtAddr>& pages) {
  std::set<VirtAddr> all = pages;
  for (const VirtAddr first : pages) {
    const auto head = reader.HeadOf(first);
    for (auto on = head; on && on->next.value != 0 && all.size() < VerifierRecords::kMostPages;) {
      const VirtAddr next = on->next;
      on = next.page_offset() == 0 ? reader.HeadOf(next) : std::nullopt;
      if (!on || on->signature != head->signature || !all.insert(next).second) break;
    }
  }
  return all;
}

}  // namespace

VerifierRecords::VerifierRecords(const AddressSpace& space, const PoolHeaderLayout& layout,
                                 std::span<const TrackedBlock> tracked) {
  const RecordReader reader(space, layout);
  std::set<VirtAddr> pages;
  std::vector<TrackedBlock> odd;
  std::size_t sound = 0;
  for (const TrackedBlock& block : tracked) {
    const auto record = reader.HasRoom(block) ? reader.Pointer(reader.TailOf(block)) : std::nullopt;
    if (!record) continue;
    if (!reader.IsSound(block, *record)) {
      odd.push_back(block);
      continue;
    }
    ++sound;
    if (pages.size() < kMostPages) pages.insert(record->page());
  }
  for (const VirtAddr page : WithTheirChains(reader, pages)) reader.AddRecordsOf(page, records_);
  std::stable_sort(records_.begin(), records_.end(), ByData);
  for (const TrackedBlock& block : odd)
    if (const VerifierRecord* record = Of(reader.DataOf(block), reader.CapacityOf(block), block.tag))
      lost_.push_back({block, reader.TailOf(block), record->at.value});
  if (sound < kFewestSound || lost_.size() * kSoundForEachLost > sound || lost_.size() > kMostLost) lost_.clear();
}

const VerifierRecord* VerifierRecords::Of(VirtAddr data, std::uint64_t capacity, PoolTag tag) const {
  VerifierRecord wanted;
  wanted.entry.address = data;
  const auto [first, last] = std::equal_range(records_.begin(), records_.end(), wanted, ByData);
  if (last - first != 1) return nullptr;
  const VerifierEntry& entry = first->entry;
  return entry.bytes <= capacity && entry.tag.name() == tag.name() ? &*first : nullptr;
}

}  // namespace poolblame

#include "heuristics/quota_scan.h"

#include <algorithm>
#include <cstdint>
#include <map>
#include <optional>

#include "heuristics/incidents.h"
#include "heuristics/marked_header.h"
#include "heuristics/page_parts.h"
#include "parser/pool/page_walk.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kBilledOffset = 8;  // of ProcessBilled in every x64 layout
constexpr std::uint32_t kBilledBytes = 8;

struct Charge {
  VirtAddr header{};        // the POOL_HEADER
  std::uint64_t value = 0;  // ProcessBilled, the header's address taken out where the system puts it in
};

/// What all values of one kind of block share.
std::uint64_t FamilyOf(std::uint64_t value) { return value & 0xFFFF00000000000FULL; }

/// The values of one kind of block: charged to a process, or on a lookaside list.
class Charges {
 public:
  void Count(std::uint64_t value) {
    ++total_;
    Bump(families_, FamilyOf(value), 1);
    Bump(values_, value, 1);
  }
  void Add(const Charges& later) {
    total_ += later.total_;
    for (const auto& [family, blocks] : later.families_) Bump(families_, family, blocks);
    for (const auto& [value, blocks] : later.values_) Bump(values_, value, blocks);
  }
  /// Settles what is right. Few blocks that differ are damage, more are a system that does not keep to the rule.
  void Settle(std::uint64_t blocks_per_outlier) {
    constexpr std::uint64_t kMostOutliers = 2;
    const auto most = std::max_element(families_.begin(), families_.end(),
                                       [](const auto& a, const auto& b) { return a.second < b.second; });
    if (most == families_.end()) return;
    const std::uint64_t outliers = total_ - most->second;
    if (outliers == 0 || outliers > kMostOutliers || total_ < blocks_per_outlier * outliers + outliers) return;
    family_ = most->first;
    std::erase_if(values_, [this](const auto& entry) { return FamilyOf(entry.first) != *family_; });
  }
  [[nodiscard]] bool has_outliers() const { return family_.has_value(); }
  [[nodiscard]] bool IsOutlier(std::uint64_t value) const { return family_ && FamilyOf(value) != *family_; }

  /// The sound value that the fewest bytes of `value` contradict; of several the commonest.
  [[nodiscard]] std::uint64_t Nearest(std::uint64_t value) const {
    const auto nearest = std::min_element(values_.begin(), values_.end(), [&](const auto& a, const auto& b) {
      const int wrong_a = WrongBytes(a.first ^ value), wrong_b = WrongBytes(b.first ^ value);
      return wrong_a != wrong_b ? wrong_a < wrong_b : a.second > b.second;
    });
    return nearest->first;
  }

 private:
  using Counts = std::map<std::uint64_t, std::uint64_t>;
  static constexpr std::size_t kMostValues = 4096;  // processes of a busy terminal server

  static void Bump(Counts& counts, std::uint64_t key, std::uint64_t blocks) {
    if (counts.size() < kMostValues || counts.contains(key)) counts[key] += blocks;
  }
  static int WrongBytes(std::uint64_t difference) {
    int wrong = 0;
    for (; difference != 0; difference >>= 8) wrong += (difference & 0xFF) != 0 ? 1 : 0;
    return wrong;
  }

  Counts families_, values_;
  std::uint64_t total_ = 0;
  std::optional<std::uint64_t> family_;
};

struct ChargeTable {
  Charges charged, listed;
  void Add(const ChargeTable& later) {
    charged.Add(later.charged);
    listed.Add(later.listed);
  }
};

/// Calls `visit(charges, block)` for every block of `page` that has a ProcessBilled, where its address is known.
template <typename Visitor>
void ForEachCharge(const PoolPageRef& page, const HeaderReader& reader, ChargeTable& table, Visitor&& visit) {
  if (!page.address) return;
  const bool encoded = reader.layout().quota == QuotaEncoding::kXorCookie;
  ForEachBlock(page.bytes, reader, [&](std::uint32_t place, const QuickHeader& header) {
    const bool charged = header.state == BlockState::kAllocated && (header.type & kPoolTypeQuota) != 0;
    const bool listed = header.state == BlockState::kLookaside && encoded;
    if (!charged && !listed) return;
    const std::uint32_t offset = place * reader.unit();
    const VirtAddr at = *page.address + offset;
    const std::uint64_t billed = reader.layout().Decode(page.bytes + offset).ProcessBilled;
    visit(charged ? table.charged : table.listed, Charge{at, billed ^ (encoded ? at.value : 0)});
  });
}

/// The header as it must have been, its wrong bytes marked. A tag right before a ProcessBilled that is all wrong may
/// have been overwritten with it, unless other blocks have it.
void MarkBilled(PoolBlock& block, std::uint64_t wrong, bool tag_vouched) {
  block.expected.ProcessBilled = block.read.ProcessBilled ^ wrong;
  for (std::uint32_t i = 0; i < kBilledBytes; ++i)
    if ((wrong >> (8 * i) & 0xFF) != 0) block.damaged_bytes |= 1U << (kBilledOffset + i);
  if ((wrong & 0xFF) == 0 || tag_vouched) return;
  block.tag_known = false;
  block.doubtful_bytes |= 0xF0;
}

/// The block was never charged: what is wrong is the bit that says so.
void MarkQuotaBit(PoolBlock& block) {
  constexpr std::uint32_t kTypeByte = 3;  // of every x64 layout
  block.expected.PoolType = static_cast<std::uint16_t>(block.read.PoolType ^ kPoolTypeQuota);
  block.damaged_bytes |= 1U << kTypeByte;
}

/// No other block of the tag is charged, and enough are known to say so.
bool IsNeverCharged(PoolTag tag, const PoolCensus& census) {
  constexpr std::size_t kFewestSiblings = 4;
  const TagStatistics* siblings = census.Tag(tag);
  if (siblings == nullptr) return false;
  std::size_t charged = 0, seen = 0;
  for (const BlockSample& sample : siblings->samples) {
    if (sample.state != BlockState::kAllocated) continue;
    ++seen;
    if ((census.layout->Decode(sample.header).PoolType & kPoolTypeQuota) != 0) ++charged;
  }
  return seen >= kFewestSiblings && charged <= 1;  // the block itself may be among the samples
}

bool IsVouched(PoolTag tag, const SceneSetter& setter) {
  const TagStatistics* blocks = setter.census().Tag(tag);
  return (blocks != nullptr && blocks->allocated > 1) || !setter.tags().Find(tag).empty();
}

/// What every block of the image is charged.
ChargeTable CountCharges(const PoolCensus& census, const HeaderReader& reader, unsigned threads) {
  const auto count = [](Charges& charges, const Charge& charge) { charges.Count(charge.value); };
  ChargeTable table;
  LookAtPages<ChargeTable>(
      census, threads, [&](const PoolPageRef& page, ChargeTable& part) { ForEachCharge(page, reader, part, count); },
      [&](const ChargeTable& part) { table.Add(part); });
  for (const ChargedBlock& block : census.charged) table.charged.Count(block.billed ^ block.header.value);
  return table;
}

}  // namespace

void AddQuotaIncidents(std::vector<Scene>& scenes, SceneSetter& setter) {
  const PoolCensus& census = setter.census();
  if (census.layout == nullptr || !census.layout->is_64bit) return;
  const HeaderReader reader(*census.layout);
  ChargeTable table = CountCharges(census, reader, setter.threads());
  // A plain value outside the family is no object's address, whatever the others are; behind a cookie they must tell.
  constexpr std::uint64_t kAgainstPlain = 4, kAgainstEncoded = 16;
  table.charged.Settle(census.layout->quota == QuotaEncoding::kXorCookie ? kAgainstEncoded : kAgainstPlain);
  table.listed.Settle(kAgainstEncoded);
  if (!table.charged.has_outliers() && !table.listed.has_outliers()) return;
  const auto add = [&](Charges& charges, const Charge& charge) {
    if (!charges.IsOutlier(charge.value) || scenes.size() >= kMaxIncidents) return;
    const std::uint64_t wrong = charge.value ^ charges.Nearest(charge.value);
    auto scene = SceneOfMarkedHeader(charge.header, setter, [&](PoolBlock& own) {
      const bool uncharged = (wrong & 0xFF) != 0 && own.state == BlockState::kAllocated;
      if (uncharged && IsNeverCharged(own.tag(), census))
        MarkQuotaBit(own);
      else
        MarkBilled(own, wrong, IsVouched(own.tag(), setter));
    });
    if (scene) scenes.push_back(std::move(*scene));
  };
  for (const PoolPageRef& page : census.healthy_pages) ForEachCharge(page, reader, table, add);
  for (const ChargedBlock& block : census.charged)
    add(table.charged, Charge{block.header, block.billed ^ block.header.value});
}

}  // namespace poolblame

// Who holds how much pool: PoolMon for a dump. Counted from the blocks that were walked and, where the image has nt's
// own tracker table, from that; both stand side by side, so that each can be held against the other.
#pragma once

#include <array>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "heuristics/report.h"
#include "parser/image/address_space.h"
#include "parser/kernel/system.h"
#include "parser/pool/pool_blocks.h"
#include "parser/pool/pool_census.h"
#include "parser/pool/tracker_table.h"
#include "pooltag/tag_database.h"

namespace poolblame {

/// PoolMon's Nonp and Paged; session pool has tables of its own. Nonpaged pool that may be executed and that may not is
/// one pool here, as in the kernel's own counters.
enum class UsageType { kNonPaged, kPaged, kSession, kUnknown };
inline constexpr std::size_t kUsageTypes = 4;
/// "nonpaged", "paged", "session", "unknown".
const char* UsageTypeName(UsageType type);
UsageType UsageTypeOf(PoolKind kind);

/// A tag's value and its pool: what tells rows apart.
using UsageKey = std::pair<std::uint32_t, UsageType>;

/// One tag in one pool.
struct UsageRow {
  PoolTag tag;  // without the protected bit
  UsageType type = UsageType::kUnknown;
  std::uint64_t blocks = 0, block_bytes = 0;  // in use, POOL_HEADERs included
  std::uint64_t rounding = 0;                 // bytes that whole pages of its big allocations are more
  std::uint64_t executable_bytes = 0;         // of nonpaged ones, on pages that may be executed
  std::uint64_t listed = 0;                   // blocks freed that wait on a lookaside or delay-free list
  std::optional<TrackerCount> tracked;        // what the kernel counted; nothing without a table, and in session pool
  bool by_tracker = false;                    // that is the source of the two below; else the blocks are
  Owner owner;

  [[nodiscard]] std::int64_t outstanding() const {
    return by_tracker ? tracked->outstanding : static_cast<std::int64_t>(blocks);
  }
  [[nodiscard]] std::uint64_t bytes() const { return by_tracker ? tracked->bytes : block_bytes; }
  /// The kernel's count is what was found; large blocks may count in whole pages.
  [[nodiscard]] bool SameCount() const { return tracked && tracked->outstanding == static_cast<std::int64_t>(blocks); }
  [[nodiscard]] bool SameBytes() const {
    return tracked && (tracked->bytes == block_bytes || tracked->bytes == block_bytes + rounding);
  }
};

/// The tracker table held against the blocks. The kernel takes a block back before it goes to a lookaside or delay-free
/// list, so that the two are equal where every block in use is in the image.
struct TrackerComparison {
  std::uint64_t rows = 0, same_count = 0, same_bytes = 0;  // rows that either has anything in
  std::uint64_t more_tracked = 0;  // the table has more: memory that is not in the image, or not walked
  std::uint64_t more_found = 0;    // it has less: freed blocks on lists that nothing tells of, or a table of others
};

/// One pool.
struct UsageTotal {
  std::uint64_t blocks = 0, bytes = 0;
  std::uint64_t free_blocks = 0, free_bytes = 0;
  std::uint64_t listed_blocks = 0, listed_bytes = 0;
  std::uint64_t nameless_blocks = 0, nameless_bytes = 0;  // of those in use: whose tag is not known
  std::uint64_t stateless_blocks = 0;                     // in use or free: the image does not say
};

/// Nonpaged pool that may be executed: data that an attacker gets there is code. Windows 8 and later keep apart what
/// drivers ask for without NonPagedPoolNx.
struct ExecutablePool {
  bool known = false;  // the page tables deny execution somewhere in the pools, so that it means something elsewhere
  std::uint64_t blocks = 0, bytes = 0, pages = 0;
};

enum class UsageSource { kBlocks, kTracker };

struct Usage {
  UsageSource source = UsageSource::kBlocks;
  std::optional<TrackerTable> tracker;
  TrackerComparison comparison;  // with a tracker table
  std::string why_not_tracker;   // where the blocks are the source
  std::vector<UsageRow> rows;    // by tag as it is read, then type
  std::array<UsageTotal, kUsageTypes> totals;
  ExecutablePool executable;
  BlockCoverage coverage;
  std::vector<std::string> notes;  // what these numbers leave out, one sentence each

  [[nodiscard]] const UsageTotal& Total(UsageType type) const { return totals[static_cast<std::size_t>(type)]; }
};

class Fragmentation;

/// Counts the whole image. Cost: a walk over all blocks; memory by the number of tags. `fragmentation` may be nullptr.
Usage CountUsage(const AddressSpace& space, const System& system, const PoolCensus& census, const TagDatabase& tags,
                 Fragmentation* fragmentation = nullptr);

/// True for a block that somebody holds.
bool IsInUse(const PlacedBlock& block);

}  // namespace poolblame

// Driver Verifier's records of blocks in pool of blocks, found from the blocks themselves: sound pointers at their ends
// lead to the pages of records, and there each record names its block. So a block whose pointer was overwritten still
// has its record, and that record says what the pointer was.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "parser/image/address_space.h"
#include "parser/pool/pool_census.h"
#include "parser/pool/verifier_entry.h"

namespace poolblame {

struct VerifierRecord {
  VirtAddr at{};  // of the record
  VerifierEntry entry;
};

/// A block in use whose last pointer is not that of its record.
struct LostPointer {
  TrackedBlock block;
  VirtAddr at{};  // of the pointer
  std::uint64_t expected = 0;
};

class VerifierRecords {
 public:
  VerifierRecords() = default;
  /// Empty where no block is tracked. Cost: two reads for each tracked block, one for each page of records.
  VerifierRecords(const AddressSpace& space, const PoolHeaderLayout& layout, std::span<const TrackedBlock> tracked);

  /// The one record that speaks of the block of `tag` whose data begins at `data` and has room for `capacity` bytes;
  /// nullptr for none, and where two do.
  [[nodiscard]] const VerifierRecord* Of(VirtAddr data, std::uint64_t capacity, PoolTag tag) const;
  /// Few, and among many sound ones, or none at all: else the pointer is not what it is taken for.
  [[nodiscard]] const std::vector<LostPointer>& lost() const { return lost_; }
  [[nodiscard]] std::size_t size() const { return records_.size(); }

  static constexpr std::size_t kMostPages = 4096;  // of records: half a million of them

 private:
  std::vector<VerifierRecord> records_;  // by the address of their blocks' data
  std::vector<LostPointer> lost_;
};

}  // namespace poolblame

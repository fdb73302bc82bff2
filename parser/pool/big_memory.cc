#include "parser/pool/big_memory.h"

#include <array>
#include <cstdio>

#include "parser/pool/segment_heap.h"

namespace poolblame {

BigOwner OwnerOfBigMemory(const PoolCensus& census, VirtAddr address) {
  BigOwner owner;
  const PageRange* range = census.segment_heap != nullptr ? census.segment_heap->RangeAt(address) : nullptr;
  owner.in_range = range != nullptr && range->kind == RangeKind::kPlain;
  if (owner.in_range) {
    owner.begin = range->address;
    owner.bytes = range->bytes;
  }
  const BigAllocation* live = FindBigAllocation(census.big_pages, address);
  const BigAllocation* known = live != nullptr ? live : FindLastOwner(census.big_last_owners, address);
  if (known == nullptr) return owner;
  owner.tag = known->tag;
  owner.freed = live == nullptr && !owner.in_range;
  if (live == nullptr && owner.in_range) owner.tag.reset();  // the range has a new owner whom the table does not name
  if (live != nullptr || !owner.in_range) {
    owner.begin = known->address;
    owner.bytes = known->bytes;
  }
  return owner;
}

std::optional<std::string> NoteOfBigOwner(const BigOwner& owner) {
  if (!owner.tag || !owner.begin) return std::nullopt;
  std::array<char, 24> begin{};
  std::snprintf(begin.data(), begin.size(), "0x%016llx", static_cast<unsigned long long>(owner.begin->value));
  const std::string whose = owner.freed ? "freed memory; its last owner was" : "memory of";
  return "the bug check names " + whose + " a big allocation of tag '" + owner.tag->name().text() + "', " +
         std::to_string(owner.bytes) + " bytes at " + begin.data();
}

}  // namespace poolblame

// What a bug check says about pool: its name, one sentence for these parameters, and the addresses it names.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "parser/base/address.h"
#include "parser/image/image.h"

namespace poolblame {

/// How an address from a bug check is to be used by the pool reader.
enum class AddressUse {
  kBlockHeader,    // a POOL_HEADER lies here
  kBlockPayload,   // what the caller of ExAllocatePool was given
  kListEntry,      // a LIST_ENTRY inside a free block
  kListHead,       // a list head outside the pool pages
  kPage,           // somewhere in this page
  kDataReference,  // an address that was dereferenced; may be garbage
  kUnmapped,       // nothing is mapped here, which is what the bug check is about
};

struct BugCheckAddress {
  std::string role;  // "freed block", "next block", "list head": REPORT.md's `role`
  VirtAddr address{};
  AddressUse use = AddressUse::kPage;
};

/// What the segment heap stops with.
inline constexpr std::uint32_t kKernelModeHeapCorruption = 0x13A;

/// What a bug-check sub-code says about the kind of fault, before any page was looked at. kNone where it says nothing.
enum class BugCheckHint {
  kNone,
  kOverrunLikely,
  kDoubleFree,
  kBadFree,
  kUseAfterFree,
  kFreeList,
  kUnderrun,
  kHardware
};

struct BugCheck {
  std::uint32_t code = 0;  // without the 0x10000000 that a debugger-written dump adds
  std::array<std::uint64_t, 4> parameters{};
  std::string name;     // "BAD_POOL_HEADER"; "UNKNOWN_BUGCHECK" where the table has none
  std::string meaning;  // one sentence for these parameters
  bool pool_related = false;
  BugCheckHint hint = BugCheckHint::kNone;
  std::vector<BugCheckAddress> addresses;  // kernel addresses only, in parameter order
  /// Kernel addresses that registers held when a list or tree was found damaged; most of them are not about that.
  std::vector<BugCheckAddress> registers;
  /// First ULONG of the block header at the first kBlockHeader address as the parameters carry it (0x19/0x20 P4,
  /// 0xC2/7 P3): lets a page that is not in the dump still be spoken of.
  std::optional<std::uint32_t> header_ulong1;
};

/// True for the codes that only a block of special pool can cause: 0xC1, 0xCC, 0xCD, 0xD5, 0xD6.
bool IsSpecialPoolBugCheck(const BugCheck& bugcheck);

/// An access that the page tables stopped: 0xCC, 0xCD, 0xD5, 0xD6.
struct TrappedAccess {
  VirtAddr address{};  // what was accessed
  bool write = false;
  VirtAddr instruction{};   // 0 where the kernel did not know
  bool after_free = false;  // else beyond the block's end
};
/// Nothing for any other code.
std::optional<TrappedAccess> TrappedAccessOf(const BugCheck& bugcheck);

/// Decodes a record. Never fails: an unknown code is UNKNOWN_BUGCHECK and its sentence repeats the parameters. On x86
/// parameters are cut to 32 bits. Sources: the tables of parser/kernel/bugcheck_table.h.
BugCheck ExplainBugCheck(const BugCheckRecord& record, Machine machine, std::optional<std::uint32_t> build);

}  // namespace poolblame

// 0x19 BAD_POOL_HEADER and 0xC2 BAD_POOL_CALLER: what the classic pool's own checks say.
//
// Sources: Microsoft's bug check reference (sub-codes and parameters); the debugger help of the 2000s, which dates the
// older ones; published disassembly of ExAllocatePoolWithTag of Windows 8 (0x19/0xE, 0x19/0x23); parameters of real
// crashes on GitHub: 0x19/0x20 maharmstone/btrfs#109 and dokan-dev/dokany#978 (P4 is the header's first ULONG),
// 0xC2/7 matt-wu/Ext3Fsd#8 (P2 is the tag, P3 the ULONG, P4 what the caller freed). ReactOS's pool names the meaning of
// the oldest sub-codes; where it alone speaks, the sentence stays with what the parameters show.
#include <array>

#include "parser/format/pool_header.h"
#include "parser/kernel/bugcheck_sentence.h"
#include "parser/kernel/bugcheck_table.h"

namespace poolblame {
namespace {

using enum AddressUse;
using enum BugCheckHint;

constexpr std::uint32_t kLastBuildOfXp = 2600;
constexpr std::uint32_t kLastBuildOf2003 = 3790;
constexpr std::uint64_t kLargestSourceLine =
    0xFFFF;  // 0xC2/7 P2: a line of the pool's source until Windows 8.1, then a tag

/// 0x19/0x20: how far the size in the header leads, compared with where the kernel says the next header is.
std::string SizeOfFreedBlock(const BugCheckArguments& a) {
  const std::uint32_t size = BlockBytesOfUlong1(static_cast<std::uint32_t>(a.p[3]), a.machine);
  const std::uint64_t distance = a.p[2] - a.p[1];
  if (distance == 0) return "; the block says it is 0 bytes long, so its own header is damaged";
  if (a.p[3] == 0 || size == 0) return "";
  if (size == distance) return "; the block says it is " + HexParameter(size) + " bytes long, which leads there";
  return "; the block says it is " + HexParameter(size) + " bytes long, which does not lead there";
}

/// 0x19/3: which of the two neighbours does not point back.
std::string WhichLink(const BugCheckArguments& a) {
  const bool forward = a.p[2] != a.p[1];
  const bool backward = a.p[3] != a.p[1];
  if (forward && backward) return "; both neighbours, or the entry itself, are overwritten";
  if (forward) return "; the entry behind it is damaged";
  if (backward) return "; the entry before it is damaged";
  return "; both agree now, so the damage was undone or lies elsewhere";
}

const PoolHeaderLayout* LayoutFor(const BugCheckArguments& a) {
  for (const PoolHeaderLayout& row : PoolHeaderLayouts()) {
    const bool fits = row.is_64bit == (PointerSize(a.machine) == 8);
    if (fits && a.build && *a.build >= row.first_build && *a.build <= row.last_build) return &row;
  }
  return nullptr;
}

/// What the header contents of 0xC2/7 read as; kUnknown when they are no sound header.
BlockState StateSaid(const BugCheckArguments& a) {
  const auto ulong1 = static_cast<std::uint32_t>(a.p[2]);
  const std::uint32_t size = BlockBytesOfUlong1(ulong1, a.machine);
  const std::uint32_t type = PoolTypeOfUlong1(ulong1, a.machine);
  if (size == 0 || size > kPageSize) return BlockState::kUnknown;
  const PoolHeaderLayout* layout = LayoutFor(a);
  if (layout != nullptr) return StateOfPoolType(*layout, static_cast<std::uint16_t>(type));
  return type == 0 || type == 4 || type == 5 ? BlockState::kFree : BlockState::kUnknown;
}

bool SaysFreed(const BugCheckArguments& a) {
  const BlockState state = StateSaid(a);
  return state == BlockState::kFree || state == BlockState::kLookaside;
}

/// 0xC2/7: a header that reads as a properly freed block means a double free; anything else means that the header was
/// overwritten and the caller is innocent. Some systems leave blocks on lookaside lists marked as in use.
std::string FreedTwiceOrSmashed(const BugCheckArguments& a) {
  const auto ulong1 = static_cast<std::uint32_t>(a.p[2]);
  std::string text = "; its header says " + HexParameter(BlockBytesOfUlong1(ulong1, a.machine)) + " bytes, type " +
                     HexParameter(PoolTypeOfUlong1(ulong1, a.machine));
  if (const PoolTag tag{static_cast<std::uint32_t>(a.p[1])}; a.p[1] > kLargestSourceLine && tag.plausible())
    text += ", tag '" + tag.text() + "'";
  if (SaysFreed(a)) return text + ": a block that was freed before";
  if (StateSaid(a) == BlockState::kAllocated)
    return text + ": a block in use, as blocks on lookaside lists look on some systems, or its header is damaged";
  return text + ": not what a free leaves, the header is damaged";
}

BugCheckHint JudgeSecondFree(const BugCheckArguments& a) { return SaysFreed(a) ? kDoubleFree : kOverrunLikely; }

// clang-format off
constexpr std::array kPoolRows = std::to_array<BugCheckRow>({
    // 0x19 BAD_POOL_HEADER
    {.code = 0x19, .sub_code = 0x2, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the special-pool pattern around the block at {2} ({3} bytes) is damaged",
     .roles = {{{2, "block with a damaged pattern", kPage}}}},
    {.code = 0x19, .sub_code = 0x3, .pool_related = true, .hint = kFreeList,
     .sentence = "the free-list entry at {2} is linked wrongly: its next entry points back to {3p}, its previous one to {4p}",
     .roles = {{{2, "free-list entry", kListEntry}}}, .detail = WhichLink},
    {.code = 0x19, .sub_code = 0x5, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the headers at {2} and {4} are neighbours that contradict each other about a size",
     .roles = {{{2, "block", kBlockHeader}, {4, "neighbouring block", kBlockHeader}}}},
    {.code = 0x19, .sub_code = 0x6, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the header at {4} says that the block before it starts at {2}, which is before its page",
     .roles = {{{4, "damaged block", kBlockHeader}}}},
    {.code = 0x19, .sub_code = 0x7, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the header at {4} says that no block lies before it, although it is not the first of its page",
     .roles = {{{4, "damaged block", kBlockHeader}}}},
    {.code = 0x19, .sub_code = 0x8, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the header at {4} says that its block is 0 bytes long",
     .roles = {{{4, "damaged block", kBlockHeader}}}},
    {.code = 0x19, .sub_code = 0x9, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the header at {4} says that its block ends at {2}, which is beyond its page",
     .roles = {{{4, "damaged block", kBlockHeader}}}},
    {.code = 0x19, .sub_code = 0xA, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the walk over the page at {4} never met the block at {2}: a header before it is damaged or the address is wrong",
     .roles = {{{2, "block that was looked for", kBlockHeader}, {4, "page", kPage}}}},
    {.code = 0x19, .sub_code = 0xD, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the header of a freed block changed (parameters {2}, {3}, {4})",
     .roles = {{{2, "freed block", kPage}}}},
    {.code = 0x19, .sub_code = 0xE, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the freed block at {2} carries {3} where {4} was left: its header was overwritten after the free",
     .roles = {{{2, "freed block", kBlockHeader}}}},
    {.code = 0x19, .sub_code = 0xF, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the header of a freed block changed (parameters {2}, {3}, {4})",
     .roles = {{{2, "freed block", kPage}}}},
    {.code = 0x19, .sub_code = 0x20, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the header at {3} does not agree with the block being freed at {2} about that block's size",
     .roles = {{{2, "freed block", kBlockHeader}, {3, "next block", kBlockHeader}}}, .header_parameter = 4,
     .detail = SizeOfFreedBlock},
    {.code = 0x19, .sub_code = 0x21, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the bytes behind the {3} bytes at {2} were overwritten (with {4p})",
     .roles = {{{2, "freed block", kBlockPayload}}}},
    {.code = 0x19, .sub_code = 0x22, .pool_related = true, .hint = kDoubleFree,
     .sentence = "{2} was freed, but no big allocation at that address is on record: freed before, or never allocated",
     .roles = {{{2, "freed block", kBlockPayload}}}},
    {.code = 0x19, .sub_code = 0x23, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the free block at {4} has pool index {2} on the list of pool {3}",
     .roles = {{{4, "free block", kBlockHeader}}}},
    {.code = 0x19, .sub_code = 0x24, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the header of a freed block changed (parameters {2}, {3}, {4})",
     .roles = {{{2, "freed block", kPage}}}},
    {.code = 0x19, .sub_code = 0x25, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the header of a freed block changed (parameters {2}, {3}, {4})",
     .roles = {{{2, "freed block", kPage}}}},

    // 0xC2 BAD_POOL_CALLER
    {.code = 0xC2, .sub_code = 0x0, .pool_related = true,
     .sentence = "0 bytes of {3k} pool were requested with tag {4t}"},
    {.code = 0xC2, .sub_code = 0x1, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the header at {2} is damaged: its first ULONG is {3}",
     .roles = {{{2, "damaged block", kBlockHeader}}}, .header_parameter = 3},
    {.code = 0xC2, .sub_code = 0x2, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the header at {2} is damaged: its first ULONG is {3}",
     .roles = {{{2, "damaged block", kBlockHeader}}}, .header_parameter = 3},
    {.code = 0xC2, .sub_code = 0x4, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the header at {2} is damaged: its first ULONG is {3}",
     .roles = {{{2, "damaged block", kBlockHeader}}}, .header_parameter = 3},
    {.code = 0xC2, .sub_code = 0x6, .pool_related = true, .hint = kDoubleFree,
     .sentence = "the block with its header at {3} was freed although it is free already (first ULONG {4})",
     .roles = {{{3, "freed block", kBlockHeader}}}, .header_parameter = 4},
    // XP came with two readings: P3 the header's address and P4 zero, or P3 the header's contents and P4 an address.
    {.code = 0xC2, .sub_code = 0x7, .last_build = kLastBuildOfXp, .pool_related = true, .hint = kDoubleFree,
     .sentence = "a block was freed although it is not marked as allocated (header {3p}, address {4p})",
     .roles = {{{3, "freed block", kBlockHeader}, {4, "freed block", kBlockPayload}}}},
    {.code = 0xC2, .sub_code = 0x7, .last_build = kLastBuildOf2003, .pool_related = true, .hint = kDoubleFree,
     .sentence = "the block with its header at {4} was freed although it is not marked as allocated",
     .roles = {{{4, "freed block", kBlockHeader}}}, .header_parameter = 3, .detail = FreedTwiceOrSmashed,
     .judge = JudgeSecondFree},
    {.code = 0xC2, .sub_code = 0x7, .pool_related = true, .hint = kDoubleFree,
     .sentence = "the block at {4} was freed although it is not marked as allocated",
     .roles = {{{4, "freed block", kBlockPayload}}}, .header_parameter = 3, .detail = FreedTwiceOrSmashed,
     .judge = JudgeSecondFree},
    {.code = 0xC2, .sub_code = 0x8, .pool_related = true,
     .sentence = "{4d} bytes of {3k} pool were requested at IRQL {2d}, which is too high"},
    {.code = 0xC2, .sub_code = 0x9, .pool_related = true,
     .sentence = "the {3k} pool block at {4} was freed at IRQL {2d}, which is too high",
     .roles = {{{4, "freed block", kBlockPayload}}}},
    {.code = 0xC2, .sub_code = 0xA, .pool_related = true, .hint = kBadFree,
     .sentence = "the block at {2} was freed with tag {4t}, but its header says {3t}",
     .roles = {{{2, "freed block", kBlockPayload}}}},
    {.code = 0xC2, .sub_code = 0xB, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the block at {2} (tag {3t}) is charged to {4p}, which is no process: its quota field was overwritten",
     .roles = {{{2, "freed block", kBlockPayload}}}},
    {.code = 0xC2, .sub_code = 0xC, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the block at {2} (tag {3t}) is charged to {4p}, which is no process: its quota field was overwritten",
     .roles = {{{2, "freed block", kBlockPayload}}}},
    {.code = 0xC2, .sub_code = 0xD, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the block at {2} (tag {3t}) is charged to {4p}, which is no process: its quota field was overwritten",
     .roles = {{{2, "freed block", kBlockPayload}}}},
    {.code = 0xC2, .sub_code = 0x40, .pool_related = true, .hint = kBadFree,
     .sentence = "{2p} was freed, an address below system space, which starts at {3}"},
    {.code = 0xC2, .sub_code = 0x41, .pool_related = true, .hint = kBadFree,
     .sentence = "{2} was freed, a nonpaged address (page frame {3}) that is not allocated",
     .roles = {{{2, "freed address", kPage}}}},
    {.code = 0xC2, .sub_code = 0x42, .pool_related = true, .hint = kBadFree,
     .sentence = "{2p} was freed, an address that was never in any pool", .roles = {{{2, "freed address", kPage}}}},
    {.code = 0xC2, .sub_code = 0x43, .pool_related = true, .hint = kBadFree,
     .sentence = "{2p} was freed, an address that was never in any pool", .roles = {{{2, "freed address", kPage}}}},
    {.code = 0xC2, .sub_code = 0x44, .pool_related = true, .hint = kBadFree,
     .sentence = "{2} was freed, a nonpaged address that is not allocated",
     .roles = {{{2, "freed address", kPage}}}},
    {.code = 0xC2, .sub_code = 0x46, .pool_related = true, .hint = kBadFree,
     .sentence = "{2p} was freed, which is no pool address", .roles = {{{2, "freed address", kPage}}}},
    {.code = 0xC2, .sub_code = 0x47, .pool_related = true, .hint = kBadFree,
     .sentence = "{2} was freed, a nonpaged address (page frame {3}) that is not allocated",
     .roles = {{{2, "freed address", kPage}}}},
    {.code = 0xC2, .sub_code = 0x48, .pool_related = true, .hint = kBadFree,
     .sentence = "{2} was freed, a paged address that is not allocated", .roles = {{{2, "freed address", kPage}}}},
    {.code = 0xC2, .sub_code = 0x50, .pool_related = true, .hint = kBadFree,
     .sentence = "{2} was freed, page {3} of paged pool ({4} bytes), where no allocation starts",
     .roles = {{{2, "freed address", kPage}}}},
    {.code = 0xC2, .sub_code = 0x60, .pool_related = true, .hint = kBadFree,
     .sentence = "{2p} was given to MmFreeContiguousMemory, which had not allocated it",
     .roles = {{{2, "freed address", kPage}}}},
    {.code = 0xC2, .sub_code = 0x99, .pool_related = true, .hint = kBadFree,
     .sentence = "{2p} was freed, where no block starts: a pointer into a block, or a damaged header",
     .roles = {{{2, "freed address", kPage}}}},
    {.code = 0xC2, .sub_code = 0x9A, .pool_related = true,
     .sentence = "{3d} bytes were requested with tag {4t} from must-succeed pool, which no longer exists"},
    {.code = 0xC2, .sub_code = 0x9B, .pool_related = true,
     .sentence = "{3d} bytes of {2k} pool were requested with tag 0 by code at {4}"},
    {.code = 0xC2, .sub_code = 0x9C, .pool_related = true,
     .sentence = "{3d} bytes of {2k} pool were requested with the reserved tag 'BIG' by code at {4}"},
    {.code = 0xC2, .sub_code = 0x9D, .pool_related = true,
     .sentence = "code at {4} requested {3k} pool with tag {2}, which has neither letter nor digit"},
    {.code = 0xC2, .sub_code = 0x41286, .pool_related = true, .hint = kBadFree,
     .sentence = "an address in the middle of a paged allocation was freed ({4} pages into paged pool)"},
});
// clang-format on

}  // namespace

std::span<const BugCheckRow> PoolBugChecks() { return kPoolRows; }

}  // namespace poolblame

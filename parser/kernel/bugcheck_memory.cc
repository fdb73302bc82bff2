// Codes that meet pool damage from outside: bad pointers followed in the pool's code (0xC5, 0xD0), the memory manager's
// own checks (0x1A), faults on addresses that something overwrote (0xA, 0x50, 0xD1, exceptions).
// Source: Microsoft's bug check reference; the access kinds of 0x50 changed with Windows 10 1511.
#include <array>
#include <bit>

#include "parser/kernel/bugcheck_sentence.h"
#include "parser/kernel/bugcheck_table.h"

namespace poolblame {
namespace {

using enum AddressUse;
using enum BugCheckHint;

/// 0x50 P4: why the address is not there.
std::string WhyNotMapped(const BugCheckArguments& a) {
  switch (a.p[3]) {
    case 0x0:
      return "; its page was given back";
    case 0x2:
      return "; no page table leads there";
    case 0x3:
      return "; it belongs to another session";
    case 0x4:
      return "; it is not canonical, so the pointer was overwritten";
    case 0xF:
      return "; it is a user address";
    default:
      return "";
  }
}

/// A difference of one bit between what is there and what belongs there is what failing memory leaves.
BugCheckHint OneBitIsHardware(const BugCheckArguments& a) {
  return std::popcount(a.p[2] ^ a.p[3]) == 1 ? kHardware : kNone;
}
BugCheckHint OneBitOfPteIsHardware(const BugCheckArguments& a) {
  return std::popcount(a.p[2]) + std::popcount(a.p[3]) == 1 ? kHardware : kNone;
}

std::string OneBitIsSaid(const BugCheckArguments& a) {
  return OneBitOfPteIsHardware(a) == kHardware ? "; a single bit is set in it, as failing memory leaves" : "";
}

/// 0x1E: P3 and P4 are the exception's own parameters; those of an access violation name the address.
std::string AccessViolation(const BugCheckArguments& a) {
  if (static_cast<std::uint32_t>(a.p[0]) != 0xC0000005) return "";
  return FillSentence("; it was an access ({3a}) to {4p}", a);
}

constexpr std::string_view kFault = "code at {4} accessed ({3a}) {1p} at IRQL {2d}";

// clang-format off
constexpr std::array kMemoryRows = std::to_array<BugCheckRow>({
    {.code = 0xA, .sentence = kFault, .roles = {{{1, "address referenced", kDataReference}}}},
    {.code = 0xD1, .sentence = kFault, .roles = {{{1, "address referenced", kDataReference}}}},
    {.code = 0xC5, .pool_related = true, .hint = kFreeList,
     .sentence = "the pool's own code at {4} followed a bad link: it accessed ({3a}) {1p} at IRQL {2d}",
     .roles = {{{1, "bad link", kDataReference}}}},
    {.code = 0xD0, .pool_related = true, .hint = kFreeList,
     .sentence = "the pool's code for whole pages at {4} followed a bad link: it accessed ({3a}) {1p} at IRQL {2d}",
     .roles = {{{1, "bad link", kDataReference}}}},
    {.code = 0xDB, .sentence = "code that keeps system page-table entries at {4} accessed ({3a}) {1p} at IRQL {2d}",
     .roles = {{{1, "address referenced", kDataReference}}}},
    {.code = 0x50, .sentence = "code at {3} accessed ({2a}) {1p}, which is not mapped",
     .roles = {{{1, "address referenced", kDataReference}}}, .detail = WhyNotMapped},
    {.code = 0xBE, .sentence = "a driver wrote to {1}, which is read-only (page-table entry {2})",
     .roles = {{{1, "address referenced", kDataReference}}}},
    {.code = 0xFC, .sentence = "code at {1} was executed in memory that is not executable (page-table entry {2})",
     .roles = {{{1, "address executed", kDataReference}}}},
    {.code = 0x41, .pool_related = true,
     .sentence = "{1d} bytes of must-succeed pool were requested and none was left ({2d} pages used, {4d} available)"},
    {.code = 0xC7, .sub_code = 0x0, .pool_related = true, .hint = kUseAfterFree,
     .sentence = "the memory at {3} was freed while it holds the active timer at {2}",
     .roles = {{{3, "freed range", kPage}}}},
    {.code = 0xC7, .sub_code = 0x1, .pool_related = true, .hint = kUseAfterFree,
     .sentence = "the memory at {3} was freed while it holds the queued DPC at {2}",
     .roles = {{{3, "freed range", kPage}}}},
    {.code = 0xDE, .pool_related = true,
     .sentence = "pool memory that holds pages of a file was modified (parameters {1}, {2}, {3}, {4})"},

    {.code = 0x1A, .sub_code = 0x31, .hint = kHardware, .sentence = "an image in memory is damaged (parameters {2}, {3}, {4})"},
    {.code = 0x1A, .sub_code = 0x3F, .hint = kHardware,
     .sentence = "a page read from the paging file is damaged: its checksum is {4} instead of {3}"},
    {.code = 0x1A, .sub_code = 0x403, .sentence = "page-table entry {2} and the page-frame records do not agree ({3} and {4})",
     .judge = OneBitIsHardware},
    {.code = 0x1A, .sub_code = 0x411, .sentence = "page-table entry {2} is damaged ({3}, {4})"},
    {.code = 0x1A, .sub_code = 0x3470, .sentence = "the free kernel stack at {2} was overwritten ({3} where its cookie was)",
     .roles = {{{2, "free kernel stack", kPage}}}},
    {.code = 0x1A, .sub_code = 0x5100, .sentence = "the allocation bitmap is damaged (parameters {2}, {3}, {4})"},
    {.code = 0x1A, .sub_code = 0x5200, .pool_related = true, .hint = kUseAfterFree,
     .sentence = "the free pool page at {2} was overwritten: it holds {3p} where {4} was left",
     .roles = {{{2, "free pool page", kPage}}}},
    {.code = 0x1A, .sub_code = 0x5305, .pool_related = true, .hint = kBadFree,
     .sentence = "{2} was freed, which is no pool allocation (region of {3} bytes)",
     .roles = {{{2, "freed address", kPage}}}},
    {.code = 0x1A, .sub_code = 0x41284, .sentence = "page-table entry or working-set list of {2} is damaged ({3}, {4})"},
    {.code = 0x1A, .sub_code = 0x41286, .pool_related = true, .hint = kBadFree,
     .sentence = "{2p} was freed, which is no pool address", .roles = {{{2, "freed address", kPage}}}},
    {.code = 0x1A, .sub_code = 0x41287, .sentence = "the memory manager met an illegal page fault at {2}"},
    {.code = 0x1A, .sub_code = 0x41790, .sentence = "the page-table page of {2} has a damaged count of used entries ({3}, {4})"},
    {.code = 0x1A, .sub_code = 0x41792, .sentence = "the page-table entry at {2} is damaged (low part {3}, high part {4})",
     .detail = OneBitIsSaid, .judge = OneBitOfPteIsHardware},
    {.code = 0x1A, .sub_code = 0x41793, .sentence = "the page-table page of {2} has {3d} used entries where {4d} were counted"},
    {.code = 0x1A, .sub_code = 0x61941, .sentence = "the page tables that map {2} are damaged (parameters {3}, {4})"},
    {.code = 0x1A, .sentence = "the memory manager's check {1} failed (parameters {2}, {3}, {4})"},

    {.code = 0x1E, .sentence = "exception {1e} at {2}", .detail = AccessViolation},
    {.code = 0x3B, .sentence = "exception {1e} at {2} in a system call (context record at {3})"},
    {.code = 0x7E, .sentence = "exception {1e} at {2} in a system thread (exception record {3}, context record {4})"},
    {.code = 0x8E, .sentence = "exception {1e} at {2} in kernel mode (trap frame {3})"},
    {.code = 0x7F, .sentence = "processor trap {1d} in kernel mode (parameters {2}, {3}, {4})"},
    {.code = 0x12B, .hint = kHardware, .sentence = "a page read back differs from what was written: failing memory (parameters {1}, {2}, {3}, {4})"},
});
// clang-format on

}  // namespace

std::span<const BugCheckRow> MemoryBugChecks() { return kMemoryRows; }

}  // namespace poolblame

// Special pool (one block a page, guard page behind it) and pages of freed pool: the codes that catch a fault in the
// act or tell at the free where the filler around a block is damaged.
// Source: Microsoft's bug check reference for 0xC1, 0xC6, 0xCC, 0xCD, 0xD5, 0xD6, 0xEC; the order of the 0xC1 tests
// from ReactOS's special pool; a published 0xC1/0x23 of Project Zero (P2 lies before P1: the filler before the data).
#include <array>

#include "parser/kernel/bugcheck_sentence.h"
#include "parser/kernel/bugcheck_table.h"

namespace poolblame {
namespace {

using enum AddressUse;
using enum BugCheckHint;

/// 0xC1/0x23 and 0x24: how far from the block the first damaged byte lies.
std::string DistanceFromBlock(const BugCheckArguments& a) {
  if (a.p[1] < a.p[0]) return ", " + std::to_string(a.p[0] - a.p[1]) + " bytes before the block";
  return ", " + std::to_string(a.p[1] - a.p[0]) + " bytes from the block's start";
}

// clang-format off
constexpr std::array kSpecialPoolRows = std::to_array<BugCheckRow>({
    {.code = 0xC1, .sub_code = 0x20, .pool_related = true, .hint = kDoubleFree,
     .sentence = "{1} was freed, but special pool has no block there: freed before, or never allocated",
     .roles = {{{1, "freed block", kUnmapped}}}},
    {.code = 0xC1, .sub_code = 0x21, .pool_related = true, .hint = kBadFree,
     .sentence = "the special-pool block at {1} was requested with {2} bytes, its header says {3}: another pointer than the one allocated, or a damaged header",
     .roles = {{{1, "freed block", kPage}}}},
    {.code = 0xC1, .sub_code = 0x22, .pool_related = true, .hint = kBadFree,
     .sentence = "the special-pool block at {1} was requested with {2} bytes, its place in the page says {3}: another pointer than the one allocated",
     .roles = {{{1, "freed block", kPage}}}},
    {.code = 0xC1, .sub_code = 0x23, .pool_related = true, .hint = kUnderrun,
     .sentence = "when the special-pool block at {1} was freed, the filler in its page was damaged from {2} on",
     .roles = {{{1, "freed block", kBlockPayload}, {2, "first damaged byte", kPage}}}, .detail = DistanceFromBlock},
    {.code = 0xC1, .sub_code = 0x24, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "when the special-pool block at {1} was freed, the bytes behind its end were damaged from {2} on",
     .roles = {{{1, "freed block", kBlockPayload}, {2, "first damaged byte", kPage}}}, .detail = DistanceFromBlock},
    {.code = 0xC1, .sub_code = 0x30, .pool_related = true,
     .sentence = "{3d} bytes of {2k} special pool were requested at IRQL {1d}, which is too high"},
    {.code = 0xC1, .sub_code = 0x31, .pool_related = true,
     .sentence = "the {2k} special-pool block at {3} was freed at IRQL {1d}, which is too high",
     .roles = {{{3, "freed block", kBlockPayload}}}},
    {.code = 0xC1, .sub_code = 0x32, .pool_related = true, .hint = kHardware,
     .sentence = "when the special-pool block at {1} was freed, one bit of the filler at {2} was flipped",
     .roles = {{{1, "freed block", kBlockPayload}, {2, "flipped bit", kPage}}}},
    {.code = 0xC6, .pool_related = true, .hint = kUseAfterFree,
     .sentence = "freed pool at {1} was accessed ({2a})", .roles = {{{1, "freed pool", kPage}}}},
    {.code = 0xCC, .pool_related = true, .hint = kUseAfterFree,
     .sentence = "code at {3} accessed ({2a}) {1}, a special-pool block that was freed before",
     .roles = {{{1, "freed special pool", kUnmapped}}}},
    {.code = 0xCD, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "code at {3} accessed ({2a}) {1}, behind the end of a special-pool block",
     .roles = {{{1, "guard page", kUnmapped}}}},
    {.code = 0xD5, .pool_related = true, .hint = kUseAfterFree,
     .sentence = "a driver's code at {3} accessed ({2a}) {1}, a special-pool block that was freed before",
     .roles = {{{1, "freed special pool", kUnmapped}}}},
    {.code = 0xD6, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "a driver's code at {3} accessed ({2a}) {1}, behind the end of a special-pool block",
     .roles = {{{1, "guard page", kUnmapped}}}},
    {.code = 0xEC, .pool_related = true,
     .sentence = "session {1d} ended while {2d} pages of its special pool were still allocated"},
});
// clang-format on

}  // namespace

std::span<const BugCheckRow> SpecialPoolBugChecks() { return kSpecialPoolRows; }

bool IsSpecialPoolBugCheck(const BugCheck& bugcheck) {
  return bugcheck.code == 0xC1 || TrappedAccessOf(bugcheck).has_value();
}

std::optional<TrappedAccess> TrappedAccessOf(const BugCheck& bugcheck) {
  const bool after_free = bugcheck.code == 0xCC || bugcheck.code == 0xD5;
  if (!after_free && bugcheck.code != 0xCD && bugcheck.code != 0xD6) return std::nullopt;
  return TrappedAccess{
      {bugcheck.parameters[0]}, (bugcheck.parameters[1] & 1) != 0, {bugcheck.parameters[2]}, after_free};
}

}  // namespace poolblame

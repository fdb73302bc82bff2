// 0xC4 DRIVER_VERIFIER_DETECTED_VIOLATION: the sub-codes about pool, and only those.
// Source: Microsoft's bug check reference for 0xC4.
#include <array>

#include "parser/kernel/bugcheck_table.h"

namespace poolblame {
namespace {

using enum AddressUse;
using enum BugCheckHint;

constexpr std::string_view kTrackingDamaged =
    "the block at {2} carries tracking data of Driver Verifier that does not fit (parameters {3}, {4}): its end was "
    "overrun";

// clang-format off
constexpr std::array kVerifierRows = std::to_array<BugCheckRow>({
    {.code = 0xC4, .sub_code = 0x00, .pool_related = true, .sentence = "0 bytes of {3k} pool were requested at IRQL {2d}"},
    {.code = 0xC4, .sub_code = 0x01, .pool_related = true,
     .sentence = "{4d} bytes of {3k} pool were requested at IRQL {2d}, which is too high"},
    {.code = 0xC4, .sub_code = 0x02, .pool_related = true,
     .sentence = "{4d} bytes of {3k} pool were requested at IRQL {2d}, which is too high"},
    {.code = 0xC4, .sub_code = 0x03, .pool_related = true,
     .sentence = "more than a page was requested from must-succeed pool (parameters {2}, {3}, {4})"},
    {.code = 0xC4, .sub_code = 0x10, .pool_related = true, .hint = kBadFree,
     .sentence = "{2p} was freed, which no allocation returned", .roles = {{{2, "freed address", kPage}}}},
    {.code = 0xC4, .sub_code = 0x11, .pool_related = true,
     .sentence = "the {3k} pool block at {4} was freed at IRQL {2d}, which is too high",
     .roles = {{{4, "freed block", kBlockPayload}}}},
    {.code = 0xC4, .sub_code = 0x12, .pool_related = true,
     .sentence = "the {3k} pool block at {4} was freed at IRQL {2d}, which is too high",
     .roles = {{{4, "freed block", kBlockPayload}}}},
    {.code = 0xC4, .sub_code = 0x13, .pool_related = true, .hint = kDoubleFree,
     .sentence = "the block with its header at {3} (contents {4}) was freed although it is free already",
     .roles = {{{3, "freed block", kBlockHeader}}}, .header_parameter = 4},
    {.code = 0xC4, .sub_code = 0x14, .pool_related = true, .hint = kDoubleFree,
     .sentence = "the block with its header at {3} (contents {4}) was freed although it is free already",
     .roles = {{{3, "freed block", kBlockHeader}}}, .header_parameter = 4},
    {.code = 0xC4, .sub_code = 0x15, .pool_related = true, .hint = kUseAfterFree,
     .sentence = "the {3k} pool block at {4} was freed while it holds an active timer at {2}",
     .roles = {{{4, "freed block", kBlockPayload}}}},
    {.code = 0xC4, .sub_code = 0x16, .pool_related = true, .hint = kBadFree,
     .sentence = "{3p} was freed, which is no pool address", .roles = {{{3, "freed address", kPage}}}},
    {.code = 0xC4, .sub_code = 0x17, .pool_related = true, .hint = kUseAfterFree,
     .sentence = "the {3k} pool block at {4} was freed while it holds an active resource at {2}",
     .roles = {{{4, "freed block", kBlockPayload}}}},
    {.code = 0xC4, .sub_code = 0x51, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the block at {2} ({4} bytes) refers to {3}, beyond its end: the bytes behind the block were overwritten",
     .roles = {{{2, "freed block", kPage}}}},
    {.code = 0xC4, .sub_code = 0x52, .pool_related = true, .hint = kOverrunLikely, .sentence = kTrackingDamaged,
     .roles = {{{2, "freed block", kPage}}}},
    {.code = 0xC4, .sub_code = 0x53, .pool_related = true, .hint = kOverrunLikely, .sentence = kTrackingDamaged,
     .roles = {{{2, "freed block", kPage}}}},
    {.code = 0xC4, .sub_code = 0x54, .pool_related = true, .hint = kOverrunLikely, .sentence = kTrackingDamaged,
     .roles = {{{2, "freed block", kPage}}}},
    {.code = 0xC4, .sub_code = 0x59, .pool_related = true, .hint = kOverrunLikely, .sentence = kTrackingDamaged,
     .roles = {{{2, "freed block", kPage}}}},
    {.code = 0xC4, .sub_code = 0x60, .pool_related = true,
     .sentence = "a driver was unloaded and left {4d} pool blocks allocated ({2d} bytes paged, {3d} bytes nonpaged)"},
    {.code = 0xC4, .sub_code = 0x61, .pool_related = true,
     .sentence = "a driver allocated pool while it was being unloaded ({4d} blocks, {2d} bytes paged, {3d} bytes nonpaged)"},
    {.code = 0xC4, .sub_code = 0x62, .pool_related = true,
     .sentence = "a driver was unloaded and left {4d} pool blocks allocated (its name is at {2})"},
    {.code = 0xC4, .sub_code = 0x7D, .pool_related = true,
     .sentence = "MmUnlockPages was called for the MDL at {2} (flags {3}), which describes nonpaged pool"},
    {.code = 0xC4, .sub_code = 0xCC, .pool_related = true, .hint = kUseAfterFree,
     .sentence = "the block at {3} ({4} bytes) was freed while it holds the active lookaside list at {2}",
     .roles = {{{3, "freed block", kBlockPayload}}}},
    {.code = 0xC4, .sub_code = 0xCD, .pool_related = true,
     .sentence = "the lookaside list at {2} was initialised for blocks of {3d} bytes, at least {4d} are needed"},
    {.code = 0xC4, .sub_code = 0xD2, .pool_related = true, .hint = kUseAfterFree,
     .sentence = "the block at {3} ({4} bytes) was freed while it holds the active ERESOURCE at {2}",
     .roles = {{{3, "freed block", kBlockPayload}}}},
    {.code = 0xC4, .sub_code = 0x105, .pool_related = true, .hint = kBadFree,
     .sentence = "the IRP at {2} was freed with ExFreePool instead of IoFreeIrp", .roles = {{{2, "freed IRP", kPage}}}},
    {.code = 0xC4, .sub_code = 0x13A, .pool_related = true, .hint = kOverrunLikely, .sentence = kTrackingDamaged,
     .roles = {{{2, "freed block", kPage}}}},
    {.code = 0xC4, .sub_code = 0x13B, .pool_related = true, .hint = kOverrunLikely, .sentence = kTrackingDamaged,
     .roles = {{{2, "freed block", kPage}}}},
    {.code = 0xC4, .sub_code = 0x13C, .pool_related = true, .hint = kOverrunLikely, .sentence = kTrackingDamaged,
     .roles = {{{2, "freed block", kPage}}}},
    {.code = 0xC4, .sub_code = 0x13D, .pool_related = true, .hint = kOverrunLikely, .sentence = kTrackingDamaged,
     .roles = {{{2, "freed block", kPage}}}},
    {.code = 0xC4, .sub_code = 0x13E, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the block at {2} was freed, but Driver Verifier tracks it as {3}", .roles = {{{2, "freed block", kPage}}}},
    {.code = 0xC4, .sub_code = 0x13F, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the block at {2} was freed with {3} bytes, which is not the size that Driver Verifier tracks (at {4})",
     .roles = {{{2, "freed block", kPage}}}},
    {.code = 0xC4, .sub_code = 0x2000, .pool_related = true,
     .sentence = "code at {2} requested executable {3k} pool with tag {4t}"},
    {.code = 0xC4, .sentence = "Driver Verifier rule {1}, which is not about pool (parameters {2}, {3}, {4})"},
});
// clang-format on

}  // namespace

std::span<const BugCheckRow> VerifierBugChecks() { return kVerifierRows; }

}  // namespace poolblame

// 0x13A KERNEL_MODE_HEAP_CORRUPTION (the segment heap's own checks) and 0x139 KERNEL_SECURITY_CHECK_FAILURE.
//
// Sources: P1 of 0x13A is _HEAP_FAILURE_TYPE (PDB-derived headers 17134 and later; 0x17 from 26100 on) and Microsoft's
// bug check reference; P2 is the heap or a context inside it: offsets of _SEGMENT_HEAP per build, seen in real crashes
// (safing/portmaster#1587: 19041, heap + 0x100; #1396: 22621, heap + 0x140; openzfs#428: 24H2, heap + 0x340).
// P1 of 0x139 are the FAST_FAIL_ codes of the public winnt.h.
#include <array>

#include "parser/kernel/bugcheck_sentence.h"
#include "parser/kernel/bugcheck_table.h"

namespace poolblame {
namespace {

using enum AddressUse;
using enum BugCheckHint;

struct HeapContext {
  std::uint64_t offset;       // in _SEGMENT_HEAP, x64 and ARM64
  std::uint32_t first_build;  // inclusive
  std::uint32_t last_build;
  std::string_view name;
};

constexpr std::uint32_t kNewest = 0xFFFFFFFF;
constexpr std::array<HeapContext, 10> kHeapContexts = {{
    {0x048, 18362, 26099, "large-allocation metadata"},
    {0x100, 18362, 20347, "small-page segment context"},
    {0x1C0, 18362, 20347, "large-page segment context"},
    {0x280, 18362, 20347, "variable-size context"},
    {0x340, 18362, 20347, "low-fragmentation context"},
    {0x140, 22000, kNewest, "small-page segment context"},
    {0x200, 22000, kNewest, "large-page segment context"},
    {0x2C0, 22000, kNewest, "variable-size context"},
    {0x380, 22000, kNewest, "low-fragmentation context"},
    {0x340, 26100, kNewest, "low-fragmentation context"},  // openzfs#428; other images of 26100 have it at 0x380
}};

/// P2 of 0x13A. Heaps start on a page; the low 12 bits name the context. Without a build every row that has the offset
/// is tried, and names that differ are not given.
std::string WhichHeap(const BugCheckArguments& a) {
  const std::uint64_t offset = a.p[1] % kPageSize;
  if (!IsKernelAddress(a.p[1], a.machine)) return "";
  if (offset == 0) return "; reported by the heap at " + HexParameter(a.p[1]);
  std::string_view name;
  for (const HeapContext& row : kHeapContexts) {
    const bool in_range = !a.build || (*a.build >= row.first_build && *a.build <= row.last_build);
    if (row.offset == offset && in_range && PointerSize(a.machine) == 8) name = row.name;
  }
  std::string text = "; reported by ";
  if (name.empty()) return text + "the structure at " + HexParameter(a.p[1]);
  return text.append("the ").append(name).append(" of the heap at ").append(HexParameter(a.p[1] - offset));
}

// clang-format off
constexpr std::array kHeapRows = std::to_array<BugCheckRow>({
    {.code = 0x13A, .sub_code = 0x3, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the heap's header of the block at {3} is damaged",
     .roles = {{{3, "damaged block", kPage}}}, .detail = WhichHeap},
    {.code = 0x13A, .sub_code = 0x4, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "several of the heap's headers near {3} are damaged",
     .roles = {{{3, "damaged blocks", kPage}}}, .detail = WhichHeap},
    {.code = 0x13A, .sub_code = 0x5, .pool_related = true,
     .sentence = "the header of the large allocation at {3} is damaged",
     .roles = {{{3, "large allocation", kPage}}}, .detail = WhichHeap},
    {.code = 0x13A, .sub_code = 0x6, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the block at {3} was overrun", .roles = {{{3, "overrun block", kPage}}}, .detail = WhichHeap},
    {.code = 0x13A, .sub_code = 0x7, .pool_related = true, .hint = kUnderrun,
     .sentence = "the block at {3} was underrun", .roles = {{{3, "underrun block", kPage}}}, .detail = WhichHeap},
    {.code = 0x13A, .sub_code = 0x8, .pool_related = true, .hint = kDoubleFree,
     .sentence = "the block at {3} is free where an allocated one was expected",
     .roles = {{{3, "freed block", kPage}}}, .detail = WhichHeap},
    {.code = 0x13A, .sub_code = 0x9, .pool_related = true, .hint = kBadFree,
     .sentence = "the heap was called with an argument that cannot be right ({3p})",
     .roles = {{{3, "address given", kPage}}}, .detail = WhichHeap},
    {.code = 0x13A, .sub_code = 0xA, .pool_related = true, .hint = kBadFree,
     .sentence = "the heap does not know what kind of allocation {3p} is: it is not an allocation of this heap",
     .roles = {{{3, "address given", kPage}}}, .detail = WhichHeap},
    {.code = 0x13A, .sub_code = 0xB, .pool_related = true, .hint = kUseAfterFree,
     .sentence = "the block at {3} was used after it was freed",
     .roles = {{{3, "freed block", kPage}}}, .detail = WhichHeap},
    {.code = 0x13A, .sub_code = 0xC, .pool_related = true, .hint = kBadFree,
     .sentence = "the block at {3} was given to another heap than its own",
     .roles = {{{3, "freed block", kPage}}}, .detail = WhichHeap},
    {.code = 0x13A, .sub_code = 0xD, .pool_related = true, .hint = kFreeList,
     .sentence = "the heap's free list is damaged at {3}", .roles = {{{3, "free block", kPage}}}, .detail = WhichHeap},
    {.code = 0x13A, .sub_code = 0xE, .pool_related = true,
     .sentence = "a list of the heap is damaged at {3}", .roles = {{{3, "list entry", kPage}}}, .detail = WhichHeap},
    {.code = 0x13A, .sub_code = 0xF, .pool_related = true, .hint = kDoubleFree,
     .sentence = "an operation on the block at {3} found it free already",
     .roles = {{{3, "freed block", kPage}}}, .detail = WhichHeap},
    {.code = 0x13A, .sub_code = 0x10, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the allocation bitmap of the low-fragmentation subsegment at {3} is damaged",
     .roles = {{{3, "subsegment", kPage}}}, .detail = WhichHeap},
    {.code = 0x13A, .sub_code = 0x11, .pool_related = true, .hint = kDoubleFree,
     .sentence = "the low-fragmentation block at {3} was freed although it is free already",
     .roles = {{{3, "freed block", kPage}}}, .detail = WhichHeap},
    {.code = 0x13A, .sub_code = 0x12, .pool_related = true, .hint = kOverrunLikely,
     .sentence = "the variable-size subsegment or block at {3} is damaged",
     .roles = {{{3, "damaged subsegment or block", kPage}}}, .detail = WhichHeap},
    {.code = 0x13A, .sub_code = 0x13, .pool_related = true, .sentence = "the heap was called without a heap"},
    {.code = 0x13A, .sub_code = 0x14, .pool_related = true, .sentence = "the heap's allocation limit was exceeded",
     .detail = WhichHeap},
    {.code = 0x13A, .sub_code = 0x15, .pool_related = true, .sentence = "the heap's commit limit was exceeded",
     .detail = WhichHeap},
    {.code = 0x13A, .sub_code = 0x16, .pool_related = true, .hint = kBadFree,
     .sentence = "the heap was asked for {3p}, which lies in none of its ranges",
     .roles = {{{3, "address given", kPage}}}, .detail = WhichHeap},
    {.code = 0x13A, .sub_code = 0x17, .pool_related = true, .hint = kUseAfterFree,
     .sentence = "the freed block at {3} was overwritten while it waited to be returned",
     .roles = {{{3, "freed block", kPage}}}, .detail = WhichHeap},

    {.code = 0x139, .sub_code = 0x0, .sentence = "a stack cookie was overwritten (trap frame {2}, exception record {3})"},
    {.code = 0x139, .sub_code = 0x1, .sentence = "an object with virtual functions has a damaged table (trap frame {2}, exception record {3})"},
    {.code = 0x139, .sub_code = 0x2, .sentence = "a stack cookie was overwritten (trap frame {2}, exception record {3})"},
    {.code = 0x139, .sub_code = 0x3, .pool_related = true,
     .sentence = "a LIST_ENTRY is damaged, possibly one in pool (trap frame {2}, exception record {3})"},
    {.code = 0x139, .sub_code = 0x4, .sentence = "the stack pointer lies outside the thread's stack (trap frame {2}, exception record {3})"},
    {.code = 0x139, .sub_code = 0x5, .sentence = "a function got an invalid argument (trap frame {2}, exception record {3})"},
    {.code = 0x139, .sub_code = 0x8, .sentence = "an index is out of bounds (trap frame {2}, exception record {3})"},
    {.code = 0x139, .sub_code = 0xA, .sentence = "an indirect call went to a forbidden place (trap frame {2}, exception record {3})"},
    {.code = 0x139, .sub_code = 0xE, .sentence = "a reference count is invalid (trap frame {2}, exception record {3})"},
    {.code = 0x139, .sub_code = 0x1D, .pool_related = true,
     .sentence = "a node of a balanced tree is damaged, as the segment heap keeps its free blocks in (trap frame {2}, exception record {3})"},
    {.code = 0x139, .sub_code = 0x1E, .sentence = "the scheduler's next thread is invalid (trap frame {2}, exception record {3})"},
    {.code = 0x139, .sentence = "fast-fail code {1d} (trap frame {2}, exception record {3})"},
});
// clang-format on

}  // namespace

std::span<const BugCheckRow> HeapBugChecks() { return kHeapRows; }

}  // namespace poolblame

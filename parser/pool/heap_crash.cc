#include "parser/pool/heap_crash.h"

#include <array>
#include <optional>
#include <string>
#include <utility>

#include "parser/base/little_endian.h"
#include "parser/base/pool_tag.h"
#include "parser/kernel/bugcheck_sentence.h"

namespace poolblame {
namespace {

constexpr std::uint64_t kVsSubsegmentCorrupt = 0x12;  // its first parameter, _HEAP_FAILURE_TYPE

/// The HEAP_SEG_CONTEXT that reported, by its own plain fields.
struct Reporter {
  VirtAddr heap{}, context{};
  std::uint64_t segment_mask = 0;
  std::uint32_t unit_shift = 0;
};

std::uint64_t At(const AddressSpace& space, VirtAddr address) { return space.Read<Le64>(address).value_or(Le64{}); }

std::string Offset(std::uint64_t offset) { return "+" + HexParameter(offset); }

/// Nothing where the second parameter is no segment context, or its page is not here.
std::optional<Reporter> ReporterOf(const AddressSpace& space, VirtAddr named) {
  const auto signature = space.Read<Le32>(named.page() + kHeapSignatureAt);
  if (!signature || *signature != kHeapSignature) return std::nullopt;
  Reporter reporter{named.page(), named, At(space, named), 0};
  if (At(space, named + kSegContextHeap) != reporter.heap.value) return std::nullopt;
  constexpr std::uint64_t kSmall = 0xFFFFFFFFFFF00000, kLarge = 0xFFFFFFFFFF000000;
  if (reporter.segment_mask != kSmall && reporter.segment_mask != kLarge) return std::nullopt;
  reporter.unit_shift = static_cast<std::uint32_t>(At(space, named + kSegContextUnitShift) & 0xFF);
  return reporter.unit_shift == 12 || reporter.unit_shift == 16 ? std::optional(reporter) : std::nullopt;
}

/// The heap page against the layout row: where both disagree the row is wrong, not the heap.
std::string ContextsOf(const AddressSpace& space, const Reporter& reporter, const SegmentHeapLayout& layout) {
  const std::uint64_t base = reporter.heap.value;
  const VirtAddr first = reporter.heap + layout.seg_contexts, second = first + kSegContextBytes;
  if (At(space, first + kSegContextHeap) != base || At(space, second + kSegContextHeap) != base) return "";
  const std::uint64_t vs = At(space, first + kSegContextVs) - base, lfh = At(space, first + kSegContextLfh) - base;
  std::string text = "the heap at " + HexParameter(base) +
                     " is sound as far as it is in plain: both segment contexts (" + Offset(layout.seg_contexts) +
                     ", " + Offset(layout.seg_contexts + kSegContextBytes) + ") lead back to it, VsContext is at " +
                     Offset(vs) + ", LfhContext at " + Offset(lfh);
  if (vs != layout.vs_context || lfh != layout.lfh_context)
    text += ", where the layout of this build has " + Offset(layout.vs_context) + " and " + Offset(layout.lfh_context);
  return text;
}

/// "18 LFH slots of 224 bytes, each with a sound header ('MPhc')".
std::string SlotsOf(const AddressSpace& space, const LfhSubsegment& slots, VirtAddr page) {
  std::uint32_t all = 0, sound = 0;
  std::optional<PoolTag> tag;
  bool one_tag = true;
  for (const LfhSlot& slot : slots.slots) {
    const VirtAddr at = slots.address + slot.offset;
    if (at.page() != page) continue;
    ++all;
    if (!slot.busy) continue;
    ++sound;
    constexpr std::uint32_t kTagInHeader = 4;
    const PoolTag own{space.Read<Le32>(at + kTagInHeader).value_or(Le32{})};
    one_tag = one_tag && (!tag || *tag == own);
    tag = own;
  }
  std::string text = std::to_string(all) + " LFH slots of " + std::to_string(slots.geometry.block_size) + " bytes, ";
  text += (sound == all ? "each" : std::to_string(sound) + " of them") + std::string(" with a sound header");
  return tag && one_tag ? text + " ('" + tag->text() + "')" : text;
}

class Teller {
 public:
  Teller(const AddressSpace& space, const SegmentHeap& heap, PoolCensus& census)
      : space_(space), heap_(heap), census_(census) {}

  /// The page where the heap looked for a VS subsegment's header.
  void TellSubsegment(VirtAddr page, const std::optional<Reporter>& reporter) {
    const PageBytes bytes = space_.Page(page);
    const PageRange* range = heap_.RangeAt(page);
    if (bytes.presence != Presence::kPresent || range == nullptr) return;
    if (range->kind == RangeKind::kVsPages)
      Add("the named page lies inside a VS subsegment, by its chunks: no header that could be checked begins there",
          page);
    if (range->kind != RangeKind::kLfhPages) return;
    const auto slots = heap_.ReadLfh(space_, *range);
    if (!slots || VsSubsegmentBytes(bytes.bytes, heap_.layout())) return;
    const std::uint32_t size = bytes.bytes.TryRead<Le16>(kVsSize).value_or(Le16{});
    const std::uint32_t signature = bytes.bytes.TryRead<Le16>(heap_.layout().vs_signature).value_or(Le16{});
    Add("the named page holds " + SlotsOf(space_, *slots, page) + ", and no VS subsegment", page);
    census_.notes.push_back("a VS subsegment at " + HexParameter(page.value) + " would have Size (" + Offset(kVsSize) +
                            ") and Signature (" + Offset(heap_.layout().vs_signature) + ") that make " +
                            HexParameter(kVsMagic) + "; " + HexParameter(size) + " and " + HexParameter(signature) +
                            " stand there and make " + HexParameter((size ^ signature) & 0x7FFF));
    if (reporter) TellSegment(page, *reporter);
    const VirtAddr before = page - kPageSize;
    if (space_.Page(before).presence != Presence::kPresent)
      Add("the page before, where an overrun into the named page would have to start, is not in the dump", before);
  }

 private:
  /// What the heap itself knows of the page is in its segment's header.
  void TellSegment(VirtAddr page, const Reporter& reporter) {
    const VirtAddr segment{page.value & reporter.segment_mask};
    const std::uint64_t descriptor = ((page - segment) >> reporter.unit_shift) * kRangeBytes;
    if (space_.Page((segment + descriptor).page()).presence == Presence::kPresent) return;
    Add("the page segment's header, whose range descriptor at " + Offset(descriptor) +
            " says what the heap takes the named page for, is not in the dump",
        segment);
  }
  void Add(std::string reason, VirtAddr address) { census_.not_judged.push_back({std::move(reason), address}); }

  const AddressSpace& space_;
  const SegmentHeap& heap_;
  PoolCensus& census_;
};

}  // namespace

void TellHeapCrash(const AddressSpace& space, const System& system, const SegmentHeap& heap, PoolCensus& census) {
  if (!system.bugcheck || system.bugcheck->code != kKernelModeHeapCorruption || !heap.by_pages_alone()) return;
  const auto& parameters = system.bugcheck->parameters;
  const auto reporter = ReporterOf(space, VirtAddr{parameters[1]});
  if (reporter) {
    if (std::string contexts = ContextsOf(space, *reporter, heap.layout()); !contexts.empty())
      census.notes.push_back(std::move(contexts));
  }
  const VirtAddr named{parameters[2]};
  if (parameters[0] == kVsSubsegmentCorrupt && named.page() == named)
    Teller(space, heap, census).TellSubsegment(named, reporter);
}

void TellHeapFailure(const System& system, const SegmentHeap& heap, PoolCensus& census) {
  if (!system.bugcheck || system.bugcheck->code != kKernelModeHeapCorruption || !heap.state() || !heap.state()->failure)
    return;
  const HeapFailure& failure = *heap.state()->failure;
  const bool same =
      failure.type == system.bugcheck->parameters[0] && failure.address.value == system.bugcheck->parameters[2];
  std::string text = "the heap's own record of the failure: type " + HexParameter(failure.type) + ", heap or context " +
                     HexParameter(failure.heap.value) + ", address " + HexParameter(failure.address.value);
  const auto& more = failure.parameters;
  if (more != std::array<std::uint64_t, 3>{})
    text += ", parameters " + HexParameter(more[0]) + ", " + HexParameter(more[1]) + ", " + HexParameter(more[2]);
  if (failure.previous.value != 0) text += ", previous block " + HexParameter(failure.previous.value);
  if (failure.next.value != 0) text += ", next block " + HexParameter(failure.next.value);
  census.notes.push_back(text + (same ? "; it is what the bug check says" : "; it is not what the bug check says"));
}

}  // namespace poolblame

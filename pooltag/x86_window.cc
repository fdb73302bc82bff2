#include "pooltag/x86_window.h"

#include <algorithm>

namespace poolblame {
namespace {

constexpr std::uint64_t kBefore = 192;  // a loop's worth: routines' addresses are often loaded in front of it
constexpr std::uint64_t kBehind = 256;  // from a tag to its call: argument set-up of one function call
constexpr std::size_t kLeastVoters = 8;

/// Bytes of [begin, end) that are there and hang together with `middle`. The window spans at most two pages.
void ReadAround(const AddressSpace& space, VirtAddr begin, VirtAddr middle, VirtAddr end, VirtAddr& first,
                std::vector<std::uint8_t>& bytes) {
  first = begin;
  if (begin.page() != middle.page()) {
    std::array<std::uint8_t, 1> probe{};
    if (space.Read(begin, probe) != Presence::kPresent) first = middle.page();
  }
  bytes.resize(end - first);
  if (space.Read(first, bytes) == Presence::kPresent) return;
  bytes.resize(std::min<std::uint64_t>(bytes.size(), middle.page() + kPageSize - first));
  if (space.Read(first, bytes) != Presence::kPresent) bytes.clear();
}

bool HoldsField(const ZydisDecodedInstruction& info, std::size_t offset, X86Field kind) {
  if (kind == X86Field::kDisplacement) return info.raw.disp.size == 32 && info.raw.disp.offset == offset;
  return std::any_of(std::begin(info.raw.imm), std::end(info.raw.imm),
                     [&](const auto& imm) { return imm.size == 32 && !imm.is_relative && imm.offset == offset; });
}

}  // namespace

X86Window::X86Window(const AddressSpace& space, VirtAddr field, bool is_64bit) {
  ZydisDecoderInit(&decoder_, is_64bit ? ZYDIS_MACHINE_MODE_LONG_64 : ZYDIS_MACHINE_MODE_LEGACY_32,
                   is_64bit ? ZYDIS_STACK_WIDTH_64 : ZYDIS_STACK_WIDTH_32);
  const std::uint64_t before = std::min(kBefore, field.value);
  const std::uint64_t behind = std::min(kBehind, ~field.value);
  ReadAround(space, field - before, field, field + behind, begin_, bytes_);
}

std::optional<X86Instruction> X86Window::At(VirtAddr address) const {
  if (!Contains(address)) return std::nullopt;
  const std::size_t offset = address - begin_;
  X86Instruction instruction;
  instruction.address = address;
  if (ZYAN_FAILED(ZydisDecoderDecodeFull(&decoder_, bytes_.data() + offset, bytes_.size() - offset, &instruction.info,
                                         instruction.operands.data())))
    return std::nullopt;
  return instruction;
}

std::size_t X86Window::LengthAt(std::size_t offset) const {
  ZydisDecodedInstruction info;
  const ZyanStatus status =
      ZydisDecoderDecodeInstruction(&decoder_, nullptr, bytes_.data() + offset, bytes_.size() - offset, &info);
  return ZYAN_SUCCESS(status) ? info.length : 0;
}

VirtAddr X86Window::LeadIn(VirtAddr address) const {
  if (!Contains(address)) return address;
  const std::size_t place = address - begin_;
  std::vector<bool> leads(place + 1);
  leads[place] = true;
  std::size_t first = place;
  for (std::size_t i = place; i-- > 0;) {
    const std::size_t length = LengthAt(i);
    leads[i] = length != 0 && i + length <= place && leads[i + length];
    if (leads[i]) first = i;
  }
  return begin_ + first;
}

std::optional<X86Instruction> X86Window::Holding(VirtAddr field, X86Field kind) const {
  if (!Contains(field)) return std::nullopt;
  const std::size_t place = field - begin_;
  // leads_to[i]: where the instruction begins that covers the field, when one decodes from i.
  std::vector<std::optional<std::size_t>> leads_to(place + 1);
  for (std::size_t i = place + 1; i-- > 0;) {
    const std::size_t length = LengthAt(i);
    if (length == 0) continue;
    leads_to[i] = i + length > place ? std::optional(i) : leads_to[i + length];
  }
  const std::size_t voters =
      place > ZYDIS_MAX_INSTRUCTION_LENGTH + kLeastVoters ? place - ZYDIS_MAX_INSTRUCTION_LENGTH : place + 1;
  std::vector<std::size_t> votes(place + 1);
  for (std::size_t i = 0; i < voters; ++i)
    if (leads_to[i]) ++votes[*leads_to[i]];
  const std::size_t start = static_cast<std::size_t>(std::max_element(votes.begin(), votes.end()) - votes.begin());
  if (2 * votes[start] < voters) return std::nullopt;
  const auto instruction = At(begin_ + start);
  return instruction && HoldsField(instruction->info, place - start, kind) ? instruction : std::nullopt;
}

}  // namespace poolblame

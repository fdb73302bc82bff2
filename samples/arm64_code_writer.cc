#include "samples/arm64_code_writer.h"

#include <array>
#include <utility>

namespace poolblame::samples {
namespace {

// What lies between the parts of a function that matter. Arguments are left alone.
constexpr std::array<std::uint32_t, 9> kEveryday = {
    0xB9401A68,  // ldr w8, [x19, #18h]
    0xB9001E68,  // str w8, [x19, #1Ch]
    0x91004268,  // add x8, x19, #10h
    0x39402269,  // ldrb w9, [x19, #8]
    0x12002D08,  // and w8, w8, #0FFFh
    0x7100011F,  // cmp w8, #0
    0x54000041,  // b.ne, over the next
    0xF9001668,  // str x8, [x19, #28h]
    0xF940126A,  // ldr x10, [x19, #20h]
};
constexpr std::uint32_t kReturnTo = 0xD65F03C0;  // ret
constexpr unsigned kKept = 20;                   // a register that calls keep
constexpr unsigned kSlotRegister = 16, kScratch = 8;

constexpr std::uint32_t MoveHalf(unsigned to, std::uint32_t half) { return 0x52800000 | half << 5 | to; }
constexpr std::uint32_t KeepHalf(unsigned to, std::uint32_t half) { return 0x72A00000 | half << 5 | to; }
constexpr std::uint32_t Move(unsigned to, unsigned from) { return 0x2A0003E0 | from << 16 | to; }
constexpr std::uint32_t MovePointer(unsigned to, unsigned from) { return 0xAA0003E0 | from << 16 | to; }
constexpr std::uint32_t LoadPointer(unsigned to, unsigned from, std::uint32_t offset) {
  return 0xF9400000 | offset / 8 << 10 | from << 5 | to;
}
constexpr std::uint32_t LoadWord(unsigned to, unsigned from, std::uint32_t offset) {
  return 0xB9400000 | offset / 4 << 10 | from << 5 | to;
}
constexpr std::uint32_t CallRegister(unsigned at) { return 0xD63F0000 | at << 5; }
constexpr std::uint32_t JumpRegister(unsigned at) { return 0xD61F0000 | at << 5; }

std::uint32_t InPage(std::uint64_t place) { return static_cast<std::uint32_t>(place & 0xFFF); }

}  // namespace

Arm64CodeWriter::Arm64CodeWriter(std::uint64_t base, std::uint64_t seed, RoutinePlaces routines)
    : base_(base), random_(seed), routines_(std::move(routines)) {}

void Arm64CodeWriter::Emit(std::initializer_list<std::uint32_t> instructions) {
  for (const std::uint32_t instruction : instructions) {
    bytes_.resize(bytes_.size() + 4);
    Put32(bytes_, bytes_.size() - 4, instruction);
  }
}

void Arm64CodeWriter::Noise(unsigned count) {
  for (unsigned i = 0; i < count; ++i) Emit({kEveryday[random_.Below(kEveryday.size())]});
}

void Arm64CodeWriter::Constant(unsigned to, std::uint32_t value) {
  Emit({MoveHalf(to, value & 0xFFFF)});
  Noise(static_cast<unsigned>(random_.Below(3)));
  Emit({KeepHalf(to, value >> 16)});
}

void Arm64CodeWriter::PageOf(unsigned to, std::uint64_t place) {
  const std::uint64_t pages = (place >> 12) - (at() >> 12);
  const auto low = static_cast<std::uint32_t>(pages & 3), high = static_cast<std::uint32_t>(pages >> 2 & 0x7FFFF);
  Emit({0x90000000 | low << 29 | high << 5 | to});
}

void Arm64CodeWriter::Branch(std::uint64_t target) {
  Emit({0x94000000 | (static_cast<std::uint32_t>((target - at()) / 4) & 0x03FFFFFF)});
}

void Arm64CodeWriter::CallInside() {
  if (functions_.empty()) return Noise(1);
  Branch(functions_[random_.Below(functions_.size())]);
}

void Arm64CodeWriter::CallThroughSlot(std::uint64_t slot) {
  PageOf(kSlotRegister, slot);
  Emit({LoadPointer(kSlotRegister, kSlotRegister, InPage(slot)), CallRegister(kSlotRegister)});
}

void Arm64CodeWriter::Call(const std::string& routine) {
  if (const auto own = routines_.direct.find(routine); own != routines_.direct.end()) return Branch(own->second);
  const auto thunk = thunks_.find(routine);
  if (thunk != thunks_.end() && random_.Chance(30)) return Branch(thunk->second);
  CallThroughSlot(routines_.slots.at(routine));
}

void Arm64CodeWriter::Function(const std::function<void()>& body) {
  functions_.push_back(at());
  // stp x29, x30, [sp, #-20h]!; stp x19, x20, [sp, #10h]; mov x29, sp; mov x19, x0
  Emit({0xA9BE7BFD, 0xA90153F3, 0x910003FD, MovePointer(19, 0)});
  Noise(3 + static_cast<unsigned>(random_.Below(6)));
  body();
  Noise(1 + static_cast<unsigned>(random_.Below(4)));
  Emit({0xA94153F3, 0xA8C27BFD, kReturnTo});  // ldp x19, x20, [sp, #10h]; ldp x29, x30, [sp], #20h
}

void Arm64CodeWriter::Filler() {
  Function([&] {
    Noise(6);
    if (random_.Chance(50)) CallInside();
    Noise(4);
  });
}

void Arm64CodeWriter::Allocate(const TagCall& call) {
  const auto slot = routines_.slots.find(call.routine);
  if (slot != routines_.slots.end() && !thunks_.contains(call.routine)) {
    thunks_[call.routine] = at();
    PageOf(kSlotRegister, slot->second);
    Emit({LoadPointer(kSlotRegister, kSlotRegister, InPage(slot->second)), JumpRegister(kSlotRegister)});
  }
  Function([&] {
    const bool first = random_.Chance(50);
    if (first) Constant(2, call.tag);
    Emit({MoveHalf(1, 0x20 + static_cast<std::uint32_t>(random_.Below(0x400)))});
    if (!first) Constant(2, call.tag);
    Emit({MoveHalf(0, 0x200)});
    Call(call.routine);
    Emit({MovePointer(19, 0)});
  });
}

void Arm64CodeWriter::AllocateKept(const TagCall& call) {
  Function([&] {
    Constant(kKept, call.tag);
    CallInside();
    Emit({MoveHalf(1, 0x80), Move(2, kKept), MoveHalf(0, 0)});
    Call(call.routine);
  });
}

void Arm64CodeWriter::Free(const TagCall& call) {
  Function([&] {
    Constant(1, call.tag);
    Emit({MovePointer(0, 19)});
    Call(call.routine);
  });
}

void Arm64CodeWriter::Lookaside(const TagCall& call) {
  Function([&] {
    Emit({MoveHalf(6, 0)});
    Constant(5, call.tag);
    Emit({MoveHalf(4, 0x80), MoveHalf(3, 0), MoveHalf(2, 0), MoveHalf(1, 0), 0x91010260});  // add x0, x19, #40h
    Call(call.routine);
  });
}

void Arm64CodeWriter::AllocateByWrapper(const TagCall& call) {
  if (!wrappers_.contains(call.routine)) {
    wrappers_[call.routine] = at();
    Emit({0xA9BF7BFD, Move(2, 1), Move(1, 0), MoveHalf(0, 0)});  // stp x29, x30, [sp, #-10h]!
    Call(call.routine);
    Emit({0xA8C17BFD, kReturnTo});  // ldp x29, x30, [sp], #10h
  }
  Function([&] {
    Constant(1, call.tag);
    Emit({MoveHalf(0, 0x48)});
    Branch(wrappers_.at(call.routine));
  });
}

void Arm64CodeWriter::AllocateFromGlobal(const std::string& routine, std::uint64_t variable) {
  Function([&] {
    PageOf(kScratch, variable);
    Emit({LoadWord(2, kScratch, InPage(variable)), MoveHalf(1, 0x80), MoveHalf(0, 0)});
    Call(routine);
  });
}

void Arm64CodeWriter::AllocateFromTable(const std::string& routine, std::uint64_t table) {
  Function([&] {
    PageOf(kScratch, table);
    // add x8, x8, #..; add x8, x8, x20, lsl #3
    Emit({0x91000108 | InPage(table) << 10, 0x8B140D08, LoadWord(2, kScratch, 0), LoadWord(1, kScratch, 4)});
    Emit({MoveHalf(0, 0)});
    Call(routine);
  });
}

void Arm64CodeWriter::Compare(std::uint32_t signature) {
  Function([&] {
    Emit({LoadWord(kScratch, 19, 0)});
    Constant(9, signature);
    Emit({0x6B09011F, 0x54000041});  // cmp w8, w9; b.ne
    Noise(2);
  });
}

/// A word behind a function's end, as literals and tables of jumps are.
void Arm64CodeWriter::Chance(std::uint32_t value) {
  Filler();
  Emit({value});
}

}  // namespace poolblame::samples

// Follows one value through straight code: registers, pushes and stack slots that hold the tag, until a call takes it.
// Conditional branches are taken to fall through, short jumps are followed; that is how argument set-up is compiled.
// On x64 a function of the driver's own that is given the tag is looked into, too: allocation wrappers are common. Left
// out: values that go through memory other than the stack, wrappers on x86 and wrappers of wrappers.
#include "pooltag/x86_code.h"

#include <algorithm>
#include <array>
#include <vector>

#include "pooltag/x86_window.h"

namespace poolblame {
namespace {

constexpr unsigned kMostInstructions = 48;  // between a tag and its call: argument set-up is shorter
constexpr std::size_t kMostSlots = 64;      // of the stack that are watched
constexpr unsigned kRegisters = 16;
// Registers that a callee may change, by Zydis' numbers: rax, rcx, rdx, r8-r11; on x86 eax, ecx, edx (Microsoft's "x64
// calling convention"; on x86 all conventions keep the rest).
constexpr std::uint32_t kVolatile64 = 0x0F07, kVolatile32 = 0x0007;
// Arguments 1 to 4 on x64: rcx, rdx, r8, r9. On x86 pool routines are __stdcall: all on the stack.
constexpr std::array<unsigned, 4> kArgumentRegisters64 = {1, 2, 8, 9};
constexpr unsigned kStackPointer = 4;

/// Of a general register, whose numbers Zydis counts from 0.
unsigned NumberOf(ZydisRegister reg) { return static_cast<std::uint8_t>(ZydisRegisterGetId(reg)); }

/// 0 to 15 for a general register of 32 bits or more; nothing for any other.
std::optional<unsigned> RegisterOf(const ZydisDecodedOperand& operand) {
  if (operand.type != ZYDIS_OPERAND_TYPE_REGISTER) return std::nullopt;
  const ZydisRegisterClass kind = ZydisRegisterGetClass(operand.reg.value);
  if (kind != ZYDIS_REGCLASS_GPR64 && kind != ZYDIS_REGCLASS_GPR32) return std::nullopt;
  return NumberOf(operand.reg.value);
}

class Follower {
 public:
  Follower(const RoutineFinder& finder, const X86Window& window)
      : finder_(finder), window_(window), is_64bit_(finder.image().is_64bit) {}

  /// The tag's way from the instruction that brings it in; `otherwise` where no call takes it.
  TagSite Follow(const X86Instruction& first, TagUse otherwise) {
    Prepare(first.address);
    const TagSite site{otherwise, first.address, nullptr, 0};
    return Bring(first) ? Run(first.next(), site) : site;
  }

  /// The same inside a function that was given the tag in these registers.
  TagSite FollowInto(VirtAddr function, std::uint32_t registers) {
    registers_ = registers;
    is_inner_ = true;
    return Run(function, {TagUse::kImmediate, function, nullptr, 0});
  }

 private:
  TagSite Run(VirtAddr begin, TagSite best) {
    std::optional<VirtAddr> at = begin;
    for (unsigned i = 0; at && i < kMostInstructions; ++i) {
      const auto instruction = window_.At(*at);
      if (!instruction) break;
      if (IsCall(*instruction)) {
        if (Taken(*instruction, best)) return best;
        AfterCall();
      } else {
        Step(*instruction);
      }
      if (registers_ == 0 && std::none_of(stack_.begin(), stack_.end(), [](bool tag) { return tag; })) break;
      at = NextOf(*instruction);
    }
    return best;
  }

  /// Which routines' addresses the code in front of the tag has loaded.
  void Prepare(VirtAddr first) {
    for (VirtAddr at = window_.LeadIn(first); at < first;) {
      const auto instruction = window_.At(at);
      if (!instruction) break;
      IsCall(*instruction) ? AfterCall() : Step(*instruction);
      at = instruction->next();
    }
    stack_.clear();
  }

  /// Puts the tag where the first instruction does; false where that is no place of an argument.
  bool Bring(const X86Instruction& first) {
    const ZydisDecodedOperand& target = first.operands[0];
    if (first.info.mnemonic == ZYDIS_MNEMONIC_PUSH) return Push(true), true;
    if (first.info.mnemonic != ZYDIS_MNEMONIC_MOV) return false;
    if (const auto reg = RegisterOf(target)) return registers_ = 1U << *reg, true;
    const auto slot = StackSlot(target);
    return slot && SetSlot(*slot, true);
  }

  [[nodiscard]] unsigned Width() const { return is_64bit_ ? 8 : 4; }

  /// Which word above the stack pointer the operand is.
  [[nodiscard]] std::optional<std::size_t> StackSlot(const ZydisDecodedOperand& operand) const {
    if (operand.type != ZYDIS_OPERAND_TYPE_MEMORY || operand.mem.index != ZYDIS_REGISTER_NONE) return std::nullopt;
    if (operand.mem.base != (is_64bit_ ? ZYDIS_REGISTER_RSP : ZYDIS_REGISTER_ESP)) return std::nullopt;
    const std::int64_t bytes = operand.mem.disp.has_displacement ? operand.mem.disp.value : 0;
    if (bytes < 0 || bytes % Width() != 0) return std::nullopt;
    return static_cast<std::size_t>(bytes / Width());
  }

  bool SetSlot(std::size_t slot, bool tag) {
    if (slot >= kMostSlots) return false;
    if (stack_.size() <= slot) stack_.resize(slot + 1);
    stack_[slot] = tag;
    return true;
  }

  void Push(bool tag) {
    stack_.insert(stack_.begin(), tag);
    if (stack_.size() > kMostSlots) stack_.pop_back();
  }

  void Pop(std::uint64_t words) {
    stack_.erase(stack_.begin(),
                 stack_.begin() + static_cast<std::ptrdiff_t>(std::min<std::uint64_t>(words, stack_.size())));
  }

  [[nodiscard]] bool Holds(const ZydisDecodedOperand& operand) const {
    if (const auto reg = RegisterOf(operand)) return (registers_ >> *reg & 1) != 0;
    const auto slot = StackSlot(operand);
    return slot && *slot < stack_.size() && stack_[*slot];
  }

  /// The address of a memory operand or a branch's target, where the instruction itself says it.
  static std::optional<VirtAddr> AddressOf(const X86Instruction& instruction, const ZydisDecodedOperand& operand) {
    ZyanU64 address = 0;
    if (ZYAN_FAILED(ZydisCalcAbsoluteAddress(&instruction.info, &operand, instruction.address.value, &address)))
      return std::nullopt;
    return VirtAddr{address};
  }

  /// A jump through a pointer or out of sight, at a function's end: a call whose return is its own.
  [[nodiscard]] bool IsTailCall(const X86Instruction& instruction) const {
    if (instruction.info.meta.category != ZYDIS_CATEGORY_UNCOND_BR) return false;
    if (instruction.operands[0].type != ZYDIS_OPERAND_TYPE_IMMEDIATE) return true;
    const auto target = AddressOf(instruction, instruction.operands[0]);
    return target && !window_.Contains(*target);
  }
  [[nodiscard]] bool IsCall(const X86Instruction& instruction) const {
    return instruction.info.meta.category == ZYDIS_CATEGORY_CALL || IsTailCall(instruction);
  }

  /// What the function does with the tag, when it is the driver's own and gets it in registers.
  [[nodiscard]] std::optional<TagSite> InsideOf(const X86Instruction& call) const {
    if (!is_64bit_ || is_inner_ || call.operands[0].type != ZYDIS_OPERAND_TYPE_IMMEDIATE) return std::nullopt;
    const auto function = AddressOf(call, call.operands[0]);
    if (!function || !finder_.image().Contains(*function)) return std::nullopt;
    std::uint32_t arguments = 0;
    for (const unsigned reg : kArgumentRegisters64) arguments |= registers_ & 1U << reg;
    const X86Window window(finder_.space(), *function, true);
    const TagSite inside = Follower(finder_, window).FollowInto(*function, arguments);
    return inside.use == TagUse::kCall ? std::optional(inside) : std::nullopt;
  }

  [[nodiscard]] const PoolRoutine* RoutineOf(const X86Instruction& call) const {
    const ZydisDecodedOperand& target = call.operands[0];
    if (const auto reg = RegisterOf(target)) return loaded_[*reg];
    const auto address = AddressOf(call, target);
    if (!address) return nullptr;
    if (target.type == ZYDIS_OPERAND_TYPE_MEMORY) return finder_.AtSlot(*address);
    const PoolRoutine* direct = finder_.AtCode(*address);
    // With Spectre's "retpolines" the slot goes to r10 and the call to a guard that jumps there (Microsoft, "Mitigating
    // Spectre variant 2 with Retpoline on Windows", 2018).
    constexpr unsigned kGuarded = 10;
    return direct != nullptr || !is_64bit_ ? direct : loaded_[kGuarded];
  }

  /// Numbers of the arguments that are the tag, as bits from 1.
  [[nodiscard]] std::uint64_t TagArguments() const {
    std::uint64_t arguments = 0;
    for (unsigned i = 0; is_64bit_ && i < kArgumentRegisters64.size(); ++i)
      if ((registers_ >> kArgumentRegisters64[i] & 1) != 0) arguments |= std::uint64_t{2} << i;
    // On x64 the first four words are room for the register arguments.
    for (std::size_t i = is_64bit_ ? 4 : 0; i < std::min<std::size_t>(stack_.size(), 16); ++i)
      if (stack_[i]) arguments |= std::uint64_t{2} << i;
    return arguments;
  }

  /// Notes what the call does with the tag; true when that is known for good.
  bool Taken(const X86Instruction& call, TagSite& best) const {
    const std::uint64_t arguments = TagArguments();
    if (const PoolRoutine* routine = RoutineOf(call)) {
      const unsigned argument = is_64bit_ ? routine->argument : routine->argument_x86;
      if ((arguments >> argument & 1) == 0) return false;
      best.use = TagUse::kCall;
      best.routine = routine;
      best.argument = routine->argument;
      return true;
    }
    if (arguments == 0) return false;
    if (const auto inside = InsideOf(call)) {
      best.use = inside->use;
      best.routine = inside->routine;
      best.argument = inside->argument;
      return true;
    }
    if (best.use == TagUse::kArgument) return false;
    best.use = TagUse::kArgument;
    best.argument = static_cast<unsigned>(std::countr_zero(arguments));
    return false;
  }

  void AfterCall() {
    const std::uint32_t lost = is_64bit_ ? kVolatile64 : kVolatile32;
    registers_ &= ~lost;
    for (unsigned i = 0; i < kRegisters; ++i)
      if ((lost >> i & 1) != 0) loaded_[i] = nullptr;
    stack_.clear();  // the callee's own now; on x86 it has taken its arguments away
  }

  void Step(const X86Instruction& instruction) {
    const ZydisDecodedOperand& target = instruction.operands[0];
    const ZydisDecodedOperand& source = instruction.operands[1];
    const ZydisMnemonic mnemonic = instruction.info.mnemonic;
    if (mnemonic == ZYDIS_MNEMONIC_PUSH) return Push(Holds(target));
    if (mnemonic == ZYDIS_MNEMONIC_POP) Pop(1);
    if (RegisterOf(target) == kStackPointer) return MoveStack(mnemonic, source);
    const bool moves = mnemonic == ZYDIS_MNEMONIC_MOV;
    const bool tag = moves && Holds(source);
    const auto slot_address =
        moves && source.type == ZYDIS_OPERAND_TYPE_MEMORY ? AddressOf(instruction, source) : std::nullopt;
    Forget(instruction);
    if (!moves) return;
    if (const auto reg = RegisterOf(target)) {
      if (tag) registers_ |= 1U << *reg;
      if (slot_address) loaded_[*reg] = finder_.AtSlot(*slot_address);
    } else if (const auto slot = StackSlot(target)) {
      SetSlot(*slot, tag);
    }
  }

  void MoveStack(ZydisMnemonic mnemonic, const ZydisDecodedOperand& by) {
    const std::uint64_t words = by.type == ZYDIS_OPERAND_TYPE_IMMEDIATE ? by.imm.value.u / Width() : kMostSlots;
    if (mnemonic == ZYDIS_MNEMONIC_ADD) return Pop(words);
    if (mnemonic != ZYDIS_MNEMONIC_SUB) return stack_.clear();
    for (std::uint64_t i = 0; i < std::min<std::uint64_t>(words, kMostSlots); ++i) Push(false);
  }

  /// What the instruction writes no longer holds what it held.
  void Forget(const X86Instruction& instruction) {
    for (unsigned i = 0; i < instruction.info.operand_count; ++i) {
      const ZydisDecodedOperand& operand = instruction.operands[i];
      if (operand.type != ZYDIS_OPERAND_TYPE_REGISTER || (operand.actions & ZYDIS_OPERAND_ACTION_MASK_WRITE) == 0)
        continue;
      const ZydisRegister whole = ZydisRegisterGetLargestEnclosing(
          is_64bit_ ? ZYDIS_MACHINE_MODE_LONG_64 : ZYDIS_MACHINE_MODE_LEGACY_32, operand.reg.value);
      const ZydisRegisterClass kind = ZydisRegisterGetClass(whole);
      if (kind != ZYDIS_REGCLASS_GPR64 && kind != ZYDIS_REGCLASS_GPR32) continue;
      const auto reg = NumberOf(whole);
      registers_ &= ~(1U << reg);
      loaded_[reg] = nullptr;
    }
  }

  [[nodiscard]] std::optional<VirtAddr> NextOf(const X86Instruction& instruction) const {
    switch (instruction.info.meta.category) {
      case ZYDIS_CATEGORY_RET:
      case ZYDIS_CATEGORY_INTERRUPT:  // int 3 between functions, int 29h at their end
        return std::nullopt;
      case ZYDIS_CATEGORY_UNCOND_BR:
        if (IsTailCall(instruction)) return std::nullopt;
        return AddressOf(instruction, instruction.operands[0]);
      default:
        return instruction.next();
    }
  }

  const RoutineFinder& finder_;
  const X86Window& window_;
  bool is_64bit_;
  bool is_inner_ = false;                                // in a function that the driver's code called
  std::uint32_t registers_ = 0;                          // bit a register that holds the tag
  std::array<const PoolRoutine*, kRegisters> loaded_{};  // that hold a pool routine's address
  std::vector<bool> stack_;                              // words from the stack pointer up
};

}  // namespace

TagSite UseInX86(const RoutineFinder& finder, VirtAddr field) {
  const X86Window window(finder.space(), field, finder.image().is_64bit);
  const auto first = window.Holding(field, X86Field::kImmediate);
  if (!first) return {TagUse::kChance, field, nullptr, 0};
  return Follower(finder, window).Follow(*first, TagUse::kImmediate);
}

TagSite UseOfLoadInX86(const RoutineFinder& finder, VirtAddr field) {
  const X86Window window(finder.space(), field, finder.image().is_64bit);
  const auto first = window.Holding(field, X86Field::kDisplacement);
  // A store into the constant brings nothing in.
  if (!first || first->operands[0].type == ZYDIS_OPERAND_TYPE_IMMEDIATE) return {TagUse::kChance, field, nullptr, 0};
  const bool load = first->info.mnemonic == ZYDIS_MNEMONIC_PUSH || RegisterOf(first->operands[0]);
  return load ? Follower(finder, window).Follow(*first, TagUse::kChance) : TagSite{TagUse::kChance, field, nullptr, 0};
}

}  // namespace poolblame

// A decoder of the few instructions that argument set-up and calls are made of; any other one is taken to write its
// destination register. Source: Arm Architecture Reference Manual for A-profile (DDI 0487), chapter C6; Microsoft,
// "Overview of ARM64 ABI conventions". Left out: tags in literals and in variables, arguments on the stack.
#include "pooltag/arm64_code.h"

#include <algorithm>
#include <array>
#include <bit>
#include <utility>

namespace poolblame {
namespace {

constexpr unsigned kMostArm64Instructions = 48;  // between a tag and its call
constexpr unsigned kMostBetweenMoves = 8;        // instructions from MOVZ to MOVK
constexpr std::uint64_t kLeadInBytes = 128;      // in which slots are loaded before the tag
constexpr unsigned kArm64Registers = 32;
constexpr unsigned kArguments = 8;               // x0 to x7
constexpr std::uint32_t kVolatile = 0x0003FFFF;  // x0 to x17

/// An instruction is of a form when its bits under `mask` are `bits`.
struct Form {
  std::uint32_t mask, bits;
  [[nodiscard]] constexpr bool Fits(std::uint32_t word) const { return (word & mask) == bits; }
};
constexpr Form kMovz{0x7F800000, 0x52800000};
constexpr Form kMovk{0x7F800000, 0x72800000};
constexpr Form kMovRegister{0x7FE0FFE0, 0x2A0003E0};  // ORR Rd, ZR, Rm
constexpr Form kAdrp{0x9F000000, 0x90000000};
constexpr Form kLoadPointer{0xFFC00000, 0xF9400000};  // LDR Xt, [Xn, #imm]
constexpr Form kCall{0xFC000000, 0x94000000};         // BL
constexpr Form kJump{0xFC000000, 0x14000000};         // B
constexpr Form kCallRegister{0xFFFFFC1F, 0xD63F0000};
constexpr Form kJumpRegister{0xFFFFFC1F, 0xD61F0000};
constexpr Form kReturn{0xFFFFFC1F, 0xD65F0000};
constexpr Form kConditional{0xFE000000, 0x54000000};
constexpr Form kCompareAndBranch{0x7E000000, 0x34000000};
constexpr Form kTestAndBranch{0x7E000000, 0x36000000};
constexpr Form kLoadOrStore{0x0A000000, 0x08000000};
constexpr std::uint32_t kIsLoad = 0x00400000;

constexpr unsigned First(std::uint32_t word) { return word & 31; }        // Rd or Rt
constexpr unsigned Second(std::uint32_t word) { return word >> 5 & 31; }  // Rn
constexpr unsigned Third(std::uint32_t word) { return word >> 16 & 31; }  // Rm
constexpr std::uint32_t Half(std::uint32_t word) { return word >> 5 & 0xFFFF; }
constexpr unsigned HalfShift(std::uint32_t word) { return (word >> 21 & 3) * 16; }

VirtAddr BranchTarget(VirtAddr at, std::uint32_t word) {
  const auto words = static_cast<std::int32_t>(word << 6) >> 6;
  return at + static_cast<std::uint64_t>(std::int64_t{words} * 4);
}

VirtAddr PageOfAdrp(VirtAddr at, std::uint32_t word) {
  const std::uint32_t pages = (word >> 5 & 0x7FFFF) << 2 | (word >> 29 & 3);
  const auto distance = static_cast<std::int32_t>(pages << 11) >> 11;
  return at.page() + static_cast<std::uint64_t>(std::int64_t{distance} * static_cast<std::int64_t>(kPageSize));
}

std::uint64_t LoadOffset(std::uint32_t word) { return (word >> 10 & 0xFFF) * std::uint64_t{8}; }

class Arm64Follower {
 public:
  Arm64Follower(const RoutineFinder& finder, std::uint32_t registers) : finder_(finder), registers_(registers) {}

  /// The tag's way from the instruction that completes it.
  TagSite Follow(VirtAddr move) {
    const std::uint32_t tag = std::exchange(registers_, 0);
    Prepare(move);
    registers_ = tag;
    return Run(move + 4, {TagUse::kImmediate, move, nullptr, 0});
  }

  /// The same inside a function that was given the tag.
  TagSite FollowInto(VirtAddr function) {
    is_inner_ = true;
    return Run(function, {TagUse::kImmediate, function, nullptr, 0});
  }

 private:
  TagSite Run(VirtAddr at, TagSite best) {
    for (unsigned i = 0; i < kMostArm64Instructions && registers_ != 0; ++i) {
      const auto word = finder_.space().Read<Le32>(at);
      if (!word || kReturn.Fits(*word)) break;
      if (IsCall(*word)) {
        if (Taken(at, *word, best)) return best;
        if (kJumpRegister.Fits(*word)) break;
        AfterCall();
      } else {
        Step(at, *word);
      }
      at = kJump.Fits(*word) ? BranchTarget(at, *word) : at + 4;
    }
    return best;
  }

  /// Which pages and slots the code in front of the tag has loaded.
  void Prepare(VirtAddr move) {
    for (VirtAddr at = move - kLeadInBytes; at < move; at = at + 4) {
      const auto word = finder_.space().Read<Le32>(at);
      if (word) IsCall(*word) ? AfterCall() : Step(at, *word);
    }
  }

  static bool IsCall(std::uint32_t word) {
    return kCall.Fits(word) || kCallRegister.Fits(word) || kJumpRegister.Fits(word);
  }

  bool Taken(VirtAddr at, std::uint32_t word, TagSite& best) const {
    const std::uint32_t arguments = registers_ & ((1U << kArguments) - 1);
    const PoolRoutine* routine = kCall.Fits(word) ? finder_.AtCode(BranchTarget(at, word)) : loaded_[Second(word)];
    if (routine != nullptr) {
      if ((arguments >> (routine->argument - 1) & 1) == 0) return false;
      best.use = TagUse::kCall;
      best.routine = routine;
      best.argument = routine->argument;
      return true;
    }
    if (arguments == 0) return false;
    if (kCall.Fits(word) && !is_inner_) {
      const TagSite inside = Arm64Follower(finder_, arguments).FollowInto(BranchTarget(at, word));
      if (inside.use == TagUse::kCall) {
        best.use = inside.use;
        best.routine = inside.routine;
        best.argument = inside.argument;
        return true;
      }
    }
    if (best.use == TagUse::kArgument) return false;
    best.use = TagUse::kArgument;
    best.argument = static_cast<unsigned>(std::countr_zero(arguments)) + 1;
    return false;
  }

  void AfterCall() {
    registers_ &= ~kVolatile;
    for (unsigned i = 0; i < kArm64Registers; ++i)
      if ((kVolatile >> i & 1) != 0) Forget(i);
  }

  void Step(VirtAddr at, std::uint32_t word) {
    if (kJump.Fits(word) || kConditional.Fits(word) || kCompareAndBranch.Fits(word) || kTestAndBranch.Fits(word))
      return;
    if (kLoadOrStore.Fits(word) && (word & kIsLoad) == 0) return;
    const bool tag = kMovRegister.Fits(word) && (registers_ >> Third(word) & 1) != 0;
    const VirtAddr page = pages_[Second(word)];
    const unsigned target = First(word);
    Forget(target);
    if (tag) registers_ |= 1U << target;
    if (kAdrp.Fits(word)) pages_[target] = PageOfAdrp(at, word);
    if (kLoadPointer.Fits(word) && page.value != 0) loaded_[target] = finder_.AtSlot(page + LoadOffset(word));
  }

  void Forget(unsigned reg) {
    registers_ &= ~(1U << reg);
    pages_[reg] = {};
    loaded_[reg] = nullptr;
  }

  const RoutineFinder& finder_;
  bool is_inner_ = false;                                     // in a function that the driver's code called
  std::uint32_t registers_;                                   // bit a register that holds the tag
  std::array<VirtAddr, kArm64Registers> pages_{};             // of ADRP; 0 = none
  std::array<const PoolRoutine*, kArm64Registers> loaded_{};  // that hold a pool routine's address
};

}  // namespace

std::optional<std::uint32_t> ValueOfMoves(ByteView code) {
  if (code.size() < 4) return std::nullopt;
  const std::uint32_t last = *code.TryRead<Le32>(code.size() - 4);
  if (!kMovk.Fits(last) || HalfShift(last) > 16) return std::nullopt;
  for (unsigned i = 1; i <= kMostBetweenMoves && code.size() >= std::size_t{4} * (i + 1); ++i) {
    const std::uint32_t word = *code.TryRead<Le32>(code.size() - std::size_t{4} * (i + 1));
    if (!kMovz.Fits(word) || First(word) != First(last)) continue;
    if (HalfShift(word) + HalfShift(last) != 16) return std::nullopt;
    return Half(word) << HalfShift(word) | Half(last) << HalfShift(last);
  }
  return std::nullopt;
}

TagSite UseInArm64(const RoutineFinder& finder, VirtAddr move) {
  const auto word = finder.space().Read<Le32>(move);
  if (!word) return {TagUse::kChance, move, nullptr, 0};
  return Arm64Follower(finder, 1U << First(*word)).Follow(move);
}

std::optional<VirtAddr> SlotOfArm64Thunk(const AddressSpace& space, VirtAddr code) {
  const auto page = space.Read<Le32>(code), load = space.Read<Le32>(code + 4), jump = space.Read<Le32>(code + 8);
  if (!page || !load || !jump) return std::nullopt;
  if (!kAdrp.Fits(*page) || !kLoadPointer.Fits(*load) || !kJumpRegister.Fits(*jump)) return std::nullopt;
  if (First(*page) != Second(*load) || First(*load) != Second(*jump)) return std::nullopt;
  return PageOfAdrp(code, *page) + LoadOffset(*load);
}

}  // namespace poolblame

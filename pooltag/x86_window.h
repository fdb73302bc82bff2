// A stretch of x86 or x64 code around one place, and its instructions. Zydis decodes them; where one begins is not
// known beforehand, because code has no marks.
#pragma once

#include <Zydis/Zydis.h>

#include <array>
#include <optional>
#include <span>
#include <vector>

#include "parser/kernel/system.h"

namespace poolblame {

struct X86Instruction {
  VirtAddr address{};
  ZydisDecodedInstruction info;
  std::array<ZydisDecodedOperand, ZYDIS_MAX_OPERAND_COUNT> operands;

  [[nodiscard]] VirtAddr next() const { return address + info.length; }
  [[nodiscard]] std::span<const ZydisDecodedOperand> visible() const {
    return {operands.data(), info.operand_count_visible};
  }
};

/// What a 4-byte field of an instruction is.
enum class X86Field { kImmediate, kDisplacement };

class X86Window {
 public:
  /// The code before and behind `field`, as far as its pages are in the image.
  X86Window(const AddressSpace& space, VirtAddr field, bool is_64bit);

  /// Nothing outside the window, or where the bytes are no instruction.
  [[nodiscard]] std::optional<X86Instruction> At(VirtAddr address) const;

  /// Where code begins that runs into the instruction at `address`, as far ahead of it as the window goes; `address`
  /// itself where nothing does.
  [[nodiscard]] VirtAddr LeadIn(VirtAddr address) const;
  [[nodiscard]] bool Contains(VirtAddr address) const { return address >= begin_ && address - begin_ < bytes_.size(); }

  /// The instruction whose 4-byte `kind` stands at `field`, if the code around reads so. Decoding from nearly any wrong
  /// start falls in step with the real instructions after a few (Linn and Debray, "Obfuscation of Executable Code",
  /// 2003, measure it), so that the starts before the field vote. Cost: some 200 decodings.
  [[nodiscard]] std::optional<X86Instruction> Holding(VirtAddr field, X86Field kind) const;

 private:
  [[nodiscard]] std::size_t LengthAt(std::size_t offset) const;

  ZydisDecoder decoder_{};
  VirtAddr begin_{};
  std::vector<std::uint8_t> bytes_;
};

}  // namespace poolblame

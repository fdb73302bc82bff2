// Transform and shape of the code: Volatility's win8_kdbg and QEMU's elf2dmp describe them. The code is ours and no
// more than that shape.
#include "samples/encoded_block.h"

#include <bit>

namespace poolblame::samples {
namespace {

// In the kernel's image, on a page of its own behind all that the image writers put there: code, then the three
// variables.
constexpr std::uint64_t kCodeAt = 0xC000, kFlagAt = 0xC800, kNeverAt = 0xC808, kAlwaysAt = 0xC810;

std::uint64_t SwapBytes(std::uint64_t value) {
  std::uint64_t swapped = 0;
  for (int i = 0; i < 8; ++i) swapped = swapped << 8 | (value >> 8 * i & 0xFF);
  return swapped;
}

/// Appends `opcode` and the distance from the instruction's end, `tail` bytes behind the distance, to `target`.
void Refer(Bytes& code, std::uint64_t base, std::initializer_list<std::uint8_t> opcode, std::uint64_t target,
           std::uint64_t tail = 0) {
  code.insert(code.end(), opcode);
  const std::size_t at = code.size();
  code.resize(at + 4 + tail, 0);
  Put32(code, at, static_cast<std::uint32_t>(target - (base + code.size())));
}

Bytes Decoder(std::uint64_t kernel, std::uint64_t block) {
  const std::uint64_t base = kernel + kCodeAt;
  Bytes code;
  Refer(code, base, {0x80, 0x3D}, kernel + kFlagAt, 1);       // cmp byte ptr [KdpDataBlockEncoded], 0
  code.insert(code.end(), {0x74, 0x20});                      // je
  Refer(code, base, {0x48, 0x8D, 0x0D}, block);               // lea rcx, [KdDebuggerDataBlock]
  Refer(code, base, {0x48, 0x8B, 0x05}, kernel + kNeverAt);   // mov rax, [KiWaitNever]
  code.insert(code.end(), {0x48, 0x33, 0x01});                // xor rax, [rcx]
  code.insert(code.end(), {0x48, 0x0F, 0xC8});                // bswap rax
  Refer(code, base, {0x48, 0x33, 0x05}, kernel + kAlwaysAt);  // xor rax, [KiWaitAlways]
  code.push_back(0xC3);
  return code;
}

}  // namespace

void EncodeDebuggerBlock(Machine& machine, const KernelData& data) {
  KernelMemory& memory = machine.memory();
  const std::uint64_t kernel = machine.layout().nt_base, flag = kernel + kFlagAt;
  if (!memory.MapNew(kernel + kCodeAt)) return;
  const std::uint64_t never = MixSeed(machine.recipe().seed, 0x4E56), always = MixSeed(machine.recipe().seed, 0x4157);
  memory.Write(kernel + kCodeAt, Decoder(kernel, data.kdbg));
  memory.Write32(flag, 1);
  memory.Write64(kernel + kNeverAt, never);
  memory.Write64(kernel + kAlwaysAt, always);
  Bytes block = memory.Read(data.kdbg, machine.profile().kdbg_size);
  for (std::size_t at = 0; at < block.size(); at += 8) {
    const std::uint64_t turned = SwapBytes(Load<std::uint64_t>(block.data() + at) ^ always) ^ flag;
    Put64(block, at, std::rotr(turned, static_cast<int>(never & 63)) ^ never);
  }
  memory.Write(data.kdbg, block);
}

}  // namespace poolblame::samples

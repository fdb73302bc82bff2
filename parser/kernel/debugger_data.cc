#include "parser/kernel/debugger_data.h"

#include <algorithm>
#include <bit>
#include <cstddef>

#include "parser/kernel/debugger_block_keys.h"

namespace poolblame {
namespace {

constexpr std::size_t kPrefixWords = 3;  // List, OwnerTag and Size
constexpr std::size_t kBlockWords = sizeof(DebuggerBlock) / 8;

std::uint64_t ReverseBytes(std::uint64_t value) {
  std::uint64_t reversed = 0;
  for (int i = 0; i < 8; ++i) reversed |= ((value >> (8 * i)) & 0xFF) << (8 * (7 - i));
  return reversed;
}

/// Empty when any of the words is missing.
std::vector<std::uint64_t> ReadWords(const AddressSpace& space, VirtAddr address, std::size_t count) {
  std::vector<Le64> wire(count);
  const std::span<std::uint8_t> out(reinterpret_cast<std::uint8_t*>(wire.data()), count * sizeof(Le64));
  if (space.Read(address, out) != Presence::kPresent) return {};
  return {wire.begin(), wire.end()};
}

bool PlausiblePrefix(std::span<const std::uint64_t> words) {
  const auto tag = static_cast<std::uint32_t>(words[2]);
  const auto size = static_cast<std::uint32_t>(words[2] >> 32);
  return tag == kDebuggerBlockTag && size >= kMinDebuggerBlockSize && size <= kMaxDebuggerBlockSize && size % 8 == 0;
}

std::optional<DebuggerBlock> FromWords(std::span<const std::uint64_t> words) {
  if (words.size() < kPrefixWords || !PlausiblePrefix(words)) return std::nullopt;
  const std::size_t count = std::min({static_cast<std::size_t>(words[2] >> 32) / 8, words.size(), kBlockWords});
  std::vector<Le64> wire(words.begin(), words.begin() + static_cast<std::ptrdiff_t>(count));
  wire.resize(kBlockWords);  // fields behind the end read as zero
  return ByteView(reinterpret_cast<const std::uint8_t*>(wire.data()), sizeof(DebuggerBlock)).TryRead<DebuggerBlock>(0);
}

std::optional<DebuggerBlock> DecodeWith(const AddressSpace& space, VirtAddr address, const DebuggerBlockKeys& keys) {
  const std::vector<std::uint64_t> prefix = ReadWords(space, address, kPrefixWords);
  const auto plain = DecodeDebuggerBlock(prefix, keys.never, keys.always, keys.flag_address);
  if (prefix.empty() || !PlausiblePrefix(plain)) return std::nullopt;
  const auto words = ReadWords(space, address, static_cast<std::size_t>(plain[2] >> 32) / 8);
  return FromWords(DecodeDebuggerBlock(words, keys.never, keys.always, keys.flag_address));
}

std::optional<DebuggerBlock> Decode(const AddressSpace& space, VirtAddr address, ImageRange kernel) {
  std::optional<DebuggerBlock> block;
  ForEachKeyCandidate(space, kernel, [&](const DebuggerBlockKeys& keys) {
    block = DecodeWith(space, address, keys);
    return block.has_value();
  });
  return block;
}

}  // namespace

std::vector<std::uint64_t> DecodeDebuggerBlock(std::span<const std::uint64_t> words, std::uint64_t never,
                                               std::uint64_t always, std::uint64_t flag_address) {
  std::vector<std::uint64_t> plain;
  plain.reserve(words.size());
  for (const std::uint64_t word : words) {
    const std::uint64_t turned = std::rotl(word ^ never, static_cast<int>(never & 0x3F));
    plain.push_back(ReverseBytes(turned ^ flag_address) ^ always);
  }
  return plain;
}

std::optional<DebuggerBlock> FindEncodedBlock(const AddressSpace& space, ImageRange kernel) {
  std::optional<DebuggerBlock> block;
  if (space.machine() != Machine::kX64) return block;
  ForEachKeyCandidate(space, kernel, [&](const DebuggerBlockKeys& keys) {
    for (const VirtAddr address : keys.named) {
      block = DecodeWith(space, address, keys);
      if (block && block->KernBase == kernel.base.value) return true;
      block.reset();
    }
    return false;
  });
  return block;
}

std::optional<DebuggerBlock> ParseDebuggerBlock(ByteView bytes) {
  std::vector<std::uint64_t> words;
  for (std::uint64_t at = 0; words.size() < kMaxDebuggerBlockSize / 8; at += 8) {
    const auto word = bytes.TryRead<Le64>(at);
    if (!word) break;
    words.push_back(*word);
  }
  return FromWords(words);
}

std::optional<DebuggerBlock> ReadDebuggerBlock(const AddressSpace& space, VirtAddr address,
                                               std::optional<ImageRange> kernel, std::vector<std::string>& notes) {
  const std::vector<std::uint64_t> prefix = ReadWords(space, address, kPrefixWords);
  if (prefix.empty()) {
    notes.emplace_back("the debugger data block is not in the image");
    return std::nullopt;
  }
  if (PlausiblePrefix(prefix)) {
    const std::size_t words = static_cast<std::size_t>(prefix[2] >> 32) / 8;
    if (auto block = FromWords(ReadWords(space, address, words))) return block;
    notes.emplace_back("the debugger data block is only partly in the image");
    return std::nullopt;
  }
  if (kernel && space.machine() == Machine::kX64) {  // x86 kernels never encode it
    if (auto block = Decode(space, address, *kernel)) return block;
  }
  notes.emplace_back("the debugger data block is encoded or damaged and could not be decoded");
  return std::nullopt;
}

}  // namespace poolblame

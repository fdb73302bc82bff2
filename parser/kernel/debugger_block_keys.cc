#include "parser/kernel/debugger_block_keys.h"

#include <algorithm>
#include <array>
#include <optional>
#include <vector>

#include "parser/base/little_endian.h"

namespace poolblame {
namespace {

constexpr std::uint64_t kMaxScannedBytes = std::uint64_t{64} << 20;  // kernels have 5 to 22 MiB
constexpr std::uint32_t kMaxCandidates = 100'000;                    // pairs of keys tried; the right one comes early
constexpr std::uint32_t kMaxWindows = 50'000;  // compares of that shape; a kernel has some thousands
constexpr std::size_t kWindow = 300;           // bytes behind the compare that are looked at
constexpr std::size_t kMaxLoads = 12;          // loads taken from one window
constexpr std::size_t kCompareLength = 7;

/// Code bytes of one page and the head of the next, so that an instruction sequence may cross the border.
class CodeWindow {
 public:
  CodeWindow(const AddressSpace& space, VirtAddr page) : address_(page) {
    const PageBytes first = space.Page(page);
    if (first.presence != Presence::kPresent) return;
    std::copy(first.bytes.begin(), first.bytes.end(), bytes_.begin());
    size_ = kPageSize;
    const PageBytes second = space.Page(page + kPageSize);
    if (second.presence != Presence::kPresent) return;
    std::copy(second.bytes.begin(), second.bytes.begin() + kTail, bytes_.begin() + kPageSize);
    size_ += kTail;
  }
  [[nodiscard]] ByteView bytes() const { return {bytes_.data(), size_}; }
  /// The address that a rel32 at `offset` names, for an instruction that ends at `end`.
  [[nodiscard]] std::optional<VirtAddr> Target(std::size_t offset, std::size_t end) const {
    const auto relative = bytes().TryRead<Le32>(offset);
    if (!relative) return std::nullopt;
    const auto distance = static_cast<std::int32_t>(static_cast<std::uint32_t>(*relative));
    return address_ + end + static_cast<std::uint64_t>(static_cast<std::int64_t>(distance));
  }

 private:
  static constexpr std::size_t kTail = 512;  // kWindow and the longest instruction
  VirtAddr address_;
  std::array<std::uint8_t, kPageSize + kTail> bytes_{};
  std::size_t size_ = 0;
};

bool Inside(ImageRange range, VirtAddr address) { return address >= range.base && address - range.base < range.size; }

/// REX.W 8B or 33 with a RIP-relative operand: a 64-bit load or xor.
bool IsLoad(ByteView code, std::size_t i) {
  return (code[i] & 0xF8) == 0x48 && (code[i + 1] == 0x8B || code[i + 1] == 0x33) && (code[i + 2] & 0xC7) == 0x05;
}
/// REX.W 8D with a RIP-relative operand: an address is taken.
bool IsAddress(ByteView code, std::size_t i) {
  return (code[i] & 0xF8) == 0x48 && code[i + 1] == 0x8D && (code[i + 2] & 0xC7) == 0x05;
}
bool IsByteSwap(ByteView code, std::size_t i) {
  return (code[i] & 0xF8) == 0x48 && code[i + 1] == 0x0F && (code[i + 2] & 0xF8) == 0xC8;
}

/// What the code behind a compare refers to.
struct References {
  std::vector<std::uint64_t> values;  // that it loads
  std::vector<VirtAddr> named;        // that it takes the address of
};

/// Nothing where no bswap is near.
References ReferencesBehind(const AddressSpace& space, const CodeWindow& window, std::size_t from, ImageRange kernel) {
  const ByteView code = window.bytes();
  const std::size_t end = std::min(from + kWindow, code.size());
  References found;
  bool swaps = false;
  for (std::size_t i = from; i + 7 <= end; ++i) {
    swaps = swaps || IsByteSwap(code, i);
    if (!IsLoad(code, i) && !IsAddress(code, i)) continue;
    const auto target = window.Target(i + 3, i + 7);
    if (!target || !Inside(kernel, *target)) continue;
    if (IsAddress(code, i) && found.named.size() < kMaxLoads) found.named.push_back(*target);
    if (!IsLoad(code, i) || found.values.size() >= kMaxLoads) continue;
    if (const auto value = space.Read<Le64>(*target)) found.values.push_back(*value);
  }
  return swaps ? found : References{};
}

}  // namespace

void ForEachKeyCandidate(const AddressSpace& space, ImageRange kernel,
                         const std::function<bool(const DebuggerBlockKeys&)>& try_keys) {
  std::uint32_t tried = 0;
  std::uint32_t windows = 0;
  const std::uint64_t size = std::min(kernel.size, kMaxScannedBytes);
  for (std::uint64_t offset = 0; offset < size; offset += kPageSize) {
    const CodeWindow window(space, kernel.base + offset);
    const ByteView code = window.bytes();
    for (std::size_t i = 0; i < kPageSize && i + kCompareLength <= code.size(); ++i) {
      if (code[i] != 0x80 || code[i + 1] != 0x3D || code[i + 6] != 0x00) continue;
      const auto flag = window.Target(i + 2, i + kCompareLength);
      if (!flag || !Inside(kernel, *flag)) continue;
      if (++windows > kMaxWindows) return;
      const References found = ReferencesBehind(space, window, i + kCompareLength, kernel);
      for (const std::uint64_t never : found.values) {
        for (const std::uint64_t always : found.values) {
          if (++tried > kMaxCandidates || try_keys({never, always, flag->value, found.named})) return;
        }
      }
    }
  }
}

}  // namespace poolblame

#include "tests/heuristics/page_builder.h"

#include <algorithm>
#include <array>

namespace poolblame::testing {
namespace {

constexpr std::uint32_t kPage = 4096;

constexpr std::array<WindowsFacts, 4> kFacts = {{
    {false, 2600, "nt5-x86", 8, 0x05, 0x85000000, 0x80551234 & ~7U},
    {false, 7601, "nt6-x86", 8, 0x02, 0x85000000, 0x82951230},
    {true, 7601, "nt6-x64", 16, 0x02, 0xFFFFFA8001000000, 0xFFFFF80002A51230},
    {true, 9600, "nt62-x64", 16, 0x02, 0xFFFFE00001000000, 0xFFFFF80002A51230},
}};

}  // namespace

ByteString Repeat(std::uint8_t byte, std::uint32_t n) { return ByteString(n, byte); }

ByteString Cycle(const ByteString& pattern, std::uint32_t n) {
  ByteString out(n);
  for (std::uint32_t i = 0; i < n; ++i) out[i] = pattern[i % pattern.size()];
  return out;
}

ByteString Ascii(std::string_view text) { return {text.begin(), text.end()}; }

ByteString Utf16(std::string_view text) {
  ByteString out;
  for (const char c : text) out.insert(out.end(), {static_cast<std::uint8_t>(c), 0});
  return out;
}

ByteString Word(std::uint64_t value, std::uint32_t size) {
  ByteString out;
  for (std::uint32_t i = 0; i < size; ++i) out.push_back(static_cast<std::uint8_t>(value >> (8 * i)));
  return out;
}

ByteString operator+(ByteString a, const ByteString& b) {
  a.insert(a.end(), b.begin(), b.end());
  return a;
}

ByteString Varied(std::uint32_t n, std::uint32_t seed) {
  std::uint64_t state = (seed + 1) * std::uint64_t{0x9E3779B97F4A7C15};
  ByteString out(n);
  for (std::uint32_t i = 0; i < n; ++i) {
    state = state * 6364136223846793005U + 1442695040888963407U;
    // 0x80 to 0xBF, and every fourth byte a control character: no text, and no pointer of either machine
    out[i] = static_cast<std::uint8_t>(i % 4 == 3 ? 0x01 + (state >> 40) % 0x1F : 0x80 + (state >> 40) % 0x40);
  }
  return out;
}

const WindowsFacts& FactsOf(Windows windows) { return kFacts[static_cast<std::size_t>(windows)]; }

PageBuilder::PageBuilder(Windows windows, std::uint32_t seed) : facts_(FactsOf(windows)), seed_(seed), bytes_(kPage) {}

void PageBuilder::Add(std::string_view tag, std::uint32_t size, std::uint8_t type) {
  BlockTruth block{std::string(tag), end(), size, blocks_.empty() ? 0 : blocks_.back().size, type == 0};
  const std::uint32_t previous = block.previous_size / facts_.unit, units = size / facts_.unit;
  // x64: PreviousSize, PoolIndex, BlockSize, PoolType, a byte each; x86: 9 bits of size, then 7 of index or type
  ByteString header = facts_.is_64bit ? Word(previous, 1) + Word(0, 1) + Word(units, 1) + Word(type, 1)
                                      : Word(previous, 2) + Word(units | static_cast<std::uint32_t>(type) << 9, 2);
  header = header + Ascii(tag);
  std::copy(header.begin(), header.end(), bytes_.begin() + block.offset);
  const auto number = static_cast<std::uint32_t>(blocks_.size());
  blocks_.push_back(std::move(block));
  Put(0, Varied(size - facts_.unit, seed_ * 1000 + number));
}

PageBuilder& PageBuilder::Block(std::string_view tag, std::uint32_t size) {
  Add(tag, size, facts_.nonpaged_in_use);
  return *this;
}

PageBuilder& PageBuilder::FreeBlock(std::string_view tag, std::uint32_t size) {
  Add(tag, size, 0);
  const std::uint32_t pointer = facts_.is_64bit ? 8 : 4;
  return Put(0, Word(facts_.list_head, pointer) + Word(facts_.list_head, pointer));
}

PageBuilder& PageBuilder::Fill(std::uint8_t byte) { return Put(0, Repeat(byte, blocks_.back().size - facts_.unit)); }

PageBuilder& PageBuilder::Put(std::uint32_t payload_offset, const ByteString& bytes) {
  std::copy(bytes.begin(), bytes.end(), bytes_.begin() + payload() + payload_offset);
  return *this;
}

PageBuilder& PageBuilder::PutAtEnd(const ByteString& bytes) {
  return Put(blocks_.back().size - facts_.unit - static_cast<std::uint32_t>(bytes.size()), bytes);
}

PageBuilder& PageBuilder::Overrun(const ByteString& bytes) { return Overwrite(end(), bytes); }

PageBuilder& PageBuilder::Overrun(std::uint32_t n, std::uint8_t byte) { return Overrun(Repeat(byte, n)); }

PageBuilder& PageBuilder::Underrun(const ByteString& bytes) {
  return Overwrite(payload() - static_cast<std::uint32_t>(bytes.size()), bytes);
}

PageBuilder& PageBuilder::OverwriteHeader(std::uint32_t offset, const ByteString& bytes) {
  return Overwrite(blocks_.back().offset + offset, bytes);
}

PageBuilder& PageBuilder::OverwritePayload(std::uint32_t offset, const ByteString& bytes) {
  return Overwrite(payload() + offset, bytes);
}

PageBuilder& PageBuilder::FlipBit(std::uint32_t header_offset, unsigned bit) {
  faults_.push_back({blocks_.back().offset + header_offset, {static_cast<std::uint8_t>(1U << bit)}, true});
  return *this;
}

PageBuilder& PageBuilder::Overwrite(std::uint32_t page_offset, const ByteString& bytes) {
  faults_.push_back({page_offset, bytes, false});
  return *this;
}

BuiltPage PageBuilder::Build() const {
  PageBuilder whole = *this;
  constexpr std::uint32_t kLargest = 0x800;
  while (whole.end() < kPage) whole.Block("Rest", std::min(kLargest, kPage - whole.end()));
  BuiltPage page{whole.bytes_, whole.bytes_, whole.blocks_};
  for (const Fault& fault : faults_)
    for (std::size_t i = 0; i < fault.bytes.size(); ++i) {
      std::uint8_t& byte = page.bytes[fault.offset + i];
      byte = fault.flips ? byte ^ fault.bytes[i] : fault.bytes[i];
    }
  return page;
}

}  // namespace poolblame::testing

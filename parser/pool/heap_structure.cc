#include "parser/pool/heap_structure.h"

#include <algorithm>
#include <bit>

namespace poolblame {
namespace {

bool IsWrongVerdict(ByteVerdict verdict) {
  return verdict == ByteVerdict::kWrong || verdict == ByteVerdict::kWrongKnown;
}

}  // namespace

const char* HeapStructureName(HeapStructureKind kind) {
  switch (kind) {
    case HeapStructureKind::kPageSegment:
      return "page-segment";
    case HeapStructureKind::kVsSubsegment:
      return "vs-subsegment";
    case HeapStructureKind::kLfhSubsegment:
      return "lfh-subsegment";
    case HeapStructureKind::kSlush:
      return "slush";
    case HeapStructureKind::kVerifierPointer:
      return "verifier-pointer";
    case HeapStructureKind::kNone:
      break;
  }
  return "";
}

HeapStructure::HeapStructure(HeapStructureKind kind, VirtAddr address, ByteView bytes)
    : kind_(kind),
      address_(address),
      read_(bytes.begin(), bytes.end()),
      expected_(read_),
      verdicts_(bytes.size(), ByteVerdict::kUnknown) {}

std::uint64_t HeapStructure::WordAt(std::uint32_t offset, std::uint32_t length) const {
  std::uint64_t value = 0;
  for (std::uint32_t i = 0; i < length && offset + i < size(); ++i)
    value |= std::uint64_t{read_[offset + i]} << (8 * i);
  return value;
}

void HeapStructure::Expect(std::uint32_t offset, std::uint32_t length, std::uint64_t value, const char* field) {
  bool differs = false;
  for (std::uint32_t i = 0; i < length && offset + i < size(); ++i) {
    const auto byte = static_cast<std::uint8_t>(value >> (8 * i));
    const bool right = byte == read_[offset + i];
    expected_[offset + i] = byte;
    verdicts_[offset + i] = right ? ByteVerdict::kRight : ByteVerdict::kWrongKnown;
    differs = differs || !right;
  }
  if (differs) checks_.push_back({offset, length, field, WordAt(offset, length), value});
}

void HeapStructure::ExpectFill(std::uint8_t value, const char* field) {
  for (std::uint32_t i = 0; i < size(); ++i) {
    expected_[i] = value;
    verdicts_[i] = read_[i] == value ? ByteVerdict::kRight : ByteVerdict::kWrongKnown;
  }
  if (wrong_bytes() > 0) checks_.push_back({damage_begin(), 1, field, read_[damage_begin()], value});
}

void HeapStructure::Reject(std::uint32_t offset, std::uint32_t length, const char* field) {
  if (offset >= size()) return;
  for (std::uint32_t i = 0; i < length && offset + i < size(); ++i) verdicts_[offset + i] = ByteVerdict::kWrong;
  checks_.push_back({offset, length, field, WordAt(offset, length), std::nullopt});
}

void HeapStructure::Accept(std::uint32_t offset, std::uint32_t length) {
  for (std::uint32_t i = 0; i < length && offset + i < size(); ++i) verdicts_[offset + i] = ByteVerdict::kRight;
}

std::uint32_t HeapStructure::damage_begin() const {
  const auto first = std::find_if(verdicts_.begin(), verdicts_.end(), IsWrongVerdict);
  return static_cast<std::uint32_t>(first - verdicts_.begin());
}

std::uint32_t HeapStructure::damage_end() const {
  const auto last = std::find_if(verdicts_.rbegin(), verdicts_.rend(), IsWrongVerdict);
  return static_cast<std::uint32_t>(verdicts_.rend() - last);
}

std::uint32_t HeapStructure::wrong_bytes() const {
  return static_cast<std::uint32_t>(std::count_if(verdicts_.begin(), verdicts_.end(), IsWrongVerdict));
}

std::uint32_t HeapStructure::differing_bits() const {
  int bits = 0;
  for (std::uint32_t i = 0; i < size(); ++i) {
    if (verdicts_[i] == ByteVerdict::kWrong) return 0;
    if (verdicts_[i] == ByteVerdict::kWrongKnown) bits += std::popcount(static_cast<unsigned>(read_[i] ^ expected_[i]));
  }
  return static_cast<std::uint32_t>(bits);
}

bool HeapStructure::IsWrong(std::uint32_t begin, std::uint32_t end) const {
  const auto first = verdicts_.begin() + std::min(begin, size()), last = verdicts_.begin() + std::min(end, size());
  return std::any_of(first, last, IsWrongVerdict);
}

}  // namespace poolblame

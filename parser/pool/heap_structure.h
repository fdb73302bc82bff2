// A header of the segment heap's own (page segment, subsegment), the slush behind a big allocation, or the pointer that
// Driver Verifier keeps at the end of a block, byte by byte: what is known to be right, what to be wrong, and what
// nobody can say. No allocation owns these bytes, so whoever changed them ran out of its own.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "parser/base/address.h"
#include "parser/base/byte_view.h"

namespace poolblame {

enum class HeapStructureKind : std::uint8_t {
  kNone,
  kPageSegment,
  kVsSubsegment,
  kLfhSubsegment,
  kSlush,
  kVerifierPointer,
};
/// "vs-subsegment", …: REPORT.md's words; empty for kNone.
const char* HeapStructureName(HeapStructureKind kind);

enum class ByteVerdict : std::uint8_t {
  kUnknown,
  kRight,
  kWrong,       // what it must have been is not known
  kWrongKnown,  // `expected` has it
};

/// One field that is not what it must be.
struct StructureCheck {
  std::uint32_t offset = 0, length = 0;  // in the structure
  std::string field;                     // as public symbols name it
  std::uint64_t read = 0;
  std::optional<std::uint64_t> expected;
};

class HeapStructure {
 public:
  /// Of the structure's first bytes; `address` is its first byte's. Nothing is known of them yet.
  HeapStructure(HeapStructureKind kind, VirtAddr address, ByteView bytes);

  [[nodiscard]] HeapStructureKind kind() const { return kind_; }
  [[nodiscard]] VirtAddr address() const { return address_; }
  [[nodiscard]] std::uint32_t size() const { return static_cast<std::uint32_t>(verdicts_.size()); }
  [[nodiscard]] const std::vector<StructureCheck>& checks() const { return checks_; }
  [[nodiscard]] ByteVerdict At(std::uint32_t offset) const { return verdicts_[offset]; }

  /// The `length` bytes (at most 8) at `offset` must be those of `value`. Bytes outside of the structure are ignored.
  void Expect(std::uint32_t offset, std::uint32_t length, std::uint64_t value, const char* field);
  /// All bytes must be `value`. Told as one field.
  void ExpectFill(std::uint8_t value, const char* field);
  /// They are wrong, it is not known how.
  void Reject(std::uint32_t offset, std::uint32_t length, const char* field);
  /// They are as they must be.
  void Accept(std::uint32_t offset, std::uint32_t length);

  [[nodiscard]] bool damaged() const { return !checks_.empty(); }
  /// Hull of the wrong bytes, how many they are, and in how many bits they differ; 0 where one's true value is unknown.
  [[nodiscard]] std::uint32_t damage_begin() const;
  [[nodiscard]] std::uint32_t damage_end() const;
  [[nodiscard]] std::uint32_t wrong_bytes() const;
  [[nodiscard]] std::uint32_t differing_bits() const;
  /// True when one of the bytes in [begin, end) is known to be wrong.
  [[nodiscard]] bool IsWrong(std::uint32_t begin, std::uint32_t end) const;

 private:
  [[nodiscard]] std::uint64_t WordAt(std::uint32_t offset, std::uint32_t length) const;

  HeapStructureKind kind_;
  VirtAddr address_;
  std::vector<std::uint8_t> read_, expected_;
  std::vector<ByteVerdict> verdicts_;
  std::vector<StructureCheck> checks_;
};

}  // namespace poolblame

// What all blocks of one tag and size have in common, byte by byte.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <utility>
#include <vector>

#include "heuristics/content.h"
#include "parser/pool/pool_census.h"

namespace poolblame {

/// Half-open range of payload offsets.
struct PayloadRange {
  std::uint32_t begin = 0, end = 0;
};

class SiblingTemplate {
 public:
  /// From same-size payloads; at least kFewestSiblings of them.
  static std::optional<SiblingTemplate> Learn(const std::vector<Bytes>& payloads);
  /// Hull of the bytes of `payload` (same size) that differ where all siblings agree; nothing when none does, or when
  /// they are so many that this is another kind of block.
  [[nodiscard]] std::optional<PayloadRange> Deviation(Bytes payload) const;
  [[nodiscard]] std::size_t constant_bytes() const { return constant_bytes_; }

  /// Bytes in front of `offset` that all siblings have alike and that are not zero, as half of all memory is.
  [[nodiscard]] std::size_t TellingBytesBefore(std::uint32_t offset) const;

  /// Payloads it was learned from.
  [[nodiscard]] std::size_t siblings() const { return siblings_; }

  static constexpr std::size_t kFewestSiblings = 5;
  static constexpr std::size_t kBytesLookedAt = 512;  // fields stand in front; what follows is mostly data

 private:
  std::vector<std::uint8_t> value_, mask_;  // mask 0xFF where all siblings agree
  std::size_t constant_bytes_ = 0, siblings_ = 0;
};

/// Templates by tag name and block size (bytes, header included), for every tag with enough samples.
using TemplateTable = std::map<std::pair<PoolTag, std::uint32_t>, SiblingTemplate>;
TemplateTable LearnTemplates(const PoolCensus& census);

}  // namespace poolblame

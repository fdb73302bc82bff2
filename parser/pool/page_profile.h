// What the undamaged part of one page says about all of it: its PoolIndex, its pool, the types and tags in use.
// Learned from headers that a neighbour vouches for, so that payload which looks like a header has no vote.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <optional>

#include "parser/pool/header_reader.h"
#include "parser/pool/pool_census.h"

namespace poolblame {

/// What the whole image has taught so far; everything in it may be empty.
struct ImageKnowledge {
  FieldTrust trust;
  const std::map<PoolTag, TagStatistics>* tags = nullptr;

  /// Blocks of healthy pages with this tag, protected bit aside.
  [[nodiscard]] std::uint64_t BlocksWithTag(std::uint32_t tag) const;
};

struct PageProfile {
  std::optional<std::uint32_t> index;  // nothing where it is not kept uniform or nobody vouched
  std::optional<bool> paged, session;
  bool verifier_unused = false, aligned_unused = false;  // types the image never has
  std::array<std::uint16_t, 256> type_votes{};
  std::map<std::uint32_t, std::uint32_t> tags;  // raw tag -> vouched headers
  std::uint32_t vouched = 0;
  std::array<bool, 512> vouched_places{};

  /// The allocated type most vouched headers carry, or nothing.
  [[nodiscard]] std::optional<std::uint32_t> CommonAllocatedType(const HeaderReader& reader) const;
  /// True when the type is legal and of the page's own pool.
  [[nodiscard]] bool FitsType(std::uint32_t type, const HeaderReader& reader) const;
  /// Vouched headers of the page with this tag, the one at `place` not counted.
  [[nodiscard]] std::uint32_t OthersWithTag(std::uint32_t tag, std::uint32_t place) const;
};

PageProfile ProfilePage(const std::uint8_t* page, const HeaderReader& reader, const ImageKnowledge& knowledge);

}  // namespace poolblame

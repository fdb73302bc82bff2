// Which parts of a file are stored. Sparse files (a machine with much memory that it hardly used) have holes that read
// as zeros; bringing those in costs as much as data and says nothing.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

namespace poolblame {

/// Bytes [begin, end) of a file that are stored.
struct FileExtent {
  std::uint64_t begin = 0;
  std::uint64_t end = 0;
};

/// Ascending and disjoint; what no extent holds is zero. Nothing: the file has no holes, or nobody can say.
using StoredExtents = std::optional<std::vector<FileExtent>>;

/// Extents of one file that are told apart; what lies behind the last counts as stored. A raw image of 64 GiB with
/// every page of 64 MiB alone has 16,384; stops hours of questions to the file system.
inline constexpr std::size_t kMaxFileExtents = std::size_t{1} << 16;

}  // namespace poolblame

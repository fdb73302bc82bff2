// What differs between the Windows versions that the builder can imitate, as rows of one table. These are the builder's
// own layout facts, typed from the public structure references (PDB dumps; see each column), not shared with the
// reader.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <string_view>

namespace poolblame::samples {

/// How a header's PoolType says "in use" (stored value for base pool type 0 nonpaged, 1 paged).
enum class InUseEncoding {
  kBasePlusOneBit4,  // XP/2003: (base + 1) | 4; freed to a list clears the 4
  kBasePlusOne,      // plain base + 1, as some 3790 images show; lookaside blocks look allocated
  kBit2,             // Vista and later: base | 2; freed to a lookaside or deferred list: base | 4
};

struct WindowsProfile {
  const char* name;  // the word a recipe may use
  std::uint32_t build;
  bool x64;
  InUseEncoding encoding;
  bool protected_tags;   // object tags carry bit 31 (before Windows 8)
  bool nx_pool;          // separate NonPagedPoolNx (Windows 8 and later)
  bool encoded_quota;    // ProcessBilled is XORed with the quota cookie and the header (Windows 8 and later, x64)
  bool aligned_headers;  // cache-aligned blocks have a second header (Windows 8 and later, x64)
  bool checks_links;     // retail free/alloc checks neighbours and links (Windows 7 and later)
  std::uint32_t descriptor_size;      // POOL_DESCRIPTOR, bytes
  std::uint32_t descriptor_index_at;  // PoolIndex
  std::uint32_t pending_frees_at;     // PendingFrees
  std::uint32_t list_heads_at;        // ListHeads
  std::uint32_t kdbg_size;            // KDDEBUGGER_DATA64.Header.Size
  std::uint32_t big_page_entry;       // POOL_TRACKER_BIG_PAGES stride
  std::uint32_t ldr_timestamp_at;     // KLDR TimeDateStamp
  bool segment_heap = false;          // 1903 and later: heap_layout.h instead of the descriptor's fields

  [[nodiscard]] std::uint32_t unit() const { return x64 ? 16 : 8; }
  [[nodiscard]] std::uint32_t header_size() const { return x64 ? 16 : 8; }
  [[nodiscard]] std::uint32_t pointer_size() const { return x64 ? 8 : 4; }
  /// Buckets of ListHeads: one a block size.
  [[nodiscard]] std::uint32_t list_count() const { return x64 ? 256 : 512; }
  /// The largest request that still comes out of a page.
  [[nodiscard]] std::uint32_t max_small() const { return x64 ? 0xFE0 : 0xFF0; }
};

/// The profile for a recipe word ("win7", "7601", …) and machine; nullopt where that pair did not exist.
std::optional<WindowsProfile> FindProfile(std::string_view windows, bool x64);
/// The words FindProfile knows, for help and errors.
std::string ProfileWords();

}  // namespace poolblame::samples

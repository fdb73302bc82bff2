// The links inside free blocks: LIST_ENTRY on the descriptor's lists, a single pointer on lookaside and deferred lists.
// A link is checked against its far end where the image has that page; where it has not, only values that no list may
// hold count. Which of two entries that contradict each other is the damaged one is decided by a third.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "parser/image/address_space.h"
#include "parser/pool/field_trust.h"
#include "parser/pool/header_reader.h"
#include "parser/pool/pool_page.h"

namespace poolblame {

/// What one free or lookaside block's links say.
struct LinkCheck {
  bool has_links = false;  // false: allocated, or too small for links
  bool lookaside = false;
  bool answered = false;                   // a far end names this block
  bool disowned = false;                   // both far ends belong to lists that are whole without this block
  bool to_itself = false;                  // a single link that leads to its own block and is no empty LIST_ENTRY
  std::optional<FreeLinkFinding> finding;  // nothing: sound as far as can be seen; `block` is left 0
};

class FreeLinkChecker {
 public:
  FreeLinkChecker(const AddressSpace& space, const PoolHeaderLayout& layout);

  /// The block of `state` and `size` bytes at `offset` of the page that lies at `page_address`.
  [[nodiscard]] LinkCheck Check(const std::uint8_t* page, VirtAddr page_address, std::uint32_t offset,
                                std::uint32_t size, BlockState state) const;
  /// The first pointer behind the header is the address it stands at, `entry`, and the second is not.
  [[nodiscard]] bool LeadsToItself(const std::uint8_t* page, std::uint64_t entry, std::uint32_t offset,
                                   std::uint32_t size) const;
  /// Where the first link of a block at `offset` of the page at `page` would stand.
  [[nodiscard]] std::uint64_t EntryOf(VirtAddr page, std::uint32_t offset) const {
    return (page + offset + header_size_).value;
  }
  /// Counts a check for FieldTrust.
  static void Tally(const LinkCheck& check, TrustTally& tally);

 private:
  enum class LinkState { kSound, kUnreadable, kFarEndDamaged, kNotKernel, kBroken, kOneBitOff };
  struct Link {
    LinkState state = LinkState::kSound;
    std::uint64_t value = 0, target_value = 0;
  };
  [[nodiscard]] std::uint64_t PointerAt(const std::uint8_t* bytes) const;
  [[nodiscard]] std::optional<std::uint64_t> ReadPointer(std::uint64_t address) const;
  [[nodiscard]] bool IsKernel(std::uint64_t value) const;
  /// The header in front of `payload` is readable and is no freed block's: no freed block may lead there.
  [[nodiscard]] bool LeadsToBlockInUse(std::uint64_t payload) const;
  /// Where sound headers tile the page from its first byte to its last: whether one of a freed block lies at `begin`.
  [[nodiscard]] std::optional<bool> IsFreedInSoundPage(VirtAddr begin) const;
  /// No freed block lies in front of `payload`, and the page is sound, or not even a neighbour of pool: one that is
  /// may itself be what is damaged.
  [[nodiscard]] bool LeadsAstray(std::uint64_t payload) const;
  /// `value` does not come back, but one bit away from it lies an entry that names `entry`, and is no block in use.
  /// Reads at most 64 addresses and a page.
  [[nodiscard]] bool IsOneBitFromAnswer(std::uint64_t value, std::uint64_t entry, bool is_flink) const;
  [[nodiscard]] Link CheckLink(std::uint64_t value, std::uint64_t entry, bool is_flink) const;

  const AddressSpace* space_;
  const PoolHeaderLayout* layout_;
  std::uint32_t pointer_size_;
  std::uint32_t header_size_;
  std::uint64_t kernel_base_;
};

}  // namespace poolblame

// The doubly linked lists that structures of one kind hang in (LIST_ENTRY at their first byte): which form the links
// have in this image, and what a damaged entry's links must have been, as its neighbours still name it.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <set>
#include <vector>

#include "parser/base/address.h"
#include "parser/image/address_space.h"
#include "parser/pool/heap_structure.h"

namespace poolblame {

class LinkBook {
 public:
  /// Learns from `entries`, ascending. Nobody has published for all builds which lists have their links XORed with
  /// their own address, so the form that comes back oftener is taken. Cost: some six pointers an entry. Of
  /// more than kMostEntries nothing is believed.
  LinkBook(const AddressSpace& space, const std::vector<VirtAddr>& entries);

  static constexpr std::size_t kMostEntries = std::size_t{1} << 16;  // 20 MiB; 8 GiB of VS subsegments

  /// True when this image's entries keep their list: nearly all come back, and they are enough to say so.
  [[nodiscard]] bool believed() const { return believed_; }
  /// Another entry or a head of a list names it as its neighbour.
  [[nodiscard]] bool Names(VirtAddr entry) const {
    return IsNamedIn(before_, entry.value) || IsNamedIn(behind_, entry.value);
  }
  /// Judges the two links of the entry that `structure` begins with. Says nothing where not believed.
  void Check(HeapStructure& structure) const;

 private:
  struct Links {
    std::uint64_t flink = 0, blink = 0;  // decoded
  };
  using NamedBy = std::map<std::uint64_t, std::set<std::uint64_t>>;

  /// Zeros, where links are XORed with their own address, lead to themselves: that is nobody's word.
  static bool IsNamedIn(const NamedBy& named, std::uint64_t entry) {
    const auto by = named.find(entry);
    return by != named.end() && (by->second.size() > 1 || !by->second.contains(entry));
  }
  [[nodiscard]] std::optional<Links> Read(const AddressSpace& space, std::uint64_t entry, bool encoded) const;
  [[nodiscard]] std::size_t CountThatComeBack(const AddressSpace& space, const std::vector<VirtAddr>& entries,
                                              bool encoded) const;
  void AddNode(std::uint64_t node, const Links& links);
  void CheckLink(HeapStructure& structure, std::uint32_t offset, std::uint64_t link, const NamedBy& named,
                 const char* field) const;

  bool encoded_ = false, believed_ = false;
  bool strict_ = false;             // all but one entry are in order: then a link that leads nowhere is damage, too
  std::set<std::uint64_t> astray_;  // places of links that lead to memory which is no entry
  std::map<std::uint64_t, Links> links_;
  NamedBy before_, behind_;  // of an address: the nodes that say they stand before, and behind it
};

}  // namespace poolblame

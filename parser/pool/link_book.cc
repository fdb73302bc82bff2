#include "parser/pool/link_book.h"

#include <algorithm>
#include <utility>

#include "parser/format/segment_heap.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kBlink = 8;  // of a LIST_ENTRY on x64

}  // namespace

std::optional<LinkBook::Links> LinkBook::Read(const AddressSpace& space, std::uint64_t entry, bool encoded) const {
  const auto flink = space.ReadPointer(VirtAddr{entry}), blink = space.ReadPointer(VirtAddr{entry} + kBlink);
  if (!flink || !blink) return std::nullopt;
  if (!encoded) return Links{flink->value, blink->value};
  return Links{flink->value ^ entry, blink->value ^ (entry + kBlink)};
}

std::size_t LinkBook::CountThatComeBack(const AddressSpace& space, const std::vector<VirtAddr>& entries,
                                        bool encoded) const {
  constexpr std::size_t kEnough = 256;  // entries: settles which form it is
  std::size_t count = 0;
  for (std::size_t i = 0; i < std::min(entries.size(), kEnough); ++i) {
    const std::uint64_t entry = entries[i].value;
    const auto own = Read(space, entry, encoded);
    if (!own || !IsHeapPointer(own->flink, entry)) continue;
    const auto next = Read(space, own->flink, encoded);
    if (next && next->blink == entry) ++count;
  }
  return count;
}

void LinkBook::AddNode(std::uint64_t node, const Links& links) {
  links_.emplace(node, links);
  if (IsHeapPointer(links.flink, node)) before_[links.flink].insert(node);
  if (IsHeapPointer(links.blink, node)) behind_[links.blink].insert(node);
}

LinkBook::LinkBook(const AddressSpace& space, const std::vector<VirtAddr>& entries) {
  if (entries.size() > kMostEntries) return;
  encoded_ = CountThatComeBack(space, entries, true) > CountThatComeBack(space, entries, false);
  for (const VirtAddr entry : entries)
    if (const auto links = Read(space, entry.value, encoded_)) AddNode(entry.value, *links);
  // The heads of the lists: they are named by an entry and name it back.
  const std::map<std::uint64_t, Links> own = links_;
  for (const auto& [entry, links] : own) {
    for (const std::uint64_t target : {links.flink, links.blink}) {
      if (!IsHeapPointer(target, entry) || links_.contains(target)) continue;
      const auto head = Read(space, target, encoded_);
      const bool names_it = head && (head->flink == entry || head->blink == entry);
      if (names_it) AddNode(target, *head);
    }
  }
  // One damaged entry breaks its own two links and one of each neighbour.
  constexpr std::size_t kFewestSound = 6, kOneEntrysLinks = 4;
  const auto names = [](const NamedBy& named, std::uint64_t entry, std::uint64_t node) {
    const auto by = named.find(entry);
    return by != named.end() && by->second.contains(node);
  };
  std::size_t sound = 0;
  for (const auto& [entry, links] : own)
    sound += (names(before_, entry, links.blink) ? 1U : 0U) + (names(behind_, entry, links.flink) ? 1U : 0U);
  const std::size_t broken = 2 * own.size() - sound;
  for (const auto& [entry, links] : own)
    for (const auto& [at, target] : {std::pair{entry, links.flink}, std::pair{entry + kBlink, links.blink}}) {
      const auto there =
          IsHeapPointer(target, entry) && !links_.contains(target) ? Read(space, target, encoded_) : std::nullopt;
      if (there && !links_.contains(there->flink) && !links_.contains(there->blink)) astray_.insert(at);
    }
  strict_ = broken <= kOneEntrysLinks;
  believed_ = sound >= kFewestSound && broken <= kOneEntrysLinks + own.size() / 5;
}

void LinkBook::Check(HeapStructure& structure) const {
  const auto own = links_.find(structure.address().value);
  if (!believed_ || own == links_.end()) return;
  CheckLink(structure, 0, own->second.flink, behind_, "ListEntry.Flink");
  CheckLink(structure, kBlink, own->second.blink, before_, "ListEntry.Blink");
}

/// `named`: who says to stand on this side of an entry. A list that is being changed while the dump is written leaves
/// an entry that nobody names, or one that names a neighbour of before: neither is damage.
void LinkBook::CheckLink(HeapStructure& structure, std::uint32_t offset, std::uint64_t link, const NamedBy& named,
                         const char* field) const {
  const std::uint64_t address = structure.address().value, mask = encoded_ ? address + offset : 0;
  const auto claims = named.find(address);
  const bool claimed = claims != named.end();
  if (claimed && claims->second.contains(link)) return structure.Accept(offset, 8);
  if (link != address && links_.contains(link)) return;
  if (claimed && claims->second.size() == 1) return structure.Expect(offset, 8, *claims->second.begin() ^ mask, field);
  if (!strict_ || link == 0) return;
  if (astray_.contains(address + offset)) return structure.Reject(offset, 6, field);
  if (IsHeapPointer(link, address)) return;
  // The upper bytes of a kernel address are all ones; of the others only a neighbour could tell.
  const std::uint32_t ones = UpperOnes(address), upper = 8 - ones;
  const std::uint64_t lowest = HeapLowest(address);
  if (link >> (8 * upper) != lowest >> (8 * upper))
    structure.Expect(offset + upper, ones, (lowest ^ mask) >> (8 * upper), field);
  else
    structure.Reject(offset, upper, field);
}

}  // namespace poolblame

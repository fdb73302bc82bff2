// Every kernel mapping once, in ascending order of address. Used to turn physical finds into addresses.
// Private to parser/image.
#pragma once

#include <cstdint>
#include <functional>
#include <unordered_set>

#include "parser/base/address.h"
#include "parser/format/page_table.h"
#include "parser/image/image.h"
#include "parser/image/page_map.h"

namespace poolblame {

/// How page tables of the machine are laid out; nullptr for a machine that is not known.
const PagingMode* PagingOf(Machine machine, PageTableForm form);

/// The page tables of one root. A table page is followed once a level, so loops end and shared tables are not repeated;
/// entries that lead back to a top table (the self-map, where page tables show up as pages) are left out.
class PageTableWalk {
 public:
  /// Gets each mapping of the kernel half: where it starts, which pages, how many of 4 KiB. False ends the walk.
  using Visitor = std::function<bool(VirtAddr address, Pfn first, std::uint64_t count)>;

  PageTableWalk(const PageMap& pages, const PagingMode& mode, PhysAddr root);

  /// Walks once; cost: the page tables of the kernel half, and 16 to 40 bytes of memory a table.
  void Run(const Visitor& visit) { RunFrom(VirtAddr{mode_.kernel_base}, visit); }
  /// The same from the mapping that holds `from`, a kernel address, upwards.
  void RunFrom(VirtAddr from, const Visitor& visit);

 private:
  /// `at_edge`: the table holds the entry that leads to `from_`, and those below it are left out.
  bool Walk(std::uint32_t level, PhysAddr table, std::uint64_t base, bool at_edge);
  bool Follow(std::uint32_t level, std::uint64_t entry, std::uint64_t address, bool at_edge);
  [[nodiscard]] bool LeadsBack(PhysAddr table) const;
  /// The table's bytes, empty when its page is not in the image.
  [[nodiscard]] ByteView Table(std::uint32_t level, PhysAddr table) const;
  [[nodiscard]] std::uint64_t Entry(ByteView table, std::uint64_t index) const;
  void CollectTopTables();

  const PageMap& pages_;
  const PagingMode& mode_;
  PhysAddr root_;
  const Visitor* visit_ = nullptr;
  VirtAddr from_{};
  std::unordered_set<Pfn> top_tables_;          // the root; with PAE its four directories, which map themselves
  std::unordered_set<std::uint64_t> followed_;  // table page and level
};

}  // namespace poolblame

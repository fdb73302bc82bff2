#include "samples/page_tables.h"

#include <map>
#include <utility>
#include <vector>

namespace poolblame::samples {
namespace {

/// Valid, writable, accessed, dirty: what a kernel page's entry says. Tables use the same bits (0x63).
constexpr std::uint64_t kEntryFlags = 0x63;
constexpr std::uint64_t kNoExecute = std::uint64_t{1} << 63;  // of 8-byte entries
/// Valid, table or page, inner shareable, accessed; neither the kernel nor programs may execute.
constexpr std::uint64_t kArm64Flags = 0x703;
constexpr std::uint64_t kArm64NoExecute = std::uint64_t{3} << 53;
/// A page directory pointer entry of PAE has only the valid bit and the frame.
constexpr std::uint64_t kPdptFlags = 0x1;

/// One level of tables: index bits and entry size; the walk goes from the top.
struct Level {
  unsigned shift;
  unsigned bits;
};

class TableWriter {
 public:
  TableWriter(KernelMemory& memory, Paging paging) : memory_(memory), entry_size_(paging == Paging::kX86 ? 4 : 8) {
    switch (paging) {
      case Paging::kX86:
        levels_ = {{22, 10}, {12, 10}};
        break;
      case Paging::kPae:
        levels_ = {{30, 2}, {21, 9}, {12, 9}};
        break;
      case Paging::kX64:
      case Paging::kArm64:
        levels_ = {{39, 9}, {30, 9}, {21, 9}, {12, 9}};
        break;
      case Paging::kX64La57:
        levels_ = {{48, 9}, {39, 9}, {30, 9}, {21, 9}, {12, 9}};
        break;
    }
    pae_ = paging == Paging::kPae;
    if (paging == Paging::kArm64) {
      flags_ = kArm64Flags;
      no_execute_ = kArm64NoExecute;
    }
    root_ = memory_.TakeFrame();
  }

  [[nodiscard]] std::uint64_t root() const { return root_; }
  [[nodiscard]] std::uint64_t flags() const { return flags_; }

  bool Map(std::uint64_t va, std::uint64_t pfn, bool may_execute) {
    std::uint64_t table = root_;
    std::uint64_t prefix = 0;
    for (std::size_t depth = 0; depth + 1 < levels_.size(); ++depth) {
      const std::uint64_t index = IndexOf(va, depth);
      prefix = prefix << levels_[depth].bits | index;
      std::uint64_t& next = tables_[{depth, prefix}];
      if (next == 0) {
        next = memory_.TakeFrame();
        if (next == 0) return false;
        Set(table, index, next, pae_ && depth == 0 ? kPdptFlags : flags_);
      }
      table = next;
    }
    Set(table, IndexOf(va, levels_.size() - 1), pfn, may_execute ? flags_ : flags_ | no_execute_);
    return true;
  }

  void Set(std::uint64_t table, std::uint64_t index, std::uint64_t pfn, std::uint64_t flags) {
    std::uint8_t* at = memory_.Frame(table) + index * entry_size_;
    if (entry_size_ == 4) {
      Store(at, static_cast<std::uint32_t>(pfn << 12 | flags));
    } else {
      Store(at, pfn << 12 | flags);
    }
  }

  /// The frame of the page directory for one of PAE's four gigabytes.
  std::uint64_t Directory(std::uint64_t gigabyte) {
    std::uint64_t& next = tables_[{0, gigabyte}];
    if (next == 0) {
      next = memory_.TakeFrame();
      if (next != 0) Set(root_, gigabyte, next, kPdptFlags);
    }
    return next;
  }

 private:
  [[nodiscard]] std::uint64_t IndexOf(std::uint64_t va, std::size_t depth) const {
    return va >> levels_[depth].shift & ((std::uint64_t{1} << levels_[depth].bits) - 1);
  }

  KernelMemory& memory_;
  std::size_t entry_size_;
  std::vector<Level> levels_;
  bool pae_ = false;
  std::uint64_t flags_ = kEntryFlags, no_execute_ = kNoExecute;
  std::uint64_t root_ = 0;
  std::map<std::pair<std::size_t, std::uint64_t>, std::uint64_t> tables_;  // (depth, address prefix) -> frame
};

bool WriteSelfMap(TableWriter& tables, Paging paging, const SelfMap& self_map) {
  if (paging == Paging::kX64 || paging == Paging::kX64La57 || paging == Paging::kArm64) {
    tables.Set(tables.root(), self_map.index, tables.root(), tables.flags());
    if (self_map.hidden) tables.Set(tables.root(), self_map.index + 1, tables.root(), tables.flags());
    return true;
  }
  if (self_map.hidden) return true;
  if (paging == Paging::kX86) {  // page tables appear at C0000000: directory entry 0x300
    tables.Set(tables.root(), 0x300, tables.root(), kEntryFlags);
    return true;
  }
  // PAE: the four directories are the first four tables of the fourth gigabyte (C0600000 in that view).
  for (std::uint64_t i = 0; i < 4; ++i) {
    const std::uint64_t directory = tables.Directory(i);
    if (directory == 0 || tables.Directory(3) == 0) return false;
    tables.Set(tables.Directory(3), i, directory, kEntryFlags);
  }
  return true;
}

}  // namespace

std::uint64_t TablesNeeded(const KernelMemory& memory, Paging paging) {
  // A table covers 9 or 10 address bits more than the one below it; PAE always has its four directories.
  std::vector<unsigned> shifts = {21, 30, 39};
  if (paging == Paging::kPae) shifts = {21};
  if (paging == Paging::kX86) shifts = {22};
  if (paging == Paging::kX64La57) shifts.push_back(48);
  std::uint64_t count = paging == Paging::kPae ? 5 : 1;
  const auto mappings = memory.Mappings();
  for (const unsigned shift : shifts) {
    std::uint64_t last = ~std::uint64_t{0};
    for (const auto& [page, pfn] : mappings) {
      const std::uint64_t prefix = page * kPage >> shift;
      count += prefix != last ? 1U : 0U;
      last = prefix;
    }
  }
  return count;
}

std::uint64_t WritePageTables(KernelMemory& memory, Paging paging, const SelfMap& self_map) {
  TableWriter tables(memory, paging);
  if (tables.root() == 0 || !WriteSelfMap(tables, paging, self_map)) return 0;
  for (const auto& [page, pfn] : memory.Mappings()) {
    if (!tables.Map(page * kPage, pfn, memory.MayExecute(page * kPage))) return 0;
  }
  return tables.root() * kPage;
}

}  // namespace poolblame::samples

// Physical page -> kernel virtual address, for the pages somebody asks about.
#pragma once

#include <cstdint>
#include <optional>
#include <utility>
#include <vector>

#include "parser/base/address.h"
#include "parser/image/address_space.h"

namespace poolblame {

class ReverseMap {
 public:
  /// Walks the kernel half of the page tables once (bounded: loops and repeated tables are visited once) and keeps the
  /// lowest kernel address outside the page-table self-map for each page of `wanted` (ascending). Cost: the page
  /// tables, plus 16 bytes a wanted page.
  static ReverseMap Build(const AddressSpace& space, std::vector<Pfn> wanted);

  /// The kernel address of the page, or nothing when no kernel mapping names it.
  [[nodiscard]] std::optional<VirtAddr> Find(Pfn pfn) const;

 private:
  std::vector<std::pair<Pfn, VirtAddr>> entries_;  // ascending by pfn, mapped pages only
};

}  // namespace poolblame

// Virtual ranges that an image carries without page tables: the data blocks of a triage dump, a bare file of pages.
#pragma once

#include <cstdint>
#include <span>
#include <vector>

#include "parser/base/address.h"
#include "parser/base/byte_view.h"

namespace poolblame {

struct VirtualRange {
  VirtAddr begin{};
  ByteView bytes;
};

class VirtualMap {
 public:
  VirtualMap() = default;
  /// Ranges may overlap and need not be aligned; where they overlap the first one in file order wins.
  explicit VirtualMap(std::vector<VirtualRange> ranges);

  [[nodiscard]] bool empty() const { return ranges_.empty(); }
  /// Ascending, without overlap.
  [[nodiscard]] const std::vector<VirtualRange>& ranges() const { return ranges_; }
  /// The bytes from `address` to the end of the range that holds it; empty when no range does. Logarithmic.
  [[nodiscard]] ByteView BytesAt(VirtAddr address) const;
  /// Copies `out.size()` bytes from `address`; false when any of them is missing. May join several ranges.
  [[nodiscard]] bool Read(VirtAddr address, std::span<std::uint8_t> out) const;
  /// Addresses of the 4 KiB pages of which every byte is there, ascending.
  [[nodiscard]] std::vector<VirtAddr> WholePages() const;

 private:
  [[nodiscard]] const VirtualRange* RangeAt(VirtAddr address) const;

  std::vector<VirtualRange> ranges_;
};

}  // namespace poolblame

// Strong address types. A physical address, a virtual address and an offset in a file are all 64-bit numbers, and
// mixing them is the classic bug of dump readers, so each is a type of its own.
#pragma once

#include <compare>
#include <cstdint>
#include <functional>

namespace poolblame {

inline constexpr std::uint64_t kPageSize = 0x1000;

/// A 64-bit address of one kind. Arithmetic wraps as unsigned arithmetic does; readers check bounds, not this type.
template <typename Kind>
struct Address {
  std::uint64_t value = 0;

  friend constexpr auto operator<=>(Address, Address) = default;
  friend constexpr Address operator+(Address a, std::uint64_t bytes) { return {a.value + bytes}; }
  friend constexpr Address operator-(Address a, std::uint64_t bytes) { return {a.value - bytes}; }
  friend constexpr std::uint64_t operator-(Address a, Address b) { return a.value - b.value; }

  /// The address of the 4 KiB page that holds this address.
  [[nodiscard]] constexpr Address page() const { return {value & ~(kPageSize - 1)}; }
  /// The offset in that page, in bytes.
  [[nodiscard]] constexpr std::uint64_t page_offset() const { return value & (kPageSize - 1); }
};

using VirtAddr = Address<struct VirtualKind>;
using PhysAddr = Address<struct PhysicalKind>;
using FileOffset = Address<struct FileKind>;

/// Page frame number: a physical address divided by 4 KiB.
using Pfn = std::uint64_t;

constexpr Pfn ToPfn(PhysAddr a) { return a.value / kPageSize; }
constexpr PhysAddr ToPhysAddr(Pfn pfn) { return {pfn * kPageSize}; }

}  // namespace poolblame

template <typename Kind>
struct std::hash<poolblame::Address<Kind>> {
  std::size_t operator()(poolblame::Address<Kind> a) const noexcept { return std::hash<std::uint64_t>{}(a.value); }
};

// Physical memory and page tables for the tests of parser/image, built page by page. Nothing here comes from the
// reader: the table layouts are typed again, from the Intel manual, so that one mistake cannot hide in both.
#pragma once

#include <array>
#include <cstdint>
#include <map>
#include <vector>

namespace poolblame::testing {

using TestPage = std::array<std::uint8_t, 4096>;

/// Some pages of a machine's memory, by page frame number.
class PhysicalMemory {
 public:
  /// The page, made of zeros when it was not there.
  TestPage& operator[](std::uint64_t pfn);
  /// Adds a page filled with `value`.
  PhysicalMemory& Add(std::uint64_t pfn, std::uint8_t value);
  PhysicalMemory& Remove(std::uint64_t pfn);
  void Write(std::uint64_t physical, std::uint64_t value, int bytes);
  [[nodiscard]] std::uint64_t Read(std::uint64_t physical, int bytes);
  [[nodiscard]] const std::map<std::uint64_t, TestPage>& pages() const { return pages_; }

 private:
  std::map<std::uint64_t, TestPage> pages_;
};

enum class TableKind { kX86, kPae, kX64, kLa57, kArm64 };

/// Page tables in a PhysicalMemory. Tables come from `root` upwards, one page each.
class PageTables {
 public:
  PageTables(PhysicalMemory& memory, TableKind kind, std::uint64_t root_pfn);

  /// What CR3 holds.
  [[nodiscard]] std::uint64_t base() const { return root_ * 4096; }
  /// A valid 4 KiB mapping.
  PageTables& Map(std::uint64_t address, std::uint64_t pfn);
  /// Writes `entry` into the table whose entries cover `1 << shift` bytes (12: a page, 21 or 22: a large one, …),
  /// making the tables above it.
  PageTables& Set(std::uint64_t address, int shift, std::uint64_t entry);
  /// Lets the tables map themselves as Windows does: x86 at 0xC0000000, PAE at 0xC0600000, the others at `index`.
  PageTables& MapSelf(std::uint64_t index = 0x1ED);
  /// The page of the table that holds the entry of `1 << shift` bytes for `address`.
  [[nodiscard]] std::uint64_t TableOf(std::uint64_t address, int shift);
  /// The physical address of that entry.
  [[nodiscard]] std::uint64_t EntryPlace(std::uint64_t address, int shift);

 private:
  PhysicalMemory& memory_;
  TableKind kind_;
  std::uint64_t flags_;  // of an entry that leads on, and of a page's
  std::uint64_t root_;
  std::uint64_t next_;
};

}  // namespace poolblame::testing

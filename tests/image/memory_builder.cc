#include "tests/image/memory_builder.h"

#include <utility>

namespace poolblame::testing {
namespace {

/// Lowest address bit and number of index bits of each table, top first.
std::vector<std::pair<int, int>> LevelsOf(TableKind kind) {
  if (kind == TableKind::kX86) return {{22, 10}, {12, 10}};
  if (kind == TableKind::kPae) return {{30, 2}, {21, 9}, {12, 9}};
  if (kind == TableKind::kLa57) return {{48, 9}, {39, 9}, {30, 9}, {21, 9}, {12, 9}};
  return {{39, 9}, {30, 9}, {21, 9}, {12, 9}};
}

/// x64: valid, writable, accessed, dirty. ARM64: valid, table or page, inner shareable, accessed.
std::uint64_t FlagsOf(TableKind kind) { return kind == TableKind::kArm64 ? 0x703 : 0x63; }

}  // namespace

TestPage& PhysicalMemory::operator[](std::uint64_t pfn) { return pages_.try_emplace(pfn, TestPage{}).first->second; }

PhysicalMemory& PhysicalMemory::Add(std::uint64_t pfn, std::uint8_t value) {
  (*this)[pfn].fill(value);
  return *this;
}

PhysicalMemory& PhysicalMemory::Remove(std::uint64_t pfn) {
  pages_.erase(pfn);
  return *this;
}

void PhysicalMemory::Write(std::uint64_t physical, std::uint64_t value, int bytes) {
  TestPage& page = (*this)[physical / 4096];
  for (int i = 0; i < bytes; ++i)
    page[physical % 4096 + static_cast<std::uint64_t>(i)] = static_cast<std::uint8_t>(value >> 8 * i);
}

std::uint64_t PhysicalMemory::Read(std::uint64_t physical, int bytes) {
  TestPage& page = (*this)[physical / 4096];
  std::uint64_t value = 0;
  for (int i = 0; i < bytes; ++i)
    value |= std::uint64_t{page[physical % 4096 + static_cast<std::uint64_t>(i)]} << 8 * i;
  return value;
}

PageTables::PageTables(PhysicalMemory& memory, TableKind kind, std::uint64_t root_pfn)
    : memory_(memory), kind_(kind), flags_(FlagsOf(kind)), root_(root_pfn), next_(root_pfn + 1) {
  memory_[root_];
  if (kind_ != TableKind::kPae) return;
  // Windows makes all four directories with the process.
  for (std::uint64_t i = 0; i < 4; ++i) {
    memory_[next_];
    memory_.Write(root_ * 4096 + i * 8, next_++ * 4096 | 1, 8);
  }
}

std::uint64_t PageTables::EntryPlace(std::uint64_t address, int shift) {
  const int size = kind_ == TableKind::kX86 ? 4 : 8;
  std::uint64_t table = root_;
  for (const auto& [level_shift, bits] : LevelsOf(kind_)) {
    const std::uint64_t index = address >> level_shift & ((std::uint64_t{1} << bits) - 1);
    const std::uint64_t place = table * 4096 + index * static_cast<std::uint64_t>(size);
    if (level_shift == shift) return place;
    if (memory_.Read(place, size) == 0) {
      memory_[next_];
      memory_.Write(place, next_++ * 4096 | flags_, size);
    }
    table = (memory_.Read(place, size) & 0xFFFFFFFFFFFF) / 4096;
  }
  return 0;
}

PageTables& PageTables::Set(std::uint64_t address, int shift, std::uint64_t entry) {
  memory_.Write(EntryPlace(address, shift), entry, kind_ == TableKind::kX86 ? 4 : 8);
  return *this;
}

PageTables& PageTables::Map(std::uint64_t address, std::uint64_t pfn) { return Set(address, 12, pfn * 4096 | flags_); }

PageTables& PageTables::MapSelf(std::uint64_t index) {
  if (kind_ != TableKind::kX86 && kind_ != TableKind::kPae)
    memory_.Write(root_ * 4096 + index * 8, root_ * 4096 | flags_, 8);
  if (kind_ == TableKind::kX86) memory_.Write(root_ * 4096 + 0xC00, root_ * 4096 | 0x63, 4);
  if (kind_ == TableKind::kPae)
    for (std::uint64_t i = 0; i < 4; ++i) memory_.Write((root_ + 4) * 4096 + i * 8, (root_ + 1 + i) * 4096 | 0x63, 8);
  return *this;
}

std::uint64_t PageTables::TableOf(std::uint64_t address, int shift) { return EntryPlace(address, shift) / 4096; }

}  // namespace poolblame::testing

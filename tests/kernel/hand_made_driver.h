// A driver's image written by hand: headers, one code section, one data section, an import table with names. Addresses
// are those of the loaded image; the memory around it belongs to the test.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "parser/kernel/system.h"
#include "tests/kernel/fake_memory.h"

namespace poolblame {

class HandMadeDriver {
 public:
  static constexpr std::uint64_t kSize = 0x5000;
  static constexpr std::uint64_t kCodeAt = 0x1000, kDataAt = 0x3000, kImportsAt = 0x4000;

  HandMadeDriver(FakeMemory& memory, VirtAddr base, std::string name)
      : memory_(memory), base_(base), name_(std::move(name)) {
    const bool is_32bit = memory.is_32bit();
    memory_.PutBytes(base, {'M', 'Z'}).Put(base + 0x3C, 0x80, 4);
    const VirtAddr nt = base + 0x80;
    const std::uint64_t optional_size = is_32bit ? 0xE0 : 0xF0;
    memory_.PutBytes(nt, {'P', 'E', 0, 0}).Put(nt + 4, is_32bit ? 0x14C : 0x8664, 2).Put(nt + 6, 3, 2);
    memory_.Put(nt + 0x14, optional_size, 2).Put(nt + 0x18, is_32bit ? 0x10B : 0x20B, 2);
    directories_ = nt + 0x18 + (is_32bit ? 0x60 : 0x70);
    const VirtAddr sections = nt + 0x18 + optional_size;
    Section(sections, ".text", kCodeAt, kDataAt - kCodeAt, 0x68000020);
    Section(sections + 0x28, ".data", kDataAt, kImportsAt - kDataAt, 0xC8000040);
    Section(sections + 0x50, "INIT", kImportsAt, kSize - kImportsAt, 0xE2000020);
  }

  [[nodiscard]] VirtAddr base() const { return base_; }
  [[nodiscard]] VirtAddr code(std::uint64_t offset = 0) const { return base_ + kCodeAt + offset; }
  [[nodiscard]] VirtAddr data(std::uint64_t offset = 0) const { return base_ + kDataAt + offset; }
  /// The slots lie at the data section's end.
  [[nodiscard]] VirtAddr slot(std::size_t index) const { return data(0x800) + index * memory_.pointer_size(); }

  /// Descriptor, name table and names, in the INIT section.
  HandMadeDriver& Import(const std::vector<std::string_view>& names) {
    const std::uint64_t width = memory_.pointer_size();
    memory_.Put(directories_ + 8, kImportsAt, 4).Put(directories_ + 12, 0x28, 4);
    const VirtAddr descriptor = base_ + kImportsAt;
    memory_.Put(descriptor, kImportsAt + 0x100, 4).Put(descriptor + 0x10, slot(0) - base_, 4);
    std::uint64_t text = kImportsAt + 0x400;
    for (std::size_t i = 0; i < names.size(); ++i) {
      memory_.Put(base_ + kImportsAt + 0x100 + i * width, text, width);
      for (std::size_t c = 0; c < names[i].size(); ++c)
        memory_.Put(base_ + text + 2 + c, static_cast<std::uint8_t>(names[i][c]), 1);
      text += names[i].size() + 4;
    }
    return *this;
  }

  /// One name and its code.
  HandMadeDriver& Export(std::string_view name, VirtAddr code) {
    const VirtAddr at = data(0xC00);
    memory_.Put(directories_, at - base_, 4).Put(directories_ + 4, 0x100, 4);
    memory_.Put(at + 0x14, 1, 4).Put(at + 0x18, 1, 4);
    memory_.Put(at + 0x1C, at + 0x40 - base_, 4).Put(at + 0x20, at + 0x50 - base_, 4);
    memory_.Put(at + 0x24, at + 0x60 - base_, 4);
    memory_.Put(at + 0x40, code - base_, 4).Put(at + 0x50, at + 0x70 - base_, 4).Put(at + 0x60, 0, 2);
    for (std::size_t c = 0; c < name.size(); ++c) memory_.Put(at + 0x70 + c, static_cast<std::uint8_t>(name[c]), 1);
    return *this;
  }

  [[nodiscard]] Module module() const {
    Module module;
    module.name = name_;
    module.base = base_;
    module.size = kSize;
    return module;
  }

 private:
  void Section(VirtAddr at, std::string_view name, std::uint64_t begin, std::uint64_t size, std::uint64_t flags) {
    for (std::size_t i = 0; i < name.size(); ++i) memory_.Put(at + i, static_cast<std::uint8_t>(name[i]), 1);
    memory_.Put(at + 8, size, 4).Put(at + 12, begin, 4).Put(at + 0x24, flags, 4);
  }

  FakeMemory& memory_;
  VirtAddr base_;
  std::string name_;
  VirtAddr directories_{};
};

}  // namespace poolblame

// A stretch of kernel memory that a test writes by hand, and the address space that shows it. It is given to the reader
// as a bare file of pages, so that nothing but the bytes written here stands between test and code.
#pragma once

#include <cstdint>
#include <optional>
#include <string_view>
#include <vector>

#include "parser/image/address_space.h"
#include "parser/image/image.h"

namespace poolblame {

class FakeMemory {
 public:
  FakeMemory(Machine machine, VirtAddr base, std::size_t pages)
      : machine_(machine), base_(base), bytes_(pages * kPageSize) {}

  [[nodiscard]] bool is_32bit() const { return machine_ == Machine::kX86; }
  [[nodiscard]] std::uint64_t pointer_size() const { return is_32bit() ? 4 : 8; }

  FakeMemory& Put(VirtAddr at, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i)
      bytes_.at(static_cast<std::size_t>(at - base_) + i) = static_cast<std::uint8_t>(value >> (8 * i));
    return *this;
  }
  FakeMemory& PutPointer(VirtAddr at, VirtAddr value) { return Put(at, value.value, pointer_size()); }
  FakeMemory& PutBytes(VirtAddr at, std::initializer_list<int> bytes) {
    for (const int byte : bytes) {
      Put(at, static_cast<std::uint64_t>(byte), 1);
      at = at + 1;
    }
    return *this;
  }
  /// UTF-16 at `buffer`, the UNICODE_STRING that names it at `at`.
  FakeMemory& PutUnicodeString(VirtAddr at, VirtAddr buffer, std::string_view text) {
    Put(at, text.size() * 2, 2);
    PutPointer(at + pointer_size(), buffer);
    for (std::size_t i = 0; i < text.size(); ++i) Put(buffer + 2 * i, static_cast<std::uint8_t>(text[i]), 2);
    return *this;
  }
  /// The space as it is now; the memory must outlive it and not change.
  const AddressSpace& Space(std::optional<std::uint32_t> build = {}) {
    OpenOptions options;
    options.base = base_;
    options.machine = machine_;
    options.build = build;
    space_.reset();
    image_.emplace(std::move(Image::FromBytes({bytes_.data(), bytes_.size()}, "fake", options).value()));
    space_.emplace(*image_);
    return *space_;
  }

 private:
  Machine machine_;
  VirtAddr base_;
  std::vector<std::uint8_t> bytes_;
  std::optional<Image> image_;
  std::optional<AddressSpace> space_;
};

}  // namespace poolblame

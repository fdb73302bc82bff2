// A triage dump typed field by field: header, triage block, tables. Offsets are those of the public structure
// descriptions, written here a second time on purpose.
#pragma once

#include <cstdint>
#include <string_view>
#include <vector>

#include "parser/image/image.h"

namespace poolblame {

class TriageFile {
 public:
  explicit TriageFile(bool is_64bit) : is_64bit_(is_64bit), bytes_(0x8000) {
    Put(0, 0x45474150, 4);  // PAGE
    Put(4, is_64bit ? 0x34365544 : 0x504D5544, 4);
    Put(0xC, 7601, 4);
    Put(is_64bit ? 0x30 : 0x20, is_64bit ? 0x8664 : 0x14C, 4);
    Put(is_64bit ? 0xF98 : 0xF88, 4, 4);
    Put(Block() + 0x04, bytes_.size(), 4);
    Put(Block() + 0x08, bytes_.size() - 4, 4);
    Put(bytes_.size() - 4, 0x44475254, 4);  // TRGD
  }
  TriageFile& Put(std::uint64_t offset, std::uint64_t value, std::size_t size) {
    for (std::size_t i = 0; i < size; ++i) bytes_.at(offset + i) = static_cast<std::uint8_t>(value >> (8 * i));
    return *this;
  }
  TriageFile& PutText(std::uint64_t offset, std::string_view text) {
    for (std::size_t i = 0; i < text.size(); ++i) Put(offset + 2 * i, static_cast<std::uint8_t>(text[i]), 2);
    return *this;
  }
  TriageFile& BugCheck(std::uint32_t code, std::initializer_list<std::uint64_t> parameters) {
    Put(is_64bit_ ? 0x38 : 0x28, code, 4);
    std::uint64_t at = is_64bit_ ? 0x40 : 0x2C;
    for (const std::uint64_t p : parameters) {
      Put(at, p, Pointer());
      at += Pointer();
    }
    return *this;
  }
  /// One loaded driver; the first call makes the list. The name's length counts characters.
  TriageFile& Driver(std::string_view path, std::uint64_t base, std::uint32_t size) {
    const std::uint64_t entry = 0x3000 + drivers_ * (is_64bit_ ? 0x90 : 0x4C);
    const std::uint64_t name = 0x5000 + drivers_ * 0x100;
    Put(entry, name, 4).Put(name, path.size(), 4).PutText(name + 4, path);
    Put(entry + (is_64bit_ ? 0x38 : 0x1C), base, Pointer()).Put(entry + (is_64bit_ ? 0x48 : 0x24), size, 4);
    Put(entry + (is_64bit_ ? 0x88 : 0x48), 0x4CE7951A, 4);
    Put(Block() + 0x30, 0x3000, 4).Put(Block() + 0x34, ++drivers_, 4);
    return *this;
  }
  TriageFile& Unloaded(std::string_view name, std::uint64_t start, std::uint64_t end) {
    const std::uint64_t entry = 0x4000 + Pointer() + unloaded_ * (is_64bit_ ? 0x38 : 0x28);
    Put(entry, name.size() * 2, 2).PutText(entry + (is_64bit_ ? 0x10 : 0x08), name.substr(0, 12));
    Put(entry + (is_64bit_ ? 0x28 : 0x20), start, Pointer()).Put(entry + (is_64bit_ ? 0x30 : 0x24), end, Pointer());
    Put(Block() + 0x18, 0x4000, 4).Put(0x4000, ++unloaded_, Pointer());
    return *this;
  }
  TriageFile& DebuggerData(std::uint64_t kernel_base) {
    Put(Block() + (is_64bit_ ? 0x70 : 0x58), 0x2800, 4).Put(Block() + (is_64bit_ ? 0x74 : 0x5C), 0x340, 4);
    Put(0x2810, 0x4742444B, 4).Put(0x2814, 0x340, 4).Put(0x2818, kernel_base, 8);
    return *this;
  }
  [[nodiscard]] std::uint64_t Block() const { return is_64bit_ ? 0x2000 : 0x1000; }
  [[nodiscard]] std::size_t Pointer() const { return is_64bit_ ? 8 : 4; }
  [[nodiscard]] std::vector<std::uint8_t>& bytes() { return bytes_; }
  [[nodiscard]] Image Open() const { return Image::FromBytes({bytes_.data(), bytes_.size()}, "t.dmp", {}).value(); }

 private:
  bool is_64bit_;
  std::vector<std::uint8_t> bytes_;
  std::uint64_t drivers_ = 0;
  std::uint64_t unloaded_ = 0;
};

}  // namespace poolblame

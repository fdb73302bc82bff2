// A page of classic pool, written down with verbs where a test needs it:
//
//   auto page = PoolPage64().Block("Proc", 0x40).Free(0x60).Block("File", 0x100).FillToEnd("Ntfx");
//   page.Overrun("Proc", 8, 'A');
//
// Shares nothing with the reader but the layout row's name: headers are written byte by byte here.
#pragma once

#include <array>
#include <cstdint>
#include <cstring>
#include <random>
#include <string>
#include <string_view>
#include <vector>

#include "parser/base/byte_view.h"
#include "parser/format/pool_header.h"

namespace poolblame::test {

struct BuiltBlock {
  std::uint32_t offset = 0, size = 0;
  std::uint8_t type = 0;
  std::string tag;
};

class PageBuilder {
 public:
  explicit PageBuilder(std::string_view layout) : layout_(FindPoolHeaderLayout(layout)) {
    // Payload that is neither zero nor like a header, so that nothing closes by luck.
    std::mt19937 random(12345);
    for (auto& byte : bytes_) byte = static_cast<std::uint8_t>(0x80 | (random() & 0x7F));
    busy_ = layout_->in_use == InUseEncoding::kBit2 ? 2 : layout_->in_use == InUseEncoding::kBasePlusOne ? 1 : 5;
  }

  PageBuilder& PayloadOf(std::uint32_t seed, bool with_zeros) {
    std::mt19937 random(seed);
    for (auto& byte : bytes_) byte = with_zeros && random() % 2 ? 0 : static_cast<std::uint8_t>(random());
    return *this;
  }
  PageBuilder& Index(std::uint8_t index) { return index_ = index, *this; }
  /// Type of the blocks that follow.
  PageBuilder& BusyType(std::uint8_t type) { return busy_ = type, *this; }

  PageBuilder& Block(std::string_view tag, std::uint32_t size) { return Add(tag, size, busy_); }
  PageBuilder& Free(std::uint32_t size, std::string_view tag = "Free") { return Add(tag, size, 0); }
  PageBuilder& Typed(std::string_view tag, std::uint32_t size, std::uint8_t type) { return Add(tag, size, type); }
  PageBuilder& FillToEnd(std::string_view tag) {
    while (at_ < 4096) {
      const std::uint32_t left = 4096 - at_, most = layout_->max_units() * layout_->unit;
      Add(tag, left > most ? most / 2 / layout_->unit * layout_->unit : left, busy_);
    }
    return *this;
  }

  /// Writes bytes over the page.
  PageBuilder& Write(std::uint32_t offset, const std::vector<std::uint8_t>& bytes) {
    for (std::size_t i = 0; i < bytes.size() && offset + i < bytes_.size(); ++i) bytes_[offset + i] = bytes[i];
    return *this;
  }
  PageBuilder& Fill(std::uint32_t offset, std::uint32_t count, std::uint8_t value) {
    return Write(offset, std::vector<std::uint8_t>(count, value));
  }
  PageBuilder& Flip(std::uint32_t offset, unsigned bit) {
    bytes_[offset] = static_cast<std::uint8_t>(bytes_[offset] ^ (1U << bit));
    return *this;
  }

  [[nodiscard]] const PoolHeaderLayout& layout() const { return *layout_; }
  [[nodiscard]] ByteView view() const { return {bytes_.data(), bytes_.size()}; }
  [[nodiscard]] const std::uint8_t* data() const { return bytes_.data(); }
  [[nodiscard]] const std::vector<BuiltBlock>& blocks() const { return blocks_; }
  [[nodiscard]] std::uint32_t at() const { return at_; }

 private:
  PageBuilder& Add(std::string_view tag, std::uint32_t size, std::uint8_t type) {
    const std::uint32_t unit = layout_->unit, units = size / unit;
    std::uint8_t* p = bytes_.data() + at_;
    if (layout_->is_64bit) {
      p[0] = static_cast<std::uint8_t>(previous_);
      p[1] = index_;
      p[2] = static_cast<std::uint8_t>(units);
      p[3] = type;
    } else {
      const std::uint32_t low = previous_ | static_cast<std::uint32_t>(index_) << 9;
      const std::uint32_t high = units | static_cast<std::uint32_t>(type) << 9;
      p[0] = static_cast<std::uint8_t>(low);
      p[1] = static_cast<std::uint8_t>(low >> 8);
      p[2] = static_cast<std::uint8_t>(high);
      p[3] = static_cast<std::uint8_t>(high >> 8);
    }
    for (std::size_t i = 0; i < 4; ++i) p[4 + i] = static_cast<std::uint8_t>(i < tag.size() ? tag[i] : ' ');
    blocks_.push_back({at_, size, type, std::string(tag)});
    previous_ = units;
    at_ += size;
    return *this;
  }

  const PoolHeaderLayout* layout_;
  std::array<std::uint8_t, 4096> bytes_{};
  std::vector<BuiltBlock> blocks_;
  std::uint32_t at_ = 0, previous_ = 0;
  std::uint8_t index_ = 0, busy_ = 2;
};

/// A page of random blocks as a busy system has them: sizes mostly small, a fifth free, few tags.
inline PageBuilder RandomPage(std::string_view layout, std::uint32_t seed) {
  static const char* const kTags[] = {"Ntfx", "File", "Even", "Irp ", "MmCa", "Vad ", "Thre", "SeTl", "ReTa", "Ipcr"};
  std::mt19937 random(seed);
  PageBuilder page(layout);
  page.PayloadOf(seed * 31 + 7, (seed & 1) != 0);
  const std::uint32_t unit = page.layout().unit;
  const bool paged = random() % 3 == 0;
  std::uint8_t busy = 2;
  switch (page.layout().in_use) {
    case InUseEncoding::kBit2:
      busy = paged ? 3 : 2;
      break;
    case InUseEncoding::kBasePlusOne:
      busy = paged ? 2 : 1;
      break;
    case InUseEncoding::kBasePlusOneBit4:
      busy = paged ? 6 : 5;
      break;
  }
  page.Index(static_cast<std::uint8_t>(random() % 3));
  bool after_free = true;
  while (page.at() < 4096) {
    const std::uint32_t left = (4096 - page.at()) / unit;
    auto units = static_cast<std::uint32_t>(random() % 4 == 0 ? 2 + random() % 60 : 2 + random() % 14);
    if (page.at() == 0) units = std::min(units, page.layout().max_units());
    if (units > left || left - units < 2) units = std::min(left, page.layout().max_units());
    const bool make_free = !after_free && random() % 5 == 0;
    if (make_free)
      page.Free(units * unit);
    else
      page.Typed(kTags[random() % 10], units * unit, static_cast<std::uint8_t>(random() % 8 == 0 ? busy | 8 : busy));
    after_free = make_free;
  }
  return page;
}

}  // namespace poolblame::test

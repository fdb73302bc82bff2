// Kernel virtual memory as the image has it: through page tables in a physical image, directly in a triage dump.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <span>
#include <type_traits>

#include "parser/base/address.h"
#include "parser/base/byte_view.h"
#include "parser/format/page_table.h"
#include "parser/image/image.h"

namespace poolblame {

/// The three answers to "what is at this address?". They are different facts and are never mixed.
enum class Presence {
  kPresent,     // the bytes are here
  kNotPresent,  // the page tables say: no page (or paged out)
  kNotInDump,   // there is (or may be) a page, but the writer of the image left it out
};

struct Translation {
  Presence presence = Presence::kNotInDump;
  PhysAddr physical{};             // valid when the page tables name a page, even one not in the dump
  std::uint64_t mapping_size = 0;  // 4 KiB, 2 MiB, 4 MiB or 1 GiB
  bool no_execute = false;         // a valid entry of the walk says so
};

/// One 4 KiB page. `bytes` is 4096 long when presence is kPresent; it lives as long as this object and the image.
struct PageBytes {
  Presence presence = Presence::kNotInDump;
  ByteView bytes;
  std::optional<Pfn> pfn;                                        // known in physical images
  std::shared_ptr<const std::array<std::uint8_t, 4096>> joined;  // owns the bytes of a page joined from several ranges
};

class AddressSpace {
 public:
  /// Uses the image's directory table base; an image without page tables answers from its virtual ranges.
  explicit AddressSpace(const Image& image);

  [[nodiscard]] const Image& image() const { return *image_; }
  /// False for a raw image whose page tables are unknown: nothing can be asked by virtual address then.
  [[nodiscard]] bool can_translate() const;
  /// True when the page tables map at least one kernel page; false makes physical finds unverifiable.
  [[nodiscard]] bool maps_kernel() const;
  [[nodiscard]] Machine machine() const;
  /// The lowest kernel address of the machine: 0x80000000 on x86, 0xFFFF800000000000 on x64 and ARM64,
  /// 0xFF00000000000000 on x64 with page tables of five levels.
  [[nodiscard]] VirtAddr kernel_base() const;

  [[nodiscard]] Translation Translate(VirtAddr address) const;
  [[nodiscard]] PageBytes Page(VirtAddr address) const;
  /// Copies bytes; may cross pages. Anything but kPresent leaves `out` partly written.
  [[nodiscard]] Presence Read(VirtAddr address, std::span<std::uint8_t> out) const;
  template <typename T>
  [[nodiscard]] std::optional<T> Read(VirtAddr address) const {
    static_assert(std::is_trivially_copyable_v<T> && alignof(T) == 1);
    T value;
    if (Read(address, {reinterpret_cast<std::uint8_t*>(&value), sizeof(T)}) != Presence::kPresent) return std::nullopt;
    return value;
  }
  /// A pointer of the machine's size; on x86 zero-extended.
  [[nodiscard]] std::optional<VirtAddr> ReadPointer(VirtAddr address) const;

  /// How the page tables are laid out and where the top one lies; nullptr where the image has none to follow.
  [[nodiscard]] const PagingMode* paging() const { return mode_; }
  [[nodiscard]] PhysAddr root() const { return root_; }

 private:
  [[nodiscard]] PageBytes VirtualPage(VirtAddr page) const;

  const Image* image_;
  const PagingMode* mode_ = nullptr;
  PhysAddr root_{};
  bool maps_kernel_ = false;
};

}  // namespace poolblame

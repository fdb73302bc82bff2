// The simulated machine's memory: physical pages, and the kernel's view of them. Everything the builder writes goes
// through here at virtual addresses, as the kernel's own code would, so that containers and page tables are made from
// one truth. Pages nobody used are never stored: the container writer invents their content page by page, which keeps
// a 2 GiB image affordable.
#pragma once

#include <algorithm>
#include <array>
#include <cstdint>
#include <memory>
#include <span>
#include <unordered_map>
#include <utility>
#include <vector>

#include "samples/bytes.h"
#include "samples/random.h"

namespace poolblame::samples {

inline constexpr std::uint64_t kPage = 0x1000;
/// Where the page of this address begins.
constexpr std::uint64_t PageOf(std::uint64_t va) { return va & ~(kPage - 1); }

/// A run of physical memory as the dump header's run list says it.
struct PhysicalRun {
  std::uint64_t base_pfn = 0;
  std::uint64_t pages = 0;
  bool idle = false;  // never touched: all zero, and a hole in the file
};

class KernelMemory {
 public:
  /// `pages` of RAM in a few runs with holes between them; frames are handed out in a shuffled order. `idle_pages` more
  /// lie before the last run and are never handed out: they cost nothing, here and on disk.
  KernelMemory(std::uint64_t pages, std::uint64_t idle_pages, std::uint32_t pointer_size, std::uint64_t seed);

  /// Takes a free frame; 0 when RAM is used up. Its bytes are zero.
  std::uint64_t TakeFrame();
  /// The same, for a frame below `limit`.
  std::uint64_t TakeFrameBelow(std::uint64_t limit);
  [[nodiscard]] std::uint64_t free_frames() const { return free_.size(); }
  [[nodiscard]] const std::vector<PhysicalRun>& runs() const { return runs_; }
  /// The frame's bytes, or nullptr where nobody took it.
  [[nodiscard]] const std::uint8_t* Frame(std::uint64_t pfn) const;
  std::uint8_t* Frame(std::uint64_t pfn);

  /// Maps `va` (page aligned) to `pfn`.
  void Map(std::uint64_t va, std::uint64_t pfn) { map_[va / kPage] = pfn; }
  /// Takes a frame and maps it. False when RAM is used up.
  bool MapNew(std::uint64_t va);
  /// Nothing in [begin, end) may be executed.
  void DenyExecute(std::uint64_t begin, std::uint64_t end) { no_execute_.emplace_back(begin, end); }
  [[nodiscard]] bool MayExecute(std::uint64_t va) const {
    return std::none_of(no_execute_.begin(), no_execute_.end(),
                        [&](const auto& range) { return va >= range.first && va < range.second; });
  }
  /// Removes the mapping; the frame keeps its bytes and is not handed out again, as a standby page would be.
  void Unmap(std::uint64_t va) { map_.erase(va / kPage); }
  [[nodiscard]] bool Mapped(std::uint64_t va) const { return map_.contains(va / kPage); }
  /// Virtual page number and frame of every mapping, ascending.
  [[nodiscard]] std::vector<std::pair<std::uint64_t, std::uint64_t>> Mappings() const;
  /// The frame behind `va`; 0 where nothing is mapped.
  [[nodiscard]] std::uint64_t FrameOf(std::uint64_t va) const;

  /// Bytes at `va`; the whole range must be mapped (the caller's own layout guarantees it).
  void Write(std::uint64_t va, std::span<const std::uint8_t> bytes);
  [[nodiscard]] Bytes Read(std::uint64_t va, std::size_t size) const;
  /// The byte at `va` up to the end of its page.
  std::uint8_t* At(std::uint64_t va);
  [[nodiscard]] const std::uint8_t* At(std::uint64_t va) const;
  /// True where every page of [va, va + size) is mapped.
  [[nodiscard]] bool MappedRange(std::uint64_t va, std::uint64_t size) const;

  [[nodiscard]] std::uint64_t ReadPointer(std::uint64_t va) const;
  void WritePointer(std::uint64_t va, std::uint64_t value);
  void Write32(std::uint64_t va, std::uint32_t value);
  void Write64(std::uint64_t va, std::uint64_t value);
  [[nodiscard]] std::uint32_t pointer_size() const { return pointer_size_; }

 private:
  using PageBytes = std::array<std::uint8_t, kPage>;
  /// Where the frame is among `frames_`.
  [[nodiscard]] std::uint64_t Slot(std::uint64_t pfn) const { return pfn < idle_.base_pfn ? pfn : pfn - idle_.pages; }
  std::uint32_t pointer_size_;
  std::vector<PhysicalRun> runs_;
  PhysicalRun idle_{~std::uint64_t{0}, 0, true};
  std::vector<std::pair<std::uint64_t, std::uint64_t>> no_execute_;
  std::vector<std::uint32_t> free_;
  std::vector<std::unique_ptr<PageBytes>> frames_;  // by frame number without the idle ones
  std::unordered_map<std::uint64_t, std::uint64_t>
      map_;  // virtual page -> frame; only looked up, never walked unsorted
};

}  // namespace poolblame::samples

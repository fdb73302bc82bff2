// A machine with the segment heap, and its bytes decoded by hand: every constant is typed here from the public
// structure references.
#pragma once

#include <gtest/gtest.h>

#include <memory>
#include <string>
#include <vector>

#include "samples/kernel_data.h"
#include "samples/machine.h"
#include "samples/recipe.h"

namespace poolblame::samples {

/// Offsets of one build, as a debugger shows them.
struct Typed {
  const char* windows;
  std::uint32_t seg_context, vs_context, lfh_context, node, vs_signature, bitmap, bits, unit_offset;
  std::uint64_t constant;
  bool newest;
};
inline constexpr Typed kBuilds[] = {
    {"18362", 0x100, 0x280, 0x340, 0x3900, 0x22, 0x30, 2, 0x1F, 0xA2E64EADA2E64EAD, false},
    {"19041", 0x100, 0x280, 0x340, 0x3900, 0x22, 0x30, 2, 0x1F, 0xA2E64EADA2E64EAD, false},
    {"22000", 0x140, 0x2C0, 0x380, 0x3900, 0x22, 0x30, 2, 0x1F, 0xA2E64EADA2E64EAD, false},
    {"22621", 0x140, 0x2C0, 0x380, 0x3900, 0x22, 0x30, 2, 0x1F, 0xA2E64EADA2E64EAD, false},
    {"26100", 0x140, 0x2C0, 0x340, 0x3940, 0x24, 0x40, 1, 0x1A, 0, true},
};

class SegmentHeapBytes : public ::testing::TestWithParam<Typed> {
 protected:
  void SetUp() override { Build("fault=none"); }
  void Build(const std::string& words) {
    const auto recipe =
        ParseRecipe("windows=" + std::string(GetParam().windows) + " pages=220 seed=9 activity=1500 " + words);
    ASSERT_TRUE(recipe.has_value());
    machine_ = std::make_unique<Machine>(*recipe);
    machine_->Populate();
    WriteKernelData(*machine_);
    const std::uint64_t state = machine_->layout().heaps.state;
    heap_key_ = U64(U64(state));
    lfh_key_ = U64(U64(state) + 8);
    for (std::uint32_t i = 0; i < 4; ++i) heaps_[i] = U64(state + GetParam().node + 8 * i);
  }

  [[nodiscard]] std::uint64_t U64(std::uint64_t va) const { return machine_->memory().ReadPointer(va); }
  [[nodiscard]] std::uint32_t U32(std::uint64_t va) const { return static_cast<std::uint32_t>(U64(va)); }
  [[nodiscard]] std::uint32_t U16(std::uint64_t va) const { return U32(va) & 0xFFFF; }
  [[nodiscard]] std::uint32_t U8(std::uint64_t va) const { return *machine_->memory().At(va); }

  [[nodiscard]] std::vector<std::uint64_t> Segments(std::uint64_t heap) const {
    std::vector<std::uint64_t> segments;
    const std::uint64_t head = heap + GetParam().seg_context + 0x48;
    for (std::uint64_t at = U64(head); at != head; at = U64(at)) segments.push_back(at);
    return segments;
  }
  /// First addresses of all ranges with these flags, over all heaps.
  [[nodiscard]] std::vector<std::uint64_t> Ranges(std::uint32_t flags) const {
    std::vector<std::uint64_t> found;
    for (const std::uint64_t heap : heaps_) {
      for (const std::uint64_t segment : Segments(heap)) {
        for (std::uint64_t unit = 2; unit < 256; unit += U8(segment + unit * 0x20 + 0x1F)) {
          if (U8(segment + unit * 0x20 + 0x18) == flags) found.push_back(segment + unit * 0x1000);
        }
      }
    }
    return found;
  }
  [[nodiscard]] std::uint64_t Word(std::uint64_t chunk) const { return U64(chunk) ^ heap_key_ ^ chunk; }

  std::unique_ptr<Machine> machine_;
  std::uint64_t heap_key_ = 0, lfh_key_ = 0;
  std::uint64_t heaps_[4] = {};
};

}  // namespace poolblame::samples

// One page of special pool: one block, its filler, and which bytes are not what they must be. Who wrote them is for
// heuristics/.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "parser/base/address.h"
#include "parser/base/byte_view.h"
#include "parser/base/pool_tag.h"
#include "parser/format/special_pool.h"
#include "parser/image/address_space.h"
#include "parser/kernel/system.h"

namespace poolblame {

/// Which side the guard page is on that the block touches.
enum class SpecialPoolMode {
  kVerifyEnd,    // data at the page's end: an overrun faults at once, the default
  kVerifyStart,  // data at the page's start: an underrun faults at once
};

/// How much a page is believed to be special pool before its bytes are looked at.
enum class SpecialPoolTrust {
  kByBytes,  // found by its bytes alone: the header must be whole and most of the filler intact
  kNamed,    // the bug check says that a special-pool block is here
};

/// Bytes of one stretch that are not the filler.
struct FillerDamage {
  std::uint32_t begin = 0, end = 0;  // hull of the wrong bytes, offsets in the page
  std::uint32_t wrong_bytes = 0, wrong_bits = 0;
  [[nodiscard]] bool any() const { return wrong_bytes > 0; }
};

/// A stretch of the page, [begin, end).
struct PageStretch {
  std::uint32_t begin = 0, end = 0;
  [[nodiscard]] std::uint32_t size() const { return end - begin; }
};

struct SpecialPoolBlock {
  SpecialPoolMode mode = SpecialPoolMode::kVerifyEnd;
  PageStretch header;
  PageStretch filler;           // between header and data; empty where the data comes first
  PageStretch data;             // what the caller may use
  PageStretch slop;             // behind the data: to the page's end, or to the header
  std::uint32_t requested = 0;  // bytes
  bool paged = false, tracked = false;
  PoolTag tag;
  std::uint8_t fill = 0;             // the byte that filler and slop are made of
  std::uint32_t damaged_header = 0;  // bit i: header byte i cannot be right
  FillerDamage filler_damage, slop_damage;

  [[nodiscard]] bool damaged() const { return damaged_header != 0 || filler_damage.any() || slop_damage.any(); }
  [[nodiscard]] bool tag_known() const { return (damaged_header & 0xF0) == 0; }
  [[nodiscard]] bool size_known() const { return (damaged_header & 0x3) == 0; }
};

/// A special-pool page of an image.
struct SpecialPoolPage {
  std::optional<VirtAddr> address;  // nothing where no mapping is known
  PageBytes bytes;                  // 4096 bytes
  bool is_64bit = true;
  SpecialPoolBlock block;
};

/// What the free left of a special-pool block (2003-style). The page is unmapped by then; its frame may be in the
/// image.
struct FreedSpecialPool {
  VirtAddr address{};  // what the caller had
  std::uint32_t requested = 0;
  bool paged = false;
  PoolTag tag;
  VirtAddr thread{};               // that freed it
  std::vector<VirtAddr> on_stack;  // kernel addresses on its stack, innermost first
};

/// Nearly free for a page that is no special pool: a few bytes at either end. True is no proof.
bool MayBeSpecialPool(const std::uint8_t* page, bool is_64bit);

/// The page as special pool; nothing when it is not. What looks the same: a page full of one byte behind eight bytes
/// that could be this header, which is why the filler must stand beside the header and nearly everywhere else.
std::optional<SpecialPoolBlock> ReadSpecialPool(ByteView page, bool is_64bit, std::optional<std::uint32_t> build,
                                                SpecialPoolTrust trust);

/// The same of a page of the image. A page found by its bytes that is damaged needs its guard page to be absent.
std::optional<SpecialPoolPage> ReadSpecialPoolPage(const AddressSpace& space, const System& system, VirtAddr page,
                                                   SpecialPoolTrust trust);

/// True where a damaged page may be special pool by what lies around it: no page on the side that its block touches.
bool GuardPageIsAbsent(const AddressSpace& space, VirtAddr page, SpecialPoolMode mode);

/// Four bytes looked at.
bool HasFreedSpecialSignature(const std::uint8_t* page, bool is_64bit);
/// The record of a free at the start of a page; nothing when there is none or it contradicts itself.
std::optional<FreedSpecialPool> ReadFreedSpecialPool(ByteView page, bool is_64bit);

}  // namespace poolblame

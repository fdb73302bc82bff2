#include "samples/payload.h"

#include <array>
#include <string_view>

#include "samples/payload_words.h"
#include "samples/random.h"

namespace poolblame::samples {
namespace {

constexpr std::size_t kWordSlot = 12;  // every word of a text takes this many places, so any position can be asked for
constexpr std::array<std::string_view, 16> kPathWords = {
    "\\Device\\Hard", "diskVolume2\\", "Windows\\Syst",  "em32\\config\\", "drivers\\etc\\", "Program Data",
    "\\Logs\\trace.", "Registry\\Mac", "hine\\SYSTEM\\", "ControlSet01",   "\\Services\\Tc", "Parameters\\I",
    "nterfaces\\{9",  "b7d-44ae-8c1",  "UserData\\Tem",  "cache0031.db"};
constexpr std::array<std::string_view, 12> kTextWords = {
    "status=ready", ";session=18a", " GET /index/", "v2/report HT", "TP/1.1 host=", "gate.example",
    " retry=3 lim", "it=4096 mode", "=auto name=p", "rimary; desc", "ription unit", " of work; ok"};

void PutWord(const PayloadWorld& world, Bytes& out, std::size_t at, std::uint64_t value) {
  for (std::size_t i = 0; i < world.pointer_size && at + i < out.size(); ++i) {
    out[at + i] = static_cast<std::uint8_t>(value >> (8 * i));
  }
}

void WriteStruct(const PayloadWorld& world, const TagSpec& spec, std::uint64_t seed, std::uint64_t va, Bytes& out) {
  for (std::size_t at = 0; at < out.size(); at += world.pointer_size) {
    PutWord(world, out, at, StructWord(world, spec, seed, va, at / world.pointer_size));
  }
}

/// OBJECT_HEADER: PointerCount, HandleCount, lock, then the type (index byte, or a pointer before Windows 7).
/// x64: 0x30 bytes with TypeIndex at 0x18; x86: 0x18 bytes with TypeIndex at 0x0C. Source: public PDB dumps.
void WriteObject(const PayloadWorld& world, const TagSpec& spec, std::uint64_t seed, std::uint64_t va, Bytes& out) {
  WriteStruct(world, spec, seed, va, out);
  const std::size_t p = world.pointer_size;
  const std::uint64_t type = Hash(TagSeed(spec), 77);
  PutWord(world, out, 0, 1 + Hash(seed, 1) % 3);
  PutWord(world, out, p, Hash(seed, 2) % 2);
  PutWord(world, out, 2 * p, 0);
  PutWord(world, out, 3 * p,
          world.object_headers_have_type_index ? (5 + type % 40) | 0x08000000U | (type & 0xF) << 16
                                               : world.driver_bases[0] + 0x200000 + (type & 0xFFF0));
}

void WriteRecords(const PayloadWorld& world, const TagSpec& spec, std::uint64_t seed, Bytes& out) {
  const std::uint64_t type = TagSeed(spec) ^ 0x00A0A0A0 ^ ShapeOf(world, seed) << 8;
  for (std::size_t at = 0; at < out.size(); ++at) {
    const std::size_t record = at / spec.stride;
    const std::size_t in = at % spec.stride;
    std::uint64_t word = 0;
    if (in < 4) {
      word = record + 1;
    } else if (in < 8) {
      word = type;
    } else if (in < 16) {
      word = world.pool_base + (Hash(seed, record) % world.pool_size & ~std::uint64_t{15});
    } else {
      word = Hash(seed, record ^ 0x77) % 0x200;
    }
    out[at] = static_cast<std::uint8_t>(word >> (8 * (in < 8 ? in % 4 : in % 8)));
  }
}

void WritePacket(const PayloadWorld& world, const TagSpec& spec, std::uint64_t seed, Bytes& out) {
  const std::uint64_t protocol = TagSeed(spec) + ShapeOf(world, seed);
  for (std::size_t at = 0; at < out.size(); ++at) {
    const bool header = at < 42;  // Ethernet, IPv4 and UDP headers are alike in every frame, the rest is data
    const std::uint64_t word = Hash(header && at % 4 != 3 ? protocol : seed, at / 4);
    const bool text = !header && word % 3 == 0;
    out[at] = text ? static_cast<std::uint8_t>(TextCharacter(seed, at, false))
                   : static_cast<std::uint8_t>(word >> (8 * (at % 4)));
  }
}

void WriteBitmap(std::uint64_t seed, Bytes& out) {
  for (std::size_t at = 0; at < out.size(); ++at) {
    const std::uint64_t run = Hash(seed, at / 16);
    const bool edge = at % 16 == 15;
    out[at] = static_cast<std::uint8_t>(edge ? 0xFFU << (run % 8) : (run % 5 < 3 ? 0xFFU : 0U));
  }
}

void WriteText(std::uint64_t seed, bool wide, bool terminated, Bytes& out) {
  const std::size_t step = wide ? 2 : 1;
  for (std::size_t at = 0; at < out.size(); ++at) {
    out[at] = at % step == 0 ? static_cast<std::uint8_t>(TextCharacter(seed, at / step, wide)) : 0;
  }
  if (!terminated || out.size() < step) return;
  for (std::size_t i = (out.size() - step) / step * step; i < out.size(); ++i) out[i] = 0;
}

void WriteRandom(std::uint64_t seed, Bytes& out) {
  for (std::size_t at = 0; at < out.size(); ++at)
    out[at] = static_cast<std::uint8_t>(Hash(seed, at / 8) >> (8 * (at % 8)));
}

void WritePointers(const PayloadWorld& world, const TagSpec& spec, std::uint64_t seed, Bytes& out) {
  const std::uint64_t room = Drivers()[spec.driver].image_size - 0x2000;
  for (std::size_t at = 0; at < out.size(); at += world.pointer_size) {
    const std::uint64_t target = Hash(TagSeed(spec), at) % room & ~std::uint64_t{15};
    const bool empty = IsEmptyEntry(world, spec, seed, at / world.pointer_size);
    PutWord(world, out, at, empty ? 0 : world.driver_bases[spec.driver] + 0x1000 + target);
  }
}

}  // namespace

char TextCharacter(std::uint64_t seed, std::size_t index, bool path) {
  const std::uint64_t word = Hash(seed, index / kWordSlot);
  const std::string_view text = path ? kPathWords[word % kPathWords.size()] : kTextWords[word % kTextWords.size()];
  return text[index % kWordSlot];
}

Bytes OwnerContent(const PayloadWorld& world, const TagSpec& spec, std::uint32_t seed, std::uint64_t va,
                   std::size_t size, bool terminated) {
  Bytes out(size, 0);
  switch (spec.content) {
    case Content::kObject:
      WriteObject(world, spec, seed, va, out);
      break;
    case Content::kStruct:
      WriteStruct(world, spec, seed, va, out);
      break;
    case Content::kUnicode:
      WriteText(seed, true, terminated, out);
      break;
    case Content::kAscii:
      WriteText(seed, false, terminated, out);
      break;
    case Content::kPacket:
      WritePacket(world, spec, seed, out);
      break;
    case Content::kZero:
      for (std::size_t i = 0; i < size; ++i) out[i] = static_cast<std::uint8_t>(i < 4 ? seed >> (8 * i) : 0);
      break;
    case Content::kRecords:
      WriteRecords(world, spec, seed, out);
      break;
    case Content::kBitmap:
      WriteBitmap(seed, out);
      break;
    case Content::kRandom:
      WriteRandom(seed, out);
      break;
    case Content::kPointers:
      WritePointers(world, spec, seed, out);
      break;
  }
  return out;
}

bool IsFixedByte(const PayloadWorld& world, const TagSpec& spec, std::size_t offset) {
  const std::size_t word = offset / world.pointer_size;
  switch (spec.content) {
    case Content::kObject:
      if (word < 4) return word >= 2;
      [[fallthrough]];
    case Content::kStruct:
      return IsFixedWord(world, spec, word);
    case Content::kPointers:
      return !world.rich;
    case Content::kRecords:
      return offset % spec.stride < (world.rich ? 4 : 8);
    case Content::kPacket:
      return !world.rich && offset < 42 && offset % 4 != 3;
    case Content::kUnicode:
      return offset % 2 == 1;
    case Content::kZero:
      return offset >= 4;
    case Content::kAscii:
    case Content::kBitmap:
    case Content::kRandom:
      break;
  }
  return false;
}

}  // namespace poolblame::samples

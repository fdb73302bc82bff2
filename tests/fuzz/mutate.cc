#include "tests/fuzz/mutate.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <functional>

namespace poolblame::fuzz {
namespace {

using Bytes = std::vector<std::uint8_t>;

constexpr std::uint64_t kHeaderBytes = 0x3000;  // dump header and the tables behind it
constexpr std::uint64_t kPage = 0x1000;

constexpr std::array<std::uint64_t, 14> kExtremes = {
    0,          1,          2,          0x7FFFFFFF,         0x80000000,         0xFFFFFFFF,         0xFFFFFFFE,
    0x45474150, 0x10000000, 0x00100000, 0x7FFFFFFFFFFFFFFF, 0x8000000000000000, 0xFFFFFFFFFFFFFFFF, 0xFFFFFFFFFFFFF000};

void Put(Bytes& bytes, std::uint64_t offset, std::uint64_t value, std::size_t width) {
  if (offset > bytes.size() || width > bytes.size() - offset) return;
  for (std::size_t i = 0; i < width; ++i) bytes[offset + i] = static_cast<std::uint8_t>(value >> (8 * i));
}

std::uint64_t Get64(const Bytes& bytes, std::uint64_t offset) {
  std::uint64_t value = 0;
  if (offset <= bytes.size() && 8 <= bytes.size() - offset) std::memcpy(&value, bytes.data() + offset, 8);
  return value;
}

void FlipBits(Bytes& bytes, Random& random) {
  for (std::uint64_t n = 1 + random.Below(16); n > 0 && !bytes.empty(); --n)
    bytes[random.Below(bytes.size())] ^= static_cast<std::uint8_t>(1u << random.Below(8));
}

void SetHeaderBytes(Bytes& bytes, Random& random) {
  const std::uint64_t limit = std::min<std::uint64_t>(bytes.size(), kHeaderBytes);
  for (std::uint64_t n = 1 + random.Below(8); n > 0 && limit > 0; --n)
    bytes[random.Below(limit)] = static_cast<std::uint8_t>(random.Next());
}

/// A field of the header, of 2, 4 or 8 bytes: half of the time next to its old value, else at an extreme.
void SetHeaderField(Bytes& bytes, Random& random) {
  const std::size_t width = std::size_t{2} << random.Below(3);
  const std::uint64_t offset = random.Below(std::min<std::uint64_t>(bytes.size(), kHeaderBytes) / 4) * 4;
  const std::uint64_t near = Get64(bytes, offset) + random.Below(5) - 2;
  Put(bytes, offset, random.Below(2) == 0 ? near : kExtremes[random.Below(kExtremes.size())], width);
}

/// Looks for an entry that is present, accessed and dirty, and makes it point somewhere else: to any page of the image,
/// to itself, to a large page, out of memory.
void SetPageTableEntry(Bytes& bytes, Random& random) {
  for (int attempt = 0; attempt < 256; ++attempt) {
    const std::uint64_t offset = random.Below(bytes.size() / 8) * 8;
    const std::uint64_t entry = Get64(bytes, offset);
    if ((entry & 0x21) != 0x21) continue;
    const std::uint64_t pfn = random.Below(4) == 0 ? random.Next() : random.Below(bytes.size() / kPage + 16);
    const std::uint64_t flags = (entry & 0xFFF) ^ (std::uint64_t{1} << random.Below(12));
    Put(bytes, offset, (pfn << 12) | flags, random.Below(4) == 0 ? 4 : 8);
    return;
  }
}

/// What pool corruption does: a run of one byte, of a counter or of noise, on a 4-byte place in some page.
void OverwriteInPage(Bytes& bytes, Random& random) {
  const std::uint64_t start = random.Below(bytes.size() / 4) * 4;
  const std::uint64_t length = 1 + random.Below(random.Below(4) == 0 ? 4096 : 64);
  const std::uint64_t fill = random.Next();
  const std::uint64_t mode = random.Below(3);
  for (std::uint64_t i = 0; i < length && start + i < bytes.size(); ++i) {
    const std::array<std::uint64_t, 3> values = {fill, fill + i, random.Next()};
    bytes[start + i] = static_cast<std::uint8_t>(values[mode]);
  }
}

void SwapPages(Bytes& bytes, Random& random) {
  const std::uint64_t pages = bytes.size() / kPage;
  if (pages < 2) return;
  const auto first = bytes.begin() + static_cast<std::ptrdiff_t>(random.Below(pages) * kPage);
  const auto second = bytes.begin() + static_cast<std::ptrdiff_t>(random.Below(pages) * kPage);
  if (first != second) std::swap_ranges(first, first + kPage, second);
}

/// A piece of the other image, over or into this one.
void Splice(Bytes& bytes, const Bytes& other, Random& random) {
  if (other.empty() || bytes.empty()) return;
  const std::uint64_t from = random.Below(other.size());
  const std::uint64_t length = std::min<std::uint64_t>(other.size() - from, 1 + random.Below(2 * kPage));
  const std::uint64_t to = random.Below(bytes.size());
  const auto piece = other.begin() + static_cast<std::ptrdiff_t>(from);
  const auto place = bytes.begin() + static_cast<std::ptrdiff_t>(to);
  if (random.Below(2) == 0) {
    bytes.insert(place, piece, piece + static_cast<std::ptrdiff_t>(length));
  } else {
    const std::uint64_t fits = std::min<std::uint64_t>(length, bytes.size() - to);
    std::copy_n(piece, fits, place);
  }
}

void Truncate(Bytes& bytes, Random& random) { bytes.resize(random.Below(bytes.size() + 1)); }

}  // namespace

std::uint64_t Random::Next() {
  std::uint64_t z = (state_ += 0x9E3779B97F4A7C15);
  z = (z ^ (z >> 30)) * 0xBF58476D1CE4E5B9;
  z = (z ^ (z >> 27)) * 0x94D049BB133111EB;
  return z ^ (z >> 31);
}

Bytes Mutate(const Bytes& image, const Bytes& other, std::uint64_t seed) {
  Random random(seed);
  Bytes bytes = image;
  for (std::uint64_t n = 1 + random.Below(8); n > 0; --n) {
    switch (random.Below(16)) {
      case 0:
      case 1:
        FlipBits(bytes, random);
        break;
      case 2:
      case 3:
        SetHeaderBytes(bytes, random);
        break;
      case 4:
      case 5:
      case 6:
        SetHeaderField(bytes, random);
        break;
      case 7:
      case 8:
      case 9:
        SetPageTableEntry(bytes, random);
        break;
      case 10:
      case 11:
      case 12:
        OverwriteInPage(bytes, random);
        break;
      case 13:
        SwapPages(bytes, random);
        break;
      case 14:
        Splice(bytes, other, random);
        break;
      default:
        // Half of the mutants that would be cut stay whole: a cut file is one kind of damage, not the usual one.
        if (random.Below(2) == 0) Truncate(bytes, random);
    }
  }
  if (bytes.size() > image.size() + (std::uint64_t{1} << 16)) bytes.resize(image.size() + (std::uint64_t{1} << 16));
  return bytes;
}

}  // namespace poolblame::fuzz

#include "samples/secondary_data.h"

#include <array>
#include <utility>

#include "samples/random.h"

namespace poolblame::samples {
namespace {

using Guid = std::pair<std::uint64_t, std::uint64_t>;  // its sixteen bytes as two little-endian numbers

// {54C84888-01D1-4C1E-BED6-282C98241303}, {F87E4A4C-C5A1-4D2F-BFF0-D5DE63A5E4C3}
constexpr std::array kKmdf = {Guid{0x4C1E01D154C84888, 0x031324982C28D6BE},
                              Guid{0x4D2FC5A1F87E4A4C, 0xC3E4A563DED5F0BF}};

}  // namespace

Bytes SecondaryData(const Recipe& recipe) {
  if (recipe.secondary == 0) return {};
  constexpr std::size_t kFileHeader = 0x10, kBlockHeader = 0x20, kAlignment = 8;
  constexpr std::uint32_t kFreeBuild = 0xF0000000;
  Random random(MixSeed(recipe.seed, 0x5EC0));
  Bytes out(kFileHeader, 0);
  PutText(out, 0x00, "DumpBlob");
  Put32(out, 0x08, kFileHeader);
  Put32(out, 0x0C, kFreeBuild | recipe.profile.build);
  for (std::uint32_t i = 0; i < recipe.secondary; ++i) {
    const Guid guid = i < kKmdf.size() ? kKmdf[i] : Guid{random.Next(), random.Next()};
    const std::size_t at = out.size(), size = 1 + random.Below(0x400);
    const std::size_t pad = (kAlignment - size % kAlignment) % kAlignment;
    out.resize(at + kBlockHeader + size + pad);
    Put32(out, at, kBlockHeader);
    Put64(out, at + 0x04, guid.first);
    Put64(out, at + 0x0C, guid.second);
    Put32(out, at + 0x14, size);
    Put32(out, at + 0x1C, pad);
    for (std::size_t k = 0; k < size; ++k) out[at + kBlockHeader + k] = static_cast<std::uint8_t>(random.Next());
  }
  return out;
}

}  // namespace poolblame::samples

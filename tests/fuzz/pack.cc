#include "tests/fuzz/pack.h"

#include <zstd.h>

#include <boost/iostreams/device/back_inserter.hpp>
#include <boost/iostreams/filter/bzip2.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filter/lzma.hpp>
#include <boost/iostreams/filtering_stream.hpp>
#include <cstdlib>

#include "tests/image/archive_builder.h"

namespace poolblame::fuzz {
namespace {

namespace io = boost::iostreams;
using Bytes = std::vector<std::uint8_t>;

constexpr std::size_t kMaxSeed = std::size_t{1} << 24;  // seeds are under 1 MiB

Bytes PackZstd(const Bytes& image) {
  Bytes packed(ZSTD_compressBound(image.size()));
  const std::size_t size = ZSTD_compress(packed.data(), packed.size(), image.data(), image.size(), 6);
  if (ZSTD_isError(size) != 0) std::abort();
  packed.resize(size);
  return packed;
}

template <typename Compressor>
Bytes PackWith(const Bytes& image, Compressor compressor) {
  std::vector<char> packed;
  {
    io::filtering_ostream stream;
    stream.push(compressor);
    stream.push(io::back_inserter(packed));
    stream.write(reinterpret_cast<const char*>(image.data()), static_cast<std::streamsize>(image.size()));
  }
  return {packed.begin(), packed.end()};
}

}  // namespace

Bytes Pack(const Bytes& image, Packing packing) {
  switch (packing) {
    case Packing::kNone:
      return image;
    case Packing::kZstd:
      return PackZstd(image);
    case Packing::kGzip:
      return PackWith(image, io::gzip_compressor());
    case Packing::kBzip2:
      return PackWith(image, io::bzip2_compressor());
    case Packing::kXz:
      return PackWith(image, io::lzma_compressor());
    case Packing::kZip:
      return testing::ArchiveOf("zip", {{"MEMORY.DMP", image}});
    case Packing::kSevenZip:
      return testing::ArchiveOf("7zip", {{"MEMORY.DMP", image}});
    case Packing::kCabinet:
      return testing::CabinetOf({{"MEMORY.DMP", image}});
    case Packing::kTar:
      return testing::ArchiveOf("ustar", {{"MEMORY.DMP", image}});
  }
  std::abort();
}

Bytes UnpackSeed(const Bytes& seed) {
  const unsigned long long size = ZSTD_getFrameContentSize(seed.data(), seed.size());
  if (size > kMaxSeed) std::abort();
  Bytes image(size);
  if (ZSTD_decompress(image.data(), image.size(), seed.data(), seed.size()) != size) std::abort();
  return image;
}

}  // namespace poolblame::fuzz

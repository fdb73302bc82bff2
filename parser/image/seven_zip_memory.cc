#include "parser/image/seven_zip_memory.h"

#include <lzma.h>

#include <algorithm>
#include <array>
#include <bit>
#include <cstdlib>
#include <optional>
#include <string_view>
#include <vector>

#include "parser/base/little_endian.h"
#include "parser/image/unpack.h"

namespace poolblame {
namespace {

constexpr std::uint64_t kSignatureBytes = 32;
constexpr std::uint64_t kMostHeader = 16 << 20;  // of a dump with what travels beside it: some hundred bytes

// What begins each part of a header.
enum Property : std::uint8_t {
  kEnd = 0x00,
  kHeader = 0x01,
  kArchiveProperties = 0x02,
  kMainStreams = 0x04,
  kPackInfo = 0x06,
  kUnpackInfo = 0x07,
  kSize = 0x09,
  kDigests = 0x0A,
  kFolder = 0x0B,
  kUnpackSize = 0x0C,
  kEncodedHeader = 0x17,
};

constexpr std::string_view kLzma2("\x21", 1), kLzma("\x03\x01\x01", 3), kPpmd("\x03\x04\x01", 3);

struct Coder {
  ByteView id, properties;
  std::uint64_t inputs = 1, outputs = 1;

  [[nodiscard]] bool Is(std::string_view method) const {
    return std::ranges::equal(id, method, {}, {}, [](char c) { return static_cast<std::uint8_t>(c); });
  }
  [[nodiscard]] std::uint64_t dictionary() const {
    constexpr std::uint8_t kLargest = 40;  // of LZMA2: 4 GiB less one
    if (Is(kLzma2) && !properties.empty()) {
      const unsigned code = std::min(properties[0], kLargest);
      return (std::uint64_t{2} | (code & 1)) << (code / 2 + 11);
    }
    if (Is(kLzma) || Is(kPpmd)) return properties.TryRead<Le32>(1).value_or(Le32{});
    return 0;
  }
};

/// What one list of streams says, as far as it could be read.
struct Streams {
  std::uint64_t pack_position = 0, pack_size = 0;  // of the first packed stream
  std::uint64_t unpack_size = 0;                   // of the first coder
  std::uint64_t coders = 0;
  Coder first;
  std::uint64_t dictionary = 0;  // the largest of all coders
};

/// Reads from front to end; everything is zero behind the end.
class Reader {
 public:
  explicit Reader(ByteView bytes) : rest_(bytes) {}

  [[nodiscard]] bool done() const { return rest_.empty(); }
  std::uint8_t Byte() {
    const ByteView byte = Bytes(1);
    return byte.empty() ? std::uint8_t{0} : byte[0];
  }
  ByteView Bytes(std::uint64_t count) {
    if (!rest_.Contains(0, count)) return rest_ = {};
    const ByteView bytes(rest_.data(), static_cast<std::size_t>(count));
    rest_ = {rest_.data() + count, rest_.size() - static_cast<std::size_t>(count)};
    return bytes;
  }
  /// The leading ones of the first byte say how many follow it, lowest first; its other bits are the highest.
  std::uint64_t Number() {
    const std::uint8_t first = Byte();
    std::uint64_t value = 0;
    unsigned count = 0;
    for (std::uint8_t mask = 0x80; (first & mask) != 0 && mask != 0; mask >>= 1)
      value |= std::uint64_t{Byte()} << 8 * count++;
    return count < 8 ? value | (std::uint64_t{first} & (0x7Fu >> count)) << 8 * count : value;
  }

 private:
  ByteView rest_;
};

Coder ReadCoder(Reader& in) {
  const std::uint8_t flags = in.Byte();
  Coder coder;
  coder.id = in.Bytes(flags & 0x0F);
  if ((flags & 0x10) != 0) {
    coder.inputs = in.Number();
    coder.outputs = in.Number();
  }
  if ((flags & 0x20) != 0) coder.properties = in.Bytes(in.Number());
  return coder;
}

void ReadFolder(Reader& in, Streams& streams) {
  std::uint64_t inputs = 0, outputs = 0;
  for (std::uint64_t n = in.Number(); n > 0 && !in.done(); --n) {
    const Coder coder = ReadCoder(in);
    if (streams.coders++ == 0) streams.first = coder;
    streams.dictionary = std::max(streams.dictionary, coder.dictionary());
    inputs += std::min(coder.inputs, kMostHeader);  // at most 2^24 coders: no sum wraps
    outputs += std::min(coder.outputs, kMostHeader);
  }
  const std::uint64_t bonds = outputs == 0 ? 0 : outputs - 1;
  for (std::uint64_t n = 2 * bonds; n > 0 && !in.done(); --n) in.Number();
  const std::uint64_t packed = inputs > bonds ? inputs - bonds : 0;
  for (std::uint64_t n = packed > 1 ? packed : 0; n > 0 && !in.done(); --n) in.Number();
}

void SkipDigests(Reader& in, std::uint64_t count) {
  constexpr std::uint64_t kSumBytes = 4;
  std::uint64_t defined = std::min(count, kMostHeader);
  if (in.Byte() == 0) {  // not all: a bit for each
    const ByteView bits = in.Bytes((defined + 7) / 8);
    defined = 0;
    for (const std::uint8_t byte : bits) defined += static_cast<unsigned>(std::popcount(byte));
  }
  in.Bytes(defined * kSumBytes);
}

void ReadPackInfo(Reader& in, Streams& streams) {
  streams.pack_position = in.Number();
  const std::uint64_t count = in.Number();
  std::uint8_t property = in.Byte();
  if (property == kSize) {
    for (std::uint64_t i = 0; i < count && !in.done(); ++i) {
      const std::uint64_t size = in.Number();
      if (i == 0) streams.pack_size = size;
    }
    property = in.Byte();
  }
  if (property != kDigests) return;
  SkipDigests(in, count);
  in.Byte();  // kEnd
}

Streams ReadStreams(Reader& in) {
  Streams streams;
  std::uint8_t property = in.Byte();
  if (property == kPackInfo) {
    ReadPackInfo(in, streams);
    property = in.Byte();
  }
  if (property != kUnpackInfo || in.Byte() != kFolder) return streams;
  const std::uint64_t folders = in.Number();
  if (in.Byte() != 0) return streams;  // they lie elsewhere
  for (std::uint64_t n = 0; n < folders && !in.done(); ++n) ReadFolder(in, streams);
  if (in.Byte() == kUnpackSize) streams.unpack_size = in.Number();
  return streams;
}

/// Of a header that is not packed.
std::uint64_t DictionaryIn(ByteView header) {
  Reader in(header);
  if (in.Byte() != kHeader) return 0;
  std::uint8_t property = in.Byte();
  if (property == kArchiveProperties) {
    while (in.Byte() != kEnd && !in.done()) in.Bytes(in.Number());
    property = in.Byte();
  }
  return property == kMainStreams ? ReadStreams(in).dictionary : 0;
}

/// Unpacks a header by its one coder; nothing where it is damaged.
std::optional<std::vector<std::uint8_t>> UnpackHeader(ByteView packed, const Coder& coder, std::size_t size) {
  std::array<lzma_filter, 2> filters = {lzma_filter{coder.Is(kLzma2) ? LZMA_FILTER_LZMA2 : LZMA_FILTER_LZMA1, nullptr},
                                        lzma_filter{LZMA_VLI_UNKNOWN, nullptr}};
  if (lzma_properties_decode(filters.data(), nullptr, coder.properties.data(), coder.properties.size()) != LZMA_OK)
    return std::nullopt;
  std::vector<std::uint8_t> header(size);
  std::size_t in = 0, out = 0;
  const lzma_ret result = lzma_raw_buffer_decode(filters.data(), nullptr, packed.data(), &in, packed.size(),
                                                 header.data(), &out, header.size());
  std::free(filters[0].options);  // as liblzma says: its default allocator is malloc
  if ((result != LZMA_OK && result != LZMA_STREAM_END) || out != size) return std::nullopt;
  return header;
}

tl::unexpected<Error> Unusual(const std::string& what) {
  return Fail(ErrorKind::kUnsupported, "7-Zip archive " + what + ": unpack it first");
}

tl::unexpected<Error> TooLong(std::uint64_t bytes) {
  return Unusual("whose header has " + std::to_string(bytes) + " bytes, at most " + std::to_string(kMostHeader) +
                 " are read");
}

/// Of a header that is packed: `streams` say where, and how.
Result<std::uint64_t> DictionaryOfPacked(ByteView archive, const Streams& streams) {
  const Coder& coder = streams.first;
  if (streams.coders != 1 || !(coder.Is(kLzma) || coder.Is(kLzma2)))
    return Unusual("whose header is packed in an unusual way");
  if (streams.dictionary > kMostDictionary) return streams.dictionary;
  if (streams.unpack_size > kMostHeader) return TooLong(streams.unpack_size);
  if (streams.pack_position > archive.size()) return 0;
  const Result<ByteView> packed =
      archive.Slice(kSignatureBytes + streams.pack_position, streams.pack_size, "header of the 7-Zip archive");
  if (!packed) return 0;
  const auto header = UnpackHeader(*packed, coder, static_cast<std::size_t>(streams.unpack_size));
  return header ? DictionaryIn({header->data(), header->size()}) : 0;
}

}  // namespace

Result<std::uint64_t> LargestDictionary(ByteView archive) {
  const auto offset = archive.TryRead<Le64>(12), size = archive.TryRead<Le64>(20);
  if (!offset || !size || *offset > archive.size()) return 0;
  const Result<ByteView> header = archive.Slice(kSignatureBytes + *offset, *size, "header of the 7-Zip archive");
  if (!header) return 0;
  if (header->size() > kMostHeader) return TooLong(header->size());
  Reader in(*header);
  if (in.Byte() != kEncodedHeader) return DictionaryIn(*header);
  return DictionaryOfPacked(archive, ReadStreams(in));
}

}  // namespace poolblame

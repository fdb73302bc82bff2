// The only file that sees libsnappy, which unpacks single blocks: the framing around them is read here.
#include "parser/image/snappy_stream.h"

#include <snappy-c.h>

#include <algorithm>
#include <array>
#include <optional>

#include "parser/format/snappy_frame.h"
#include "parser/image/crc32c.h"

namespace poolblame {
namespace {

using ChunkBuffer = std::array<std::uint8_t, kSnappyChunkBytes>;

std::optional<ByteView> UnpackBlock(ByteView block, ChunkBuffer& buffer) {
  const char* const packed = reinterpret_cast<const char*>(block.data());
  std::size_t size = 0;
  if (snappy_uncompressed_length(packed, block.size(), &size) != SNAPPY_OK || size > buffer.size()) return std::nullopt;
  if (snappy_uncompress(packed, block.size(), reinterpret_cast<char*>(buffer.data()), &size) != SNAPPY_OK)
    return std::nullopt;
  return ByteView(buffer.data(), size);
}

/// The bytes of a data chunk, or nothing when they are not what its checksum says.
std::optional<ByteView> DataOf(std::uint8_t type, ByteView body, ChunkBuffer& buffer) {
  const auto checksum = body.TryRead<Le32>(0);
  if (!checksum) return std::nullopt;
  const ByteView rest(body.data() + sizeof(Le32), body.size() - sizeof(Le32));
  const std::optional<ByteView> data = type == kSnappyChunkPlain ? rest : UnpackBlock(rest, buffer);
  if (!data || data->size() > kSnappyChunkBytes) return std::nullopt;
  if (MaskedSnappyChecksum(Crc32c(*data)) != *checksum) return std::nullopt;
  return data;
}

bool IsIdentifier(ByteView body) {
  return std::equal(body.begin(), body.end(), kSnappyIdentifier.begin(), kSnappyIdentifier.end());
}

}  // namespace

SnappyStream UnpackSnappyStream(ByteView packed, std::uint64_t wanted, UnpackSink& sink) {
  SnappyStream stream;
  ChunkBuffer buffer;
  while (stream.plain_bytes < wanted) {
    const auto header = packed.TryRead<SnappyChunkHeader>(stream.packed_bytes);
    const std::uint64_t body_at = stream.packed_bytes + sizeof(SnappyChunkHeader);
    if (!header || !packed.Contains(body_at, header->length())) return stream.objection = "is cut", stream;
    const ByteView body(packed.data() + body_at, header->length());
    if (header->Type <= kSnappyChunkPlain) {
      const std::optional<ByteView> data = DataOf(header->Type, body, buffer);
      if (!data) return stream.objection = "is damaged", stream;
      if (data->size() > wanted - stream.plain_bytes) return stream.objection = "has more than its range", stream;
      if (!sink.Append(*data)) return stream;
      stream.plain_bytes += data->size();
    } else if (header->Type < kSnappyFirstSkippable ||
               (header->Type == kSnappyChunkIdentifier && !IsIdentifier(body))) {
      return stream.objection = "is no snappy", stream;
    }
    stream.packed_bytes = body_at + header->length();
  }
  return stream;
}

}  // namespace poolblame

// The only file that sees liblzma: Boost's filter gives it all the memory that a file asks for.
#include <lzma.h>

#include <vector>

#include "parser/image/unpack.h"

namespace poolblame {
namespace {

constexpr std::size_t kOutBytes = 1 << 16;
constexpr std::uint64_t kMiB = std::uint64_t{1} << 20;
// What the decoder may hold. `xz -9` asks for 65 MiB; a file may ask for 4 GiB, whatever it is long.
constexpr std::uint64_t kMostMemory = 256 * kMiB;

/// Ends the stream with itself.
class XzStream {
 public:
  XzStream() { ready_ = lzma_stream_decoder(&stream, kMostMemory, LZMA_CONCATENATED) == LZMA_OK; }
  ~XzStream() { lzma_end(&stream); }
  XzStream(const XzStream&) = delete;
  XzStream& operator=(const XzStream&) = delete;
  [[nodiscard]] bool ready() const { return ready_; }

  lzma_stream stream = LZMA_STREAM_INIT;

 private:
  bool ready_ = false;
};

std::string WhyItStopped(lzma_ret why, XzStream& xz, std::uint64_t packed, std::uint64_t came) {
  if (why == LZMA_MEMLIMIT_ERROR)
    return "the xz data needs " + std::to_string(lzma_memusage(&xz.stream) / kMiB) + " MiB of memory, at most " +
           std::to_string(kMostMemory / kMiB) + " MiB are given to it: unpack it first";
  return "the xz data ends early or is damaged: " + std::to_string(came) + " bytes came out of " +
         std::to_string(packed);
}

}  // namespace

UnpackNote UnpackXz(ByteView packed, UnpackSink& sink) {
  XzStream xz;
  if (!xz.ready()) return "liblzma has no memory for a stream";
  std::vector<std::uint8_t> piece(kOutBytes);
  xz.stream.next_in = packed.data();
  xz.stream.avail_in = packed.size();
  for (;;) {
    xz.stream.next_out = piece.data();
    xz.stream.avail_out = piece.size();
    const lzma_ret result = lzma_code(&xz.stream, LZMA_FINISH);
    if (!sink.Append({piece.data(), piece.size() - xz.stream.avail_out})) return std::nullopt;
    if (result == LZMA_STREAM_END) return std::nullopt;
    if (result != LZMA_OK) return WhyItStopped(result, xz, packed.size(), sink.size());
  }
}

}  // namespace poolblame

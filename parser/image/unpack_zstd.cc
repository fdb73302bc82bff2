#include <zstd.h>
#include <zstd_errors.h>

#include <memory>

#include "parser/image/unpack.h"

namespace poolblame {
namespace {

// The library's own bound; a file may ask for 4 GiB, whatever it is long.
constexpr const char* kWindowTooLarge =
    "the zstd data needs a window of more than 128 MiB, and no more memory is given to it: unpack it first (`zstd -d "
    "--long=31`)";

std::string Shortage(const char* why, std::uint64_t declared, std::uint64_t came) {
  std::string note = std::string("the zstd data ") + why + ": ";
  if (declared > 0) note += "its frames declare " + std::to_string(declared) + " bytes, ";
  return note + std::to_string(came) + " came";
}

/// What the frame at the start of `rest` declares; 0 when it does not say, or says more than can be added up.
std::uint64_t DeclaredSize(ByteView rest) {
  constexpr std::uint64_t kMaxDeclared = std::uint64_t{1} << 48;  // a lie beyond this is not worth repeating
  const unsigned long long size = ZSTD_getFrameContentSize(rest.data(), rest.size());
  return size == ZSTD_CONTENTSIZE_UNKNOWN || size == ZSTD_CONTENTSIZE_ERROR || size > kMaxDeclared ? 0 : size;
}

}  // namespace

UnpackNote UnpackZstd(ByteView packed, UnpackSink& sink) {
  const std::unique_ptr<ZSTD_DStream, decltype(&ZSTD_freeDStream)> stream(ZSTD_createDStream(), &ZSTD_freeDStream);
  if (!stream) return "libzstd has no memory for a stream";
  std::vector<std::uint8_t> piece(ZSTD_DStreamOutSize());
  ZSTD_inBuffer in{packed.data(), packed.size(), 0};
  std::uint64_t declared = 0;
  std::size_t left = 0;  // 0 between frames, else libzstd still waits for input or has output to give
  while (in.pos < in.size || left != 0) {
    if (left == 0) declared += DeclaredSize({packed.data() + in.pos, in.size - in.pos});
    ZSTD_outBuffer out{piece.data(), piece.size(), 0};
    const std::size_t before = in.pos;
    left = ZSTD_decompressStream(stream.get(), &out, &in);
    if (ZSTD_getErrorCode(left) == ZSTD_error_frameParameter_windowTooLarge) return kWindowTooLarge;
    if (ZSTD_isError(left)) return Shortage(ZSTD_getErrorName(left), declared, sink.size());
    if (!sink.Append({piece.data(), out.pos})) return std::nullopt;
    if (in.pos == before && out.pos == 0) return Shortage("ends early", declared, sink.size());
  }
  return std::nullopt;
}

}  // namespace poolblame

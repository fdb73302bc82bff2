// The only file that sees Boost.Iostreams, and the place where its exceptions end.
#include <array>
#include <boost/iostreams/device/array.hpp>
#include <boost/iostreams/filter/bzip2.hpp>
#include <boost/iostreams/filter/gzip.hpp>
#include <boost/iostreams/filtering_streambuf.hpp>
#include <exception>

#include "parser/image/unpack.h"

namespace poolblame {
namespace {

namespace io = boost::iostreams;

// What an exception interrupts is lost, so pieces are small: at most this many bytes before the damage go missing.
constexpr std::size_t kPieceBytes = 4096;

void PushDecoder(io::filtering_streambuf<io::input>& stream, Compression compression) {
  if (compression == Compression::kGzip) stream.push(io::gzip_decompressor());
  if (compression == Compression::kBzip2) stream.push(io::bzip2_decompressor());
}

}  // namespace

UnpackNote UnpackWithBoost(ByteView packed, Compression compression, UnpackSink& sink) {
  try {
    io::filtering_streambuf<io::input> stream;
    PushDecoder(stream, compression);
    stream.push(io::array_source(reinterpret_cast<const char*>(packed.data()), packed.size()));
    std::array<char, kPieceBytes> piece;
    for (;;) {
      const std::streamsize length = stream.sgetn(piece.data(), piece.size());
      if (length <= 0) return std::nullopt;
      if (!sink.Append({reinterpret_cast<const std::uint8_t*>(piece.data()), static_cast<std::size_t>(length)}))
        return std::nullopt;
    }
  } catch (const std::exception&) {
    // Boost says "iostream error" for a cut file and for a damaged one alike; its words would add nothing.
    return std::string("the ") + CompressionName(compression) +
           " data ends early or is damaged: " + std::to_string(sink.size()) + " bytes came out of " +
           std::to_string(packed.size());
  }
}

}  // namespace poolblame

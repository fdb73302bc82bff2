// AVML version 2, what `avml --compress` writes: ranges as LiME has them, each a framed snappy stream with its own
// length behind it. (Version 1, what `avml` writes without it, is LiME.) Blocks of zeros only are left out by the
// writer, so a page that is not there may have been zero. All ranges are unpacked before anything reads them, under the
// same caps as compressed files. Source: src/image.rs of microsoft/avml.
#include <utility>

#include "parser/format/lime.h"
#include "parser/image/physical_ranges.h"
#include "parser/image/snappy_stream.h"

namespace poolblame {
namespace {

/// Unpacks one range after the other; the ranges' offsets are those in the sink.
class AvmlReader {
 public:
  AvmlReader(ByteView bytes, UnpackSink& sink) : bytes_(bytes), sink_(sink) {}

  void ReadAll() {
    while (objection_.empty() && !sink_.limit_reached() && !sink_.error() && at_ < bytes_.size()) ReadRange();
  }
  [[nodiscard]] const std::vector<PhysicalRange>& ranges() const { return ranges_; }
  /// Why the reading ended before the file did; empty = it did not.
  [[nodiscard]] const std::string& objection() const { return objection_; }

 private:
  void ReadRange() {
    const std::string where = "memory range " + std::to_string(ranges_.size()) + " at " + HexText(at_) + " ";
    const auto header = bytes_.TryRead<LimeRangeHeader>(at_);
    std::string objection = header ? RangeObjection(*header, kAvmlMagic, kAvmlVersion) : "is cut";
    if (objection.empty() && ranges_.size() == kMaxLimeRanges) objection = "is one too many";
    if (objection.empty()) objection = ReadStream(*header);
    if (!objection.empty()) objection_ = where + objection + ": nothing behind it is read";
  }

  std::string ReadStream(const LimeRangeHeader& header) {
    const std::uint64_t packed_at = at_ + sizeof(LimeRangeHeader);
    const ByteView packed(bytes_.data() + packed_at, static_cast<std::size_t>(bytes_.size() - packed_at));
    const std::uint64_t length = header.End - header.Start + 1;
    ranges_.push_back({PhysAddr{header.Start}, length, FileOffset{sink_.size()}});
    const SnappyStream stream = UnpackSnappyStream(packed, length, sink_);
    if (!stream.objection.empty() || stream.plain_bytes < length) return stream.objection;
    const auto trailer = packed.TryRead<Le64>(stream.packed_bytes);
    if (!trailer) return "is cut";
    if (*trailer != stream.packed_bytes)
      return "says " + std::to_string(*trailer) + " bytes of snappy, " + std::to_string(stream.packed_bytes) + " came";
    at_ = packed_at + stream.packed_bytes + sizeof(Le64);
    return {};
  }

  ByteView bytes_;
  UnpackSink& sink_;
  std::uint64_t at_ = 0;
  std::vector<PhysicalRange> ranges_;
  std::string objection_;
};

}  // namespace

Result<ImageParts> OpenAvml(ByteView bytes, const OpenOptions& options) {
  const Result<LimeRangeHeader> first = bytes.Read<LimeRangeHeader>(0, "AVML range header");
  if (!first) return tl::unexpected(first.error());
  if (const std::string objection = RangeObjection(*first, kAvmlMagic, kAvmlVersion); !objection.empty())
    return Fail(ErrorKind::kUnsupported, "AVML memory image whose first range " + objection + ": take it again");
  UnpackSink sink(options.max_decompressed_bytes);
  AvmlReader reader(bytes, sink);
  reader.ReadAll();
  ImageParts parts = BareParts("avml", options);
  if (sink.limit_reached())
    NoteTruncation(parts.facts, "unpacking stopped at the limit of " + std::to_string(sink.size()) + " bytes");
  if (!reader.objection().empty()) NoteTruncation(parts.facts, reader.objection());
  Result<UnpackedBytes> content = UnpackedBytes::From(std::move(sink));
  if (!content) return tl::unexpected(content.error());
  parts.unpacked = std::move(*content);
  MapRanges(parts.unpacked->bytes(), reader.ranges(), parts);
  parts.lacks_page_tables = true;
  return parts;
}

}  // namespace poolblame

// LiME: ranges of physical memory, each behind its header, until the file ends. A range that cannot be ends the
// reading, because only its length says where the next one starts.
#include "parser/format/lime.h"

#include <algorithm>

#include "parser/image/physical_ranges.h"

namespace poolblame {
namespace {

/// Some writers fill the rest of the file with zeros.
bool IsFiller(ByteView bytes, std::uint64_t at) {
  const std::uint64_t end = std::min<std::uint64_t>(bytes.size(), at + sizeof(LimeRangeHeader));
  return std::all_of(bytes.begin() + at, bytes.begin() + end, [](std::uint8_t byte) { return byte == 0; });
}

std::vector<PhysicalRange> ReadRanges(ByteView bytes, ImageFacts& facts) {
  std::vector<PhysicalRange> ranges;
  std::uint64_t at = 0;
  while (at < bytes.size()) {
    const auto header = bytes.TryRead<LimeRangeHeader>(at);
    const std::string objection = header ? RangeObjection(*header, kLimeMagic, kLimeVersion) : "is cut";
    if (!objection.empty() && IsFiller(bytes, at)) break;
    if (objection.empty() && ranges.size() == kMaxLimeRanges) {
      NoteTruncation(facts, "more than " + std::to_string(kMaxLimeRanges) + " memory ranges: the rest is left out");
      break;
    }
    if (!objection.empty()) {
      NoteTruncation(facts, "memory range " + std::to_string(ranges.size()) + " at " + HexText(at) + " " + objection +
                                ": nothing behind it is read");
      break;
    }
    const std::uint64_t data = at + sizeof(LimeRangeHeader);
    ranges.push_back({PhysAddr{header->Start}, header->End - header->Start + 1, FileOffset{data}});
    if (!bytes.Contains(data, ranges.back().length)) break;
    at = data + ranges.back().length;
  }
  return ranges;
}

}  // namespace

Result<ImageParts> OpenLime(ByteView bytes, const OpenOptions& options) {
  const Result<LimeRangeHeader> first = bytes.Read<LimeRangeHeader>(0, "LiME range header");
  if (!first) return tl::unexpected(first.error());
  if (const std::string objection = RangeObjection(*first, kLimeMagic, kLimeVersion); !objection.empty())
    return Fail(ErrorKind::kUnsupported, "LiME memory image whose first range " + objection + ": take it again", 0);
  ImageParts parts = BareParts("lime", options);
  MapRanges(bytes, ReadRanges(bytes, parts.facts), parts);
  parts.lacks_page_tables = true;
  return parts;
}

}  // namespace poolblame

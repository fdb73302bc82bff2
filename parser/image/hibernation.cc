// Hibernation files: everything is unpacked before anything reads it, under the same caps as compressed files. Pages
// that the kernel did not need are not in the file.
#include "parser/image/hibernation.h"

#include <algorithm>
#include <array>
#include <string_view>
#include <utility>

#include "parser/format/hibernation.h"

namespace poolblame {
namespace {

/// Ranges of pages that do not follow each other. Stops a file of single pages before its list outgrows its memory.
constexpr std::size_t kMaxRestoredRanges = std::size_t{1} << 21;

}  // namespace

bool RestoredPages::Add(Pfn first, ByteView pages) {
  const PhysAddr start{first * kPageSize};
  const std::uint64_t offset = sink_.size();
  if (!ranges_.empty() && ranges_.back().start.value + ranges_.back().length == start.value) {
    ranges_.back().length += pages.size();
  } else {
    if (ranges_.size() == kMaxRestoredRanges) return false;
    ranges_.push_back({start, pages.size(), FileOffset{offset}});
  }
  return sink_.Append(pages);
}

Result<ImageParts> RestoredPages::Finish(ImageParts parts) && {
  if (sink_.limit_reached())
    NoteTruncation(parts.facts, "unpacking stopped at the limit of " + std::to_string(sink_.size()) + " bytes");
  if (ranges_.size() == kMaxRestoredRanges)
    NoteTruncation(parts.facts,
                   "more than " + std::to_string(kMaxRestoredRanges) + " page ranges: the rest is left out");
  if (lost_ > 0)
    NoteTruncation(parts.facts,
                   std::to_string(lost_) + " pages of the hibernation file cannot be unpacked and are left out");
  parts.facts.pages_promised += lost_;
  Result<UnpackedBytes> content = UnpackedBytes::From(std::move(sink_));
  if (!content) return tl::unexpected(content.error());
  parts.unpacked = std::move(*content);
  MapRanges(parts.unpacked->bytes(), ranges_, parts);
  parts.lacks_page_tables = true;
  return parts;
}

std::uint64_t HibernationField(ByteView bytes, std::uint64_t offset, std::uint32_t width) {
  if (width == 8) {
    const auto wide = bytes.TryRead<Le64>(offset);
    return wide ? static_cast<std::uint64_t>(*wide) : 0;
  }
  const auto field = bytes.TryRead<Le32>(offset);
  return field ? static_cast<std::uint32_t>(*field) : 0;
}

Result<ImageParts> OpenHibernation(ByteView bytes, const OpenOptions& options) {
  const Result<Le32> length = bytes.Read<Le32>(kHibernationLengthAt, "hibernation file header");
  if (!length) return tl::unexpected(length.error());
  const std::uint32_t header_length = *length;
  const auto has_length = [&](const auto& layout) { return layout.header_length == header_length; };
  if (std::ranges::any_of(kHibernationTables, has_length)) return OpenHibernationTables(bytes, options);
  if (std::ranges::any_of(kHibernationSets, has_length)) return OpenHibernationSets(bytes, options);
  return Fail(ErrorKind::kUnsupported,
              "hibernation file of a Windows version that is not known (its header has " +
                  std::to_string(header_length) + " bytes): convert it to raw physical memory or to a crash dump first",
              kHibernationLengthAt, 0, header_length);
}

Result<ImageParts> RefuseResumed(ByteView, const OpenOptions&) {
  return Fail(
      ErrorKind::kUnsupported,
      "hibernation file of a resumed system: Windows has already discarded its memory; hibernate again and copy "
      "the file before the system is started");
}

bool IsWipedHibernation(ByteView bytes, const std::string& name) {
  constexpr std::string_view kName = "hiberfil.sys";
  const std::string_view file = std::string_view(name).substr(name.find_last_of("/\\") + 1);
  const auto same = [](char a, char b) { return (a >= 'A' && a <= 'Z' ? a + ('a' - 'A') : a) == b; };
  if (bytes.empty() || !std::ranges::equal(file, kName, same)) return false;
  const ByteView first(bytes.data(), std::min<std::size_t>(bytes.size(), kPageSize));
  return std::ranges::all_of(first, [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace poolblame

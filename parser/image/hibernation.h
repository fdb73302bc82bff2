// What the two formats of hibernation files have in common: pages that are unpacked one set after the other. Private to
// parser/image.
#pragma once

#include <span>
#include <string>
#include <vector>

#include "parser/base/byte_view.h"
#include "parser/image/physical_ranges.h"
#include "parser/image/unpack.h"

namespace poolblame {

/// Pages that were unpacked so far, and where each goes. Ranges that follow each other become one.
class RestoredPages {
 public:
  explicit RestoredPages(std::uint64_t limit) : sink_(limit) {}

  /// Appends the pages from `first` on that `pages` holds; false when the limit was reached or the disk is full.
  bool Add(Pfn first, ByteView pages);
  /// Pages that could not be unpacked: they are nowhere, and counted.
  void Lose(std::uint64_t count) { lost_ += count; }

  /// The parts of a finished image: ranges mapped, what is missing noted.
  Result<ImageParts> Finish(ImageParts parts) &&;

 private:
  UnpackSink sink_;
  std::vector<PhysicalRange> ranges_;
  std::uint64_t lost_ = 0;
};

/// A field of a hibernation header or table: 8 bytes on x64, 4 on x86; 0 where the file ends before it.
std::uint64_t HibernationField(ByteView bytes, std::uint64_t offset, std::uint32_t width);

/// Reads the file as one of Windows XP to 7 or of Windows 8 and later; kUnsupported when its header is of none.
Result<ImageParts> OpenHibernationTables(ByteView bytes, const OpenOptions& options);
Result<ImageParts> OpenHibernationSets(ByteView bytes, const OpenOptions& options);

}  // namespace poolblame

// Opening built bytes, with the answer a test wants first.
#pragma once

#include <gtest/gtest.h>

#include <string>
#include <vector>

#include "parser/image/image.h"
#include "tests/image/dump_builder.h"

namespace poolblame::testing {

/// A file and the image in it; fails the test when it cannot be opened.
struct OpenedImage {
  std::vector<std::uint8_t> file;
  Image image;
};

inline Result<Image> TryOpen(const std::vector<std::uint8_t>& file, const OpenOptions& options = {}) {
  return Image::FromBytes(ByteView(file.data(), file.size()), "test.dmp", options);
}

inline OpenedImage Open(std::vector<std::uint8_t> file, const OpenOptions& options = {}) {
  Result<Image> image = TryOpen(file, options);
  if (!image) throw std::runtime_error("cannot open: " + image.error().what);  // gtest reports it as a failure
  return {std::move(file), std::move(*image)};  // a moved vector keeps its bytes where they are
}

inline OpenedImage Open(const Bytes& file, const OpenOptions& options = {}) { return Open(file.vector(), options); }

/// The Error of a file that must not open.
inline Error ErrorOf(const std::vector<std::uint8_t>& file, const OpenOptions& options = {}) {
  const Result<Image> image = TryOpen(file, options);
  if (image) throw std::runtime_error("opened as " + image->facts().container);
  return image.error();
}

/// First byte of a page of the image, or -1 when it is not there.
inline int FirstByte(const PageMap& pages, Pfn pfn) {
  const ByteView page = pages.Page(pfn);
  return page.size() == kPageSize ? page[0] : -1;
}

}  // namespace poolblame::testing

// How much speaks for a page being classic pool when its chain does not close. A damaged page must be told from the
// hundreds of thousands of pages that never were pool, so what counts is agreement between two headers that random or
// structured data does not produce:
//
//   link     a header whose BlockSize leads to another header whose PreviousSize leads back
//   end      the last header of a run of links ends exactly at the page end
//   start    a header at offset 0 with PreviousSize 0
//
// Odds: a 16-byte place of random data passes the header filter with p = 0.0076 (tag 0.038 × type 0.2), and its size
// then leads to a second such header with the right PreviousSize with p = 0.0076/256; so a random page shows one link
// with 6e-5 and two with 2e-9. Text and arrays of records are worse than random for the filter but not for the link:
// equal records give PreviousSize == BlockSize only where the record is as long as that value says.
// Segment-heap pages have PreviousSize 0 everywhere and give no link at all.
#pragma once

#include <cstdint>

#include "parser/pool/header_reader.h"

namespace poolblame {

struct PageEvidence {
  std::uint16_t links = 0;
  std::uint16_t links_of_allocated = 0;  // of these, with an allocated block on one side or the other
  bool end = false;
  bool start = false;
  std::uint16_t detached_headers = 0;  // headers with PreviousSize 0 that are not at offset 0: segment heap's mark

  /// Points: 2 a link, 2 the end, 1 the start.
  [[nodiscard]] int points() const { return 2 * links + (end ? 2 : 0) + (start ? 1 : 0); }
};

/// A page nobody named needs two independent agreements and an allocated block among them.
inline constexpr int kPointsForPool = 4;
/// A page the bug check names, or of an image that holds nothing but pool pages, is believed on one.
inline constexpr int kPointsWhenNamed = 2;

/// Looks at every place of the page once. About 0.3 µs on a page without a single plausible header.
PageEvidence WeighPage(const std::uint8_t* page, const HeaderReader& reader);

}  // namespace poolblame

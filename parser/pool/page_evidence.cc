#include "parser/pool/page_evidence.h"

namespace poolblame {
namespace {

bool IsBusy(const QuickHeader& header) {
  return header.state == BlockState::kAllocated || header.state == BlockState::kLookaside;
}

// One header that passed the filter: does the next one answer?
void Follow(const std::uint8_t* page, const HeaderReader& reader, std::uint32_t place, const QuickHeader& header,
            std::uint32_t& linked_to, PageEvidence& evidence) {
  const std::uint32_t next = place + header.size;
  const bool was_linked = linked_to == place;
  if (next == reader.units_in_page()) {
    evidence.end = evidence.end || was_linked || IsBusy(header);
    return;
  }
  const QuickHeader answer = reader.At(page, next);
  if (answer.previous != header.size || !reader.LooksLikeBlock(answer, next)) return;
  ++evidence.links;
  if (IsBusy(header) || IsBusy(answer)) ++evidence.links_of_allocated;
  linked_to = next;
}

}  // namespace

PageEvidence WeighPage(const std::uint8_t* page, const HeaderReader& reader) {
  PageEvidence evidence;
  const std::uint32_t end = reader.units_in_page();
  std::uint32_t linked_to = end;
  for (std::uint32_t place = 0; place < end; ++place) {
    if (!TagIsPrintable(reader.TagAt(page, place))) continue;  // rejects 24 of 25 places of random data
    const QuickHeader header = reader.At(page, place);
    if (!reader.LooksLikeBlock(header, place)) continue;
    if (header.previous == 0) {
      if (place == 0)
        evidence.start = true;
      else if (IsBusy(header))
        ++evidence.detached_headers;
    }
    Follow(page, reader, place, header, linked_to, evidence);
  }
  return evidence;
}

}  // namespace poolblame

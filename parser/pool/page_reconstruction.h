// One page of classic pool, healthy or damaged, from its bytes alone: the walk where the chain closes and nothing is
// odd, the most likely page (page_tiling.h, header_repair.h) elsewhere.
#pragma once

#include <cstdint>
#include <optional>

#include "parser/base/byte_view.h"
#include "parser/pool/page_profile.h"
#include "parser/pool/pool_page.h"

namespace poolblame {

struct Reconstruction {
  std::vector<PoolBlock> blocks;
  std::uint32_t leading_bytes = 0;
  std::vector<StaleHeader> stale_headers;
  double cost = 0, margin = 0;  // nats
  std::uint32_t links = 0;      // boundaries that both sides agree on, the page end included
  std::uint32_t damaged_headers = 0;
  bool known_start = false;  // the first header stands, in use, with a tag that healthy pages of the image have
};

/// The most likely blocks of any 4096 bytes; never fails, bounded at a few milliseconds. Whether the page is pool at
/// all is another question: IsBelievable.
Reconstruction ReconstructPage(ByteView page, const HeaderReader& reader, const ImageKnowledge& knowledge);

/// True when the page begins with a header in use whose tag several blocks of healthy pages have.
bool StartsWithKnownBlock(const std::uint8_t* page, const HeaderReader& reader, const ImageKnowledge& knowledge);

/// True when a block with such a tag ends with the page, and from it down each header's word about the block before is
/// kept, to the page's first byte: only the first header may be damaged.
bool LeadsBackToItsStart(const std::uint8_t* page, const HeaderReader& reader, const ImageKnowledge& knowledge);

/// True when what agrees outweighs what does not: a page nobody named needs two boundaries that both sides vouch for
/// and more of them than damaged headers; a page that is pool by somebody's word, one such boundary or a first block
/// of a known tag: a page of two blocks that lost its second header has no more.
bool IsBelievable(const Reconstruction& page, bool named);

/// What is left of coalesced blocks inside the free blocks of a page.
std::vector<StaleHeader> FindStaleHeaders(const std::uint8_t* page, const HeaderReader& reader,
                                          const std::vector<PoolBlock>& blocks);

}  // namespace poolblame

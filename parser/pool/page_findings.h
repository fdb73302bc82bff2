// One page as a finding: reconstructed, its free links and its uncoalesced neighbours checked, under the rules that
// hold on this image.
#pragma once

#include <optional>

#include "parser/image/address_space.h"
#include "parser/pool/page_reconstruction.h"
#include "parser/pool/pool_page.h"

namespace poolblame {

/// How much a page is believed to be pool before its bytes are looked at.
enum class PageTrust {
  kUnknown,     // found by its bytes alone
  kBesidePool,  // and the page before it is pool, so that damage may have come from there
  kChained,     // the same, and its last blocks lead back to its first byte (LeadsBackToItsStart)
  kClaimed,     // the image claims that all its pages are pool; big allocations' pages may be among them
  kNamed,       // the bug check names it, or the image claims it and the page has more than one header to show for it
};

/// Walks or reconstructs the page; nothing when it is not classic pool. `address` is where it is mapped, if known.
std::optional<PoolPage> ExaminePage(PageBytes bytes, std::optional<VirtAddr> address, const AddressSpace& space,
                                    const HeaderReader& reader, const ImageKnowledge& knowledge, PageTrust trust);

}  // namespace poolblame

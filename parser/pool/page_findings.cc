#include "parser/pool/page_findings.h"

#include <utility>

#include "parser/pool/free_links.h"

namespace poolblame {
namespace {

void CheckLinks(const AddressSpace& space, const HeaderReader& reader, const FieldTrust& trust, PoolPage& page) {
  if (!page.address) return;
  const FreeLinkChecker checker(space, reader.layout());
  for (std::size_t i = 0; i < page.blocks.size(); ++i) {
    const PoolBlock& block = page.blocks[i];
    LinkCheck check = checker.Check(page.bytes.bytes.data(), *page.address, block.offset, block.size, block.state);
    const bool believed = check.lookaside ? trust.lookaside_links_sound : trust.free_links_sound;
    if (!check.finding || !believed) continue;
    check.finding->block = i;
    page.free_links.push_back(*check.finding);
  }
}

void FindUncoalesced(const FieldTrust& trust, PoolPage& page) {
  if (!trust.free_blocks_coalesce) return;
  for (std::size_t i = 0; i + 1 < page.blocks.size(); ++i)
    if (page.blocks[i].state == BlockState::kFree && page.blocks[i + 1].state == BlockState::kFree)
      page.uncoalesced.push_back({i});
}

}  // namespace

std::optional<PoolPage> ExaminePage(PageBytes bytes, std::optional<VirtAddr> address, const AddressSpace& space,
                                    const HeaderReader& reader, const ImageKnowledge& knowledge, PageTrust trust) {
  if (bytes.bytes.size() != kPoolPageBytes) return std::nullopt;
  Reconstruction rebuilt = ReconstructPage(bytes.bytes, reader, knowledge);
  if (!IsBelievable(rebuilt, trust == PageTrust::kNamed)) return std::nullopt;
  PoolPage page;
  page.address = address;
  page.pfn = bytes.pfn;
  page.bytes = std::move(bytes);
  page.layout = &reader.layout();
  page.blocks = std::move(rebuilt.blocks);
  page.leading_bytes = rebuilt.leading_bytes;
  page.stale_headers = std::move(rebuilt.stale_headers);
  page.cost = rebuilt.damaged_headers > 0 ? rebuilt.cost : 0;
  page.margin = rebuilt.margin;
  CheckLinks(space, reader, knowledge.trust, page);
  FindUncoalesced(knowledge.trust, page);
  return page;
}

}  // namespace poolblame

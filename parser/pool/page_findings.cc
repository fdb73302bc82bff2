#include "parser/pool/page_findings.h"

#include <algorithm>
#include <array>
#include <bit>
#include <map>
#include <utility>

#include "parser/pool/free_links.h"

namespace poolblame {
namespace {

// What the free lists say about the page as a whole.
struct ListEvidence {
  bool answered = false;  // a far end names a free block of this page: the page is living pool
  bool disowned = false;  // a free block points into a list that is whole without it: the page is an old copy
};

ListEvidence CheckLinks(const AddressSpace& space, const HeaderReader& reader, const FieldTrust& trust,
                        PoolPage& page) {
  ListEvidence evidence;
  if (!page.address) return evidence;
  const FreeLinkChecker checker(space, reader.layout());
  for (std::size_t i = 0; i < page.blocks.size(); ++i) {
    const PoolBlock& block = page.blocks[i];
    LinkCheck check = checker.Check(page.bytes.bytes.data(), *page.address, block.offset, block.size, block.state);
    if (!block.header_damaged()) {
      evidence.answered = evidence.answered || check.answered;
      evidence.disowned = evidence.disowned || check.disowned;
    }
    // A link to itself needs no other link to be believed: no list that is sound has one, whatever the system.
    const bool believed = check.to_itself || (check.lookaside ? trust.lookaside_links_sound : trust.free_links_sound);
    if (!check.finding || !believed) continue;
    check.finding->block = i;
    page.free_links.push_back(*check.finding);
  }
  return evidence;
}

/// The PoolType that most blocks in use on this page have.
std::optional<std::uint16_t> CommonTypeInUse(const PoolPage& page) {
  std::map<std::uint16_t, std::size_t> counts;
  for (const PoolBlock& block : page.blocks)
    if (block.state == BlockState::kAllocated && !block.header_damaged()) ++counts[block.read.PoolType];
  const auto most =
      std::max_element(counts.begin(), counts.end(), [](const auto& a, const auto& b) { return a.second < b.second; });
  if (most == counts.end()) return std::nullopt;
  return most->first;
}

/// A free block's tag is `Free` or its last owner's; this one is neither.
bool IsNobodysTag(std::uint32_t tag, const ImageKnowledge& knowledge) {
  constexpr std::uint64_t kFreeIsUsed = 8;                                      // blocks
  if (tag == PoolTag::kFree || knowledge.BlocksWithTag(tag) > 1) return false;  // its own block may be counted
  return !TagIsPrintable(tag) || knowledge.BlocksWithTag(PoolTag::kFree) >= kFreeIsUsed;
}

/// The block was in use: its type became zero with the tag behind it, and where links would stand is its owner's data.
void MarkAsSmashed(std::uint16_t type, const PoolHeaderLayout& layout, const std::uint8_t* as_read, PoolBlock& block) {
  block.expected.PoolType = type;
  block.state = BlockState::kUnknown;
  block.tag_known = false;
  std::array<std::uint8_t, 16> expected{};
  layout.Encode(block.expected, expected.data());
  constexpr std::uint32_t kTagBegin = 4, kTagEnd = 8;
  for (std::uint32_t i = 0; i < layout.header_size; ++i) {
    const bool in_tag = i >= kTagBegin && i < kTagEnd;
    const bool odd = in_tag && (as_read[i] < 0x20 || as_read[i] > 0x7E);
    if (odd || expected[i] != as_read[i])
      block.damaged_bytes |= 1U << i;
    else if (i >= kTagBegin)
      block.doubtful_bytes |= 1U << i;
  }
}

/// A free block that has neither a tag nor links of one is a block in use whose header is damaged from its type on.
void FindFalseFree(const ImageKnowledge& knowledge, PoolPage& page) {
  const auto type = CommonTypeInUse(page);
  if (!type) return;
  std::erase_if(page.free_links, [&](const FreeLinkFinding& link) {
    PoolBlock& block = page.blocks[link.block];
    const bool claims = block.state == BlockState::kFree && link.problem == LinkProblem::kNotKernelAddress;
    if (!claims || block.header_damaged() || !IsNobodysTag(block.read.PoolTag, knowledge)) return false;
    MarkAsSmashed(*type, *page.layout, page.bytes.bytes.data() + block.offset, block);
    return true;
  });
}

// Most of the first header still stands: nobody's new data has its size and its tag at the same place.
bool FirstHeaderMostlyStands(const PoolPage& page) {
  constexpr int kMostDamaged = 3;  // of the eight bytes of sizes, type and tag
  const PoolBlock& first = page.blocks.front();
  const std::uint32_t wrong = (first.damaged_bytes | first.doubtful_bytes) & 0xFF;
  return page.leading_bytes == 0 && first.tag_known && std::popcount(wrong) <= kMostDamaged;
}

// A page that pool gave back and that is now, say, the end of a big allocation keeps its old headers behind the new
// bytes, and looks like a page whose first headers were overrun. Such pages are far more common than damage, so a page
// that lost its first header must show that it lives, or be a likely victim of the page before it.
bool IsLiving(const PoolPage& page, const ListEvidence& lists, const FieldTrust& trust, PageTrust page_trust) {
  if (!page.headers_damaged() || page_trust == PageTrust::kNamed || page_trust == PageTrust::kClaimed) return true;
  if (lists.answered) return true;
  if (lists.disowned && trust.free_links_sound) return false;
  if (!page.blocks.front().header_damaged() || FirstHeaderMostlyStands(page)) return true;
  constexpr std::uint32_t kOverrunBehindPool = 2048;  // bytes to the next sound header; more is oftener a reused page
  constexpr std::uint32_t kOverrunAlone = 512;
  const auto clean = std::find_if(page.blocks.begin(), page.blocks.end(),
                                  [](const PoolBlock& block) { return !block.header_damaged(); });
  const std::uint32_t reach = clean == page.blocks.end() ? kPoolPageBytes : clean->offset;
  if (page_trust == PageTrust::kBesidePool || page_trust == PageTrust::kChained) return reach <= kOverrunBehindPool;
  return !page.address && reach <= kOverrunAlone;
}

// Some text holds four letters, a size to the page's end and a type that is legal. One header alone that is sound has
// to have a tag that other pages know, where there are any.
bool IsVouchedFor(const Reconstruction& page, const ImageKnowledge& knowledge) {
  if (knowledge.tags == nullptr || knowledge.tags->empty()) return true;
  std::size_t sound = 0;
  for (const PoolBlock& block : page.blocks) {
    if (block.header_damaged()) continue;
    if (++sound > 1 || knowledge.BlocksWithTag(block.read.PoolTag) > 0) return true;
  }
  return false;
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
  if (!IsBelievable(rebuilt, trust != PageTrust::kUnknown && trust != PageTrust::kBesidePool)) return std::nullopt;
  if (trust == PageTrust::kClaimed && !IsVouchedFor(rebuilt, knowledge)) return std::nullopt;
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
  const ListEvidence lists = CheckLinks(space, reader, knowledge.trust, page);
  FindFalseFree(knowledge, page);
  if (!IsLiving(page, lists, knowledge.trust, trust)) return std::nullopt;
  FindUncoalesced(knowledge.trust, page);
  return page;
}

}  // namespace poolblame

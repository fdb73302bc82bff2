// The census of special pool: pages that the scan found, the ones that the bug check names, and records of their frees.
#include <algorithm>

#include "parser/pool/census_builder.h"

namespace poolblame {
namespace {

/// An image with more is not one fault, as for pages of blocks.
constexpr std::size_t kMostSpecialFindings = 256;

/// The bug check speaks of the block that this record says was freed.
bool IsNamed(const FreedSpecialPool& freed, const std::optional<BugCheck>& bugcheck) {
  if (!bugcheck || !IsSpecialPoolBugCheck(*bugcheck)) return false;
  return VirtAddr{bugcheck->parameters[0]}.page() == freed.address.page();
}

}  // namespace

void CensusBuilder::ExamineSpecial(const std::vector<FoundPage>& special) {
  for (const FoundPage& found : special) {
    SpecialPoolPage page;
    page.bytes = source_.Page(found.where);
    page.is_64bit = census_.layout->is_64bit;
    if (found.kind == FoundKind::kFreedSpecial) {
      const auto freed = ReadFreedSpecialPool(page.bytes.bytes, page.is_64bit);
      if (freed && IsNamed(*freed, system_.bugcheck)) census_.freed_special.push_back(*freed);
      continue;
    }
    const auto block = ReadSpecialPool(page.bytes.bytes, page.is_64bit, system_.build, SpecialPoolTrust::kByBytes);
    page.address = source_.Address(found.where);
    if (!block) continue;
    if (block->damaged() && page.address && !GuardPageIsAbsent(space_, *page.address, block->mode)) continue;
    ++census_.special_pool_pages;
    page.block = *block;
    if (block->damaged()) AddSpecialFinding(std::move(page));
  }
}

void CensusBuilder::AddSpecialFinding(SpecialPoolPage&& page) {
  if (census_.special_findings.size() < kMostSpecialFindings)
    census_.special_findings.push_back(std::move(page));
  else
    AddNotJudged("more damaged special-pool pages than the report can hold", page.address);
}

/// True where the page needs no look by classic pool's rules.
bool CensusBuilder::IsSpecialPoolNamed(VirtAddr address) {
  const bool named = IsSpecialPoolBugCheck(*system_.bugcheck);
  auto page =
      ReadSpecialPoolPage(space_, system_, address, named ? SpecialPoolTrust::kNamed : SpecialPoolTrust::kByBytes);
  if (!page) {
    if (named) AddNotJudged("page named by the bugcheck is not recognisable as special pool", address);
    return named;
  }
  const bool known = std::any_of(census_.special_findings.begin(), census_.special_findings.end(),
                                 [&](const SpecialPoolPage& other) { return other.address == address; });
  if (page->block.damaged() && !known) AddSpecialFinding(std::move(*page));
  return true;
}

}  // namespace poolblame

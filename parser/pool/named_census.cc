// The pages that the bug check names: they are looked at whatever the scan took them for, and what cannot be said of
// them is told.
#include <algorithm>
#include <utility>

#include "parser/pool/big_memory.h"
#include "parser/pool/census_builder.h"
#include "parser/pool/segment_heap.h"

namespace poolblame {

void CensusBuilder::AskForNamedPages(const HeaderReader* reader) {
  if (!system_.bugcheck) return;
  std::vector<VirtAddr> asked;
  for (const BugCheckAddress& named : system_.bugcheck->addresses) {
    if (named.use == AddressUse::kListHead || named.use == AddressUse::kDataReference ||
        named.use == AddressUse::kUnmapped)
      continue;
    const VirtAddr page = named.address.page();
    if (std::find(asked.begin(), asked.end(), page) != asked.end()) continue;
    asked.push_back(page);
    AskForNamedPage(named, reader);
  }
}

void CensusBuilder::AskForNamedPage(const BugCheckAddress& named, const HeaderReader* reader) {
  const VirtAddr address = named.address.page();
  PageBytes bytes = space_.Page(address);
  if (auto note = NoteOfBigOwner(OwnerOfBigMemory(census_, named.address))) census_.notes.push_back(std::move(*note));
  if (bytes.presence != Presence::kPresent)
    return AddNotJudged("page named by the bugcheck is not in the dump", address);
  if (IsSpecialPoolNamed(address)) return;
  if (reader == nullptr && census_.segment_heap != nullptr) TellIfOutside(named.address);
  const bool known = std::any_of(findings_.begin(), findings_.end(),
                                 [&](const auto& finding) { return finding.second.address == address; });
  if (known || reader == nullptr) return;
  const std::uint64_t where = bytes.pfn.value_or(address.value);
  auto page = ExaminePage(std::move(bytes), address, space_, *reader, Knowledge(), PageTrust::kNamed);
  if (page && page->has_findings())
    AddFinding(std::move(*page), where);
  else if (!page && named.use != AddressUse::kPage)
    AddNotJudged("page named by the bugcheck is not recognisable as classic pool", address);
}

/// The heap complained of an address that none of the ranges holds that could be read.
void CensusBuilder::TellIfOutside(VirtAddr named) {
  const SegmentHeap& heap = *census_.segment_heap;
  const bool known = heap.RangeAt(named) != nullptr || heap.DamagedOn(named.page()) != nullptr;
  if (!known && FindBigAllocation(census_.big_pages, named) == nullptr)
    AddNotJudged("address named by the bugcheck lies in no range of the segment heap that could be read", named);
}

}  // namespace poolblame

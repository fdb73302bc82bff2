#include "parser/pool/page_source.h"

#include <utility>

namespace poolblame {

PageSource::PageSource(const AddressSpace& space) : space_(&space) {
  const Image& image = space.image();
  physical_ = !image.pages().empty();
  if (physical_) {
    verifiable_ = space.maps_kernel();
    return;
  }
  all_claimed_pool_ = image.facts().container == "pool-pages";
  addresses_ = image.virtual_ranges().WholePages();
  pages_.reserve(addresses_.size());
  for (const VirtAddr address : addresses_) pages_.push_back(space.Page(address));
}

std::uint64_t PageSource::page_count() const {
  return physical_ ? space_->image().pages().page_count() : addresses_.size();
}

ByteView PageSource::Bytes(std::uint64_t where) const {
  if (physical_) return space_->image().pages().Page(where);
  return where < pages_.size() ? pages_[where].bytes : ByteView{};
}

PageBytes PageSource::Page(std::uint64_t where) const {
  if (!physical_) return where < pages_.size() ? pages_[where] : PageBytes{};
  PageBytes page;
  page.bytes = Bytes(where);
  page.presence = page.bytes.empty() ? Presence::kNotInDump : Presence::kPresent;
  page.pfn = where;
  return page;
}

std::vector<std::shared_ptr<const std::array<std::uint8_t, kPageSize>>> PageSource::Joined() const {
  std::vector<std::shared_ptr<const std::array<std::uint8_t, kPageSize>>> joined;
  for (const PageBytes& page : pages_)
    if (page.joined != nullptr) joined.push_back(page.joined);
  return joined;
}

std::optional<VirtAddr> PageSource::Address(std::uint64_t where) const {
  if (physical_) return reverse_.Find(where);
  return where < addresses_.size() ? std::optional(addresses_[where]) : std::nullopt;
}

PageScan PageSource::Scan(const HeaderReader& reader, unsigned threads,
                          const std::function<void(std::uint64_t, std::uint64_t)>& progress) const {
  if (physical_) return ScanPhysicalPages(space_->image().pages(), reader, threads, progress);
  PageScan scan;
  for (std::size_t i = 0; i < pages_.size(); ++i)
    if (pages_[i].bytes.size() == kPageSize) scan.AddPage(pages_[i].bytes.data(), i, reader);
  return scan;
}

SegmentScan PageSource::ScanForSegmentHeap(const SegmentHeapLayout& layout, unsigned threads,
                                           const std::function<void(std::uint64_t, std::uint64_t)>& progress) const {
  if (physical_) return poolblame::ScanForSegmentHeap(space_->image().pages(), layout, threads, progress);
  SegmentScan scan;
  for (std::size_t i = 0; i < pages_.size(); ++i)
    if (pages_[i].bytes.size() == kPageSize) scan.AddPage(pages_[i].bytes.data(), i, layout);
  return scan;
}

void PageSource::MapBack(const std::vector<FoundPage>& found) {
  if (!physical_ || !verifiable_) return;
  std::vector<Pfn> wanted;
  wanted.reserve(found.size());
  for (const FoundPage& page : found) wanted.push_back(page.where);
  reverse_ = ReverseMap::Build(*space_, std::move(wanted));
}

std::uint64_t PageSource::stored_count() const {
  return physical_ ? space_->image().pages().stored_count() : addresses_.size();
}

ByteView PageSource::StoredPhysicalPage(std::uint64_t number) const {
  const PageMap& pages = space_->image().pages();
  ByteView bytes;
  pages.ForEachStoredRun(number, 1, [&](const PageRun& run) { bytes = pages.Bytes(run); });
  return bytes.size() < kPageSize ? ByteView{} : ByteView(bytes.data(), kPageSize);
}

}  // namespace poolblame

#include "parser/image/address_space.h"

#include <algorithm>
#include <cstring>

#include "parser/base/little_endian.h"
#include "parser/image/page_table_walk.h"
#include "parser/image/translate.h"

namespace poolblame {
namespace {

const PagingMode* ModeOf(const ImageFacts& facts) {
  return facts.directory_table_base ? PagingOf(facts.machine, facts.form) : nullptr;
}

bool MapsAnyKernelPage(const PageMap& pages, const PagingMode& mode, PhysAddr root) {
  bool found = false;
  PageTableWalk(pages, mode, root).Run([&](VirtAddr, Pfn, std::uint64_t) {
    found = true;
    return false;
  });
  return found;
}

}  // namespace

AddressSpace::AddressSpace(const Image& image) : image_(&image), mode_(ModeOf(image.facts())) {
  if (mode_ == nullptr) {
    maps_kernel_ = !image.virtual_ranges().empty();
    return;
  }
  root_ = PhysAddr{image.facts().directory_table_base->value & mode_->root_mask};
  maps_kernel_ = MapsAnyKernelPage(image.pages(), *mode_, root_);
}

bool AddressSpace::can_translate() const { return mode_ != nullptr || image_->pages().empty(); }
bool AddressSpace::maps_kernel() const { return maps_kernel_; }
Machine AddressSpace::machine() const { return image_->facts().machine; }

VirtAddr AddressSpace::kernel_base() const {
  if (mode_ != nullptr) return VirtAddr{mode_->kernel_base};
  return VirtAddr{machine() == Machine::kX86 ? kPagingX86.kernel_base : kPagingX64.kernel_base};
}

Translation AddressSpace::Translate(VirtAddr address) const {
  if (mode_ == nullptr)
    return {
        image_->virtual_ranges().BytesAt(address).empty() ? Presence::kNotInDump : Presence::kPresent, {}, 0, false};
  return TranslateBy(image_->pages(), *mode_, root_, address);
}

PageBytes AddressSpace::Page(VirtAddr address) const {
  if (mode_ == nullptr) return VirtualPage(address.page());
  const Translation translation = Translate(address.page());
  PageBytes page{translation.presence, {}, std::nullopt, nullptr};
  if (translation.mapping_size > 0) page.pfn = ToPfn(translation.physical);
  if (translation.presence == Presence::kPresent) page.bytes = image_->pages().Page(*page.pfn);
  return page;
}

PageBytes AddressSpace::VirtualPage(VirtAddr page) const {
  const ByteView there = image_->virtual_ranges().BytesAt(page);
  if (there.size() >= kPageSize) return {Presence::kPresent, {there.data(), kPageSize}, std::nullopt, nullptr};
  const auto joined = std::make_shared<std::array<std::uint8_t, 4096>>();
  if (there.empty() || !image_->virtual_ranges().Read(page, *joined)) return {};
  return {Presence::kPresent, {joined->data(), joined->size()}, std::nullopt, joined};
}

Presence AddressSpace::Read(VirtAddr address, std::span<std::uint8_t> out) const {
  if (mode_ == nullptr) return image_->virtual_ranges().Read(address, out) ? Presence::kPresent : Presence::kNotInDump;
  while (!out.empty()) {
    const PageBytes page = Page(address);
    if (page.presence != Presence::kPresent) return page.presence;
    const std::uint64_t skip = address.page_offset();
    const std::size_t length = std::min(out.size(), static_cast<std::size_t>(kPageSize - skip));
    std::memcpy(out.data(), page.bytes.data() + skip, length);
    out = out.subspan(length);
    address = address + length;
  }
  return Presence::kPresent;
}

std::optional<VirtAddr> AddressSpace::ReadPointer(VirtAddr address) const {
  if (PointerSize(machine()) == 4) {
    const auto value = Read<Le32>(address);
    return value ? std::optional(VirtAddr{*value}) : std::nullopt;
  }
  const auto value = Read<Le64>(address);
  return value ? std::optional(VirtAddr{*value}) : std::nullopt;
}

}  // namespace poolblame

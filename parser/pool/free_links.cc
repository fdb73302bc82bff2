#include "parser/pool/free_links.h"

#include <array>
#include <span>
#include <utility>

#include "parser/base/little_endian.h"

namespace poolblame {

FreeLinkChecker::FreeLinkChecker(const AddressSpace& space, const PoolHeaderLayout& layout)
    : space_(&space),
      layout_(&layout),
      pointer_size_(layout.is_64bit ? 8 : 4),
      header_size_(layout.header_size),
      kernel_base_(layout.is_64bit ? 0xFFFF800000000000 : 0x80000000) {}

std::uint64_t FreeLinkChecker::PointerAt(const std::uint8_t* bytes) const {
  const ByteView view(bytes, pointer_size_);
  if (pointer_size_ == 8) return view.TryRead<Le64>(0).value_or(Le64{});
  return view.TryRead<Le32>(0).value_or(Le32{});
}

std::optional<std::uint64_t> FreeLinkChecker::ReadPointer(std::uint64_t address) const {
  if (pointer_size_ == 8) return space_->Read<Le64>(VirtAddr{address});
  return space_->Read<Le32>(VirtAddr{address});
}

bool FreeLinkChecker::IsKernel(std::uint64_t value) const {
  return value >= kernel_base_ && value % pointer_size_ == 0;
}

bool FreeLinkChecker::LeadsToBlockInUse(std::uint64_t payload) const {
  std::array<std::uint8_t, 16> header{};
  const std::span<std::uint8_t> bytes(header.data(), layout_->header_size);
  if (space_->Read(VirtAddr{payload - layout_->header_size}, bytes) != Presence::kPresent) return false;
  const BlockState state = StateOfPoolType(*layout_, layout_->Decode(header.data()).PoolType);
  return state != BlockState::kLookaside && state != BlockState::kFree;
}

std::optional<bool> FreeLinkChecker::IsFreedInSoundPage(VirtAddr begin) const {
  const PageBytes page = space_->Page(begin.page());
  if (page.presence != Presence::kPresent) return std::nullopt;
  bool freed = false;
  std::uint32_t previous = 0;
  for (std::uint32_t offset = 0; offset < kPoolPageBytes;) {
    if (offset + layout_->header_size > kPoolPageBytes) return std::nullopt;
    const PoolHeaderFields header = layout_->Decode(page.bytes.data() + offset);
    const BlockState state = StateOfPoolType(*layout_, header.PoolType);
    const std::uint32_t size = header.BlockSize * layout_->unit;
    if (size == 0 || size > kPoolPageBytes - offset || header.PreviousSize != previous) return std::nullopt;
    if (state == BlockState::kUnknown) return std::nullopt;
    freed = freed || (offset == begin.page_offset() && state != BlockState::kAllocated);
    previous = header.BlockSize;
    offset += size;
  }
  return freed;
}

bool FreeLinkChecker::LeadsAstray(std::uint64_t payload) const {
  const VirtAddr begin{payload - layout_->header_size};
  if (const auto freed = IsFreedInSoundPage(begin)) return !*freed;
  const auto is_pool = [this](VirtAddr page) { return IsFreedInSoundPage(page).has_value(); };
  return LeadsToBlockInUse(payload) && !is_pool(begin.page() - kPoolPageBytes) &&
         !is_pool(begin.page() + kPoolPageBytes);
}

bool FreeLinkChecker::IsOneBitFromAnswer(std::uint64_t value, std::uint64_t entry, bool is_flink) const {
  for (std::uint32_t bit = 0; bit < pointer_size_ * 8; ++bit) {
    const std::uint64_t candidate = value ^ (std::uint64_t{1} << bit);
    if (!IsKernel(candidate) || ReadPointer(candidate + (is_flink ? pointer_size_ : 0)) != entry) continue;
    // A block in use may hold the links that it had when it was free.
    return IsFreedInSoundPage(VirtAddr{candidate - header_size_}) != false;
  }
  return false;
}

FreeLinkChecker::Link FreeLinkChecker::CheckLink(std::uint64_t value, std::uint64_t entry, bool is_flink) const {
  Link link{LinkState::kSound, value, 0};
  if (!IsKernel(value)) {
    link.state = LinkState::kNotKernel;
    return link;
  }
  // A Flink is answered by the target's Blink, which is its second pointer; a Blink by the target's Flink.
  const auto answer = ReadPointer(value + (is_flink ? pointer_size_ : 0));
  if (answer == entry) return link;
  link.target_value = answer.value_or(0);
  if (IsOneBitFromAnswer(value, entry, is_flink)) {
    link.state = LinkState::kOneBitOff;
    return link;
  }
  if (!answer) {
    link.state = LinkState::kUnreadable;
    return link;
  }
  // The two contradict each other. If what the target names instead answers the target, this block is the odd one;
  // otherwise the target is.
  const auto third = IsKernel(*answer) ? ReadPointer(*answer + (is_flink ? 0 : pointer_size_)) : std::nullopt;
  link.state = third && *third == value ? LinkState::kBroken : LinkState::kFarEndDamaged;
  return link;
}

bool FreeLinkChecker::LeadsToItself(const std::uint8_t* page, std::uint64_t entry, std::uint32_t offset,
                                    std::uint32_t size) const {
  const std::uint32_t at = offset + header_size_;
  if (size < header_size_ + pointer_size_ || PointerAt(page + at) != entry) return false;
  return size < header_size_ + 2 * pointer_size_ || PointerAt(page + at + pointer_size_) != entry;
}

LinkCheck FreeLinkChecker::Check(const std::uint8_t* page, VirtAddr page_address, std::uint32_t offset,
                                 std::uint32_t size, BlockState state) const {
  LinkCheck check;
  check.lookaside = state == BlockState::kLookaside;
  const std::uint32_t links = check.lookaside ? 1 : 2;
  if ((state != BlockState::kFree && !check.lookaside) || size < header_size_ + links * pointer_size_) return check;
  check.has_links = true;
  const std::uint32_t at = offset + header_size_;
  const std::uint64_t entry = page_address.value + at;
  FreeLinkFinding finding;
  finding.offset = at;
  if (check.lookaside) {
    finding.value = PointerAt(page + at);
    finding.length = pointer_size_;
    if (finding.value == 0) return check;
    check.to_itself = LeadsToItself(page, entry, offset, size);
    if (!IsKernel(finding.value)) {
      check.finding = finding;
    } else if (finding.value == entry || LeadsAstray(finding.value)) {
      finding.problem = LinkProblem::kBrokenBackLink;
      check.finding = finding;
    }
    return check;
  }
  Link flink = CheckLink(PointerAt(page + at), entry, true);
  Link blink = CheckLink(PointerAt(page + at + pointer_size_), entry, false);
  // One link is answered, so the block lives on a list. If the other leads into a sound page, but to no freed block
  // there, this block is the odd one.
  for (const auto& [one, other] : {std::pair(&flink, &blink), std::pair(&blink, &flink)})
    if (one->state == LinkState::kSound && other->state == LinkState::kFarEndDamaged &&
        IsFreedInSoundPage(VirtAddr{other->value - header_size_}) == false)
      other->state = LinkState::kBroken;
  const auto answered = [](const Link& link) {
    return link.state == LinkState::kSound || link.state == LinkState::kOneBitOff;
  };
  check.answered = answered(flink) || answered(blink);
  check.disowned = !check.answered && (flink.state == LinkState::kBroken || blink.state == LinkState::kBroken);
  const auto bad = [](const Link& link) {
    return link.state == LinkState::kNotKernel || link.state == LinkState::kBroken ||
           link.state == LinkState::kOneBitOff;
  };
  if (!bad(flink) && !bad(blink)) return check;
  const Link& first = bad(flink) ? flink : blink;
  const Link& other = bad(flink) ? blink : flink;
  finding.value = first.value;
  finding.target_value = first.target_value;
  finding.offset = bad(flink) ? at : at + pointer_size_;
  finding.length = bad(flink) && bad(blink) ? 2 * pointer_size_ : pointer_size_;
  if (other.state == LinkState::kSound)
    finding.problem = LinkProblem::kOnlyOneDamaged;
  else if (first.state != LinkState::kNotKernel && other.state != LinkState::kNotKernel)
    finding.problem = LinkProblem::kBrokenBackLink;
  check.finding = finding;
  return check;
}

void FreeLinkChecker::Tally(const LinkCheck& check, TrustTally& tally) {
  if (!check.has_links) return;
  if (check.lookaside)
    ++(check.finding ? tally.broken_lookaside : tally.sound_lookaside);
  else
    ++(check.finding ? tally.broken_links : tally.sound_links);
}

}  // namespace poolblame

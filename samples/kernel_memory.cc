#include "samples/kernel_memory.h"

#include <algorithm>
#include <utility>

namespace poolblame::samples {
namespace {

/// The shape of a small PC's RAM: low memory without frame 0, a hole below 1 MiB, the rest, with one more hole where
/// the image is large enough. The holes are what makes "file offset = physical address" wrong in a full dump.
std::vector<PhysicalRun> LayRuns(std::uint64_t pages, std::uint64_t idle_pages) {
  const std::uint64_t low = std::min<std::uint64_t>(0x9E, pages / 3 + 1);
  const std::uint64_t rest = pages - low;
  const std::uint64_t middle = rest < 64 ? rest : rest - rest / 4;
  std::vector<PhysicalRun> runs = {{1, low}, {0x100, middle}};
  std::uint64_t next = 0x100 + middle + 0x20;
  if (idle_pages > 0) runs.push_back({next, idle_pages, true});
  next += idle_pages;
  if (middle < rest) runs.push_back({next, rest - middle});
  return runs;
}

}  // namespace

KernelMemory::KernelMemory(std::uint64_t pages, std::uint64_t idle_pages, std::uint32_t pointer_size,
                           std::uint64_t seed)
    : pointer_size_(pointer_size), runs_(LayRuns(pages, idle_pages)) {
  free_.reserve(pages);
  for (const PhysicalRun& run : runs_) {
    if (run.idle) idle_ = run;
    for (std::uint64_t i = 0; i < run.pages && !run.idle; ++i)
      free_.push_back(static_cast<std::uint32_t>(run.base_pfn + i));
  }
  frames_.resize(Slot(runs_.back().base_pfn + runs_.back().pages));
  Random random(MixSeed(seed, 0x9f9));
  for (std::size_t i = free_.size(); i > 1; --i) std::swap(free_[i - 1], free_[random.Below(i)]);
}

std::uint64_t KernelMemory::TakeFrame() {
  if (free_.empty()) return 0;
  const std::uint64_t pfn = free_.back();
  free_.pop_back();
  frames_[Slot(pfn)] = std::make_unique<PageBytes>();
  return pfn;
}

std::uint64_t KernelMemory::TakeFrameBelow(std::uint64_t limit) {
  const auto low = std::find_if(free_.begin(), free_.end(), [&](std::uint32_t pfn) { return pfn < limit; });
  if (low == free_.end()) return 0;
  std::rotate(low, low + 1, free_.end());
  return TakeFrame();
}

const std::uint8_t* KernelMemory::Frame(std::uint64_t pfn) const {
  if (pfn - idle_.base_pfn < idle_.pages) return nullptr;
  const std::uint64_t slot = Slot(pfn);
  return slot < frames_.size() && frames_[slot] ? frames_[slot]->data() : nullptr;
}
std::uint8_t* KernelMemory::Frame(std::uint64_t pfn) {
  return const_cast<std::uint8_t*>(std::as_const(*this).Frame(pfn));
}

bool KernelMemory::MapNew(std::uint64_t va) {
  const std::uint64_t pfn = TakeFrame();
  if (pfn == 0) return false;
  Map(va, pfn);
  return true;
}

std::vector<std::pair<std::uint64_t, std::uint64_t>> KernelMemory::Mappings() const {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> sorted(map_.begin(), map_.end());
  std::sort(sorted.begin(), sorted.end());
  return sorted;
}

std::uint64_t KernelMemory::FrameOf(std::uint64_t va) const {
  const auto found = map_.find(va / kPage);
  return found == map_.end() ? 0 : found->second;
}

const std::uint8_t* KernelMemory::At(std::uint64_t va) const {
  const std::uint8_t* frame = Frame(FrameOf(va));
  return frame == nullptr ? nullptr : frame + va % kPage;
}
std::uint8_t* KernelMemory::At(std::uint64_t va) { return const_cast<std::uint8_t*>(std::as_const(*this).At(va)); }

bool KernelMemory::MappedRange(std::uint64_t va, std::uint64_t size) const {
  for (std::uint64_t page = va / kPage; page <= (va + size - 1) / kPage; ++page) {
    if (!map_.contains(page)) return false;
  }
  return true;
}

void KernelMemory::Write(std::uint64_t va, std::span<const std::uint8_t> bytes) {
  while (!bytes.empty()) {
    const std::size_t piece = std::min<std::size_t>(bytes.size(), kPage - va % kPage);
    std::copy_n(bytes.begin(), piece, At(va));
    va += piece;
    bytes = bytes.subspan(piece);
  }
}

Bytes KernelMemory::Read(std::uint64_t va, std::size_t size) const {
  Bytes out;
  out.reserve(size);
  while (out.size() < size) {
    const std::size_t piece = std::min<std::size_t>(size - out.size(), kPage - va % kPage);
    out.insert(out.end(), At(va), At(va) + piece);
    va += piece;
  }
  return out;
}

std::uint64_t KernelMemory::ReadPointer(std::uint64_t va) const {
  const Bytes bytes = Read(va, pointer_size_);
  return pointer_size_ == 8 ? Load<std::uint64_t>(bytes.data()) : Load<std::uint32_t>(bytes.data());
}
void KernelMemory::WritePointer(std::uint64_t va, std::uint64_t value) {
  if (pointer_size_ == 8) {
    Write64(va, value);
  } else {
    Write32(va, static_cast<std::uint32_t>(value));
  }
}
void KernelMemory::Write32(std::uint64_t va, std::uint32_t value) {
  std::array<std::uint8_t, 4> bytes{};
  Store(bytes.data(), value);
  Write(va, bytes);
}
void KernelMemory::Write64(std::uint64_t va, std::uint64_t value) {
  std::array<std::uint8_t, 8> bytes{};
  Store(bytes.data(), value);
  Write(va, bytes);
}

}  // namespace poolblame::samples

#include "tests/heuristics/stage.h"

#include <gtest/gtest.h>

#include <algorithm>

#include "heuristics/written_run.h"

namespace poolblame::testing {
namespace {

/// Bits of the bytes at [offset, offset + length) that differ from the healthy page.
std::uint32_t WrongBytes(const BuiltPage& page, std::uint32_t offset, std::uint32_t length) {
  std::uint32_t mask = 0;
  for (std::uint32_t i = 0; i < length; ++i)
    if (page.bytes[offset + i] != page.healthy[offset + i]) mask |= 1U << i;
  return mask;
}

std::uint32_t BitsBetween(const ByteString& a, const ByteString& b, std::uint32_t begin, std::uint32_t end) {
  std::uint32_t bits = 0;
  for (std::uint32_t i = begin; i < end; ++i)
    for (unsigned bit = 0; bit < 8; ++bit) bits += static_cast<unsigned>(a[i] ^ b[i]) >> bit & 1U;
  return bits;
}

}  // namespace

Stage::Stage(Windows windows) : facts_(FactsOf(windows)), layout_(FindPoolHeaderLayout(facts_.layout)) {
  system_.machine = facts_.is_64bit ? Machine::kX64 : Machine::kX86;
  system_.build = facts_.build;
}

Stage& Stage::Add(const PageBuilder& page) {
  pages_.push_back(page.Build());
  return *this;
}

Stage& Stage::AddHealthy(std::uint32_t n) {
  const Windows windows = facts_.build == 2600   ? Windows::kXp32
                          : facts_.build == 9600 ? Windows::kEightOne64
                          : facts_.is_64bit      ? Windows::kSeven64
                                                 : Windows::kSeven32;
  for (std::uint32_t i = 0; i < n; ++i) {
    PageBuilder page(windows, 100 + static_cast<std::uint32_t>(pages_.size()));
    // Two free blocks that are each other's list, so that the image teaches what sound links are.
    const std::uint32_t pointer = facts_.is_64bit ? 8 : 4;
    const std::uint64_t one = AddressOf(pages_.size(), facts_.unit), two = one + 0xA0;
    page.FreeBlock("Irp ", 0x40).Put(0, Word(two, pointer) + Word(two, pointer)).Block("Even", 0x60);
    page.FreeBlock("File", 0x60).Put(0, Word(one, pointer) + Word(one, pointer));
    for (const std::uint32_t size : {0x40U, 0x80U, 0x150U, 0x60U, 0x40U, 0x90U})
      page.Block("Irp ", size).Block("File", size + 0x20).Block("Even", 0x60);
    Add(page);
  }
  return *this;
}

Stage& Stage::TagFile(std::string_view text) {
  tags_.AddFile(ByteView(reinterpret_cast<const std::uint8_t*>(text.data()), text.size()));
  return *this;
}

Stage& Stage::LoadModule(std::string_view name, std::uint64_t base, std::uint64_t size) {
  Module module;
  module.name = name;
  module.base = VirtAddr{base};
  module.size = size;
  system_.modules.push_back(module);
  return *this;
}

Stage& Stage::Crash(BugCheckHint hint, std::uint64_t address, AddressUse use) {
  BugCheck bugcheck;
  bugcheck.name = "TEST_BUGCHECK";
  bugcheck.pool_related = true;
  bugcheck.hint = hint;
  bugcheck.addresses = {{"block", VirtAddr{address}, use}};
  system_.bugcheck = bugcheck;
  return *this;
}

Stage& Stage::Sibling(std::string_view tag, const ByteString& payload) {
  sibling_blocks_.push_back(ByteString(facts_.unit) + payload);
  const ByteString& block = sibling_blocks_.back();
  TagStatistics& statistics = census_.tags[PoolTag::FromText(tag)];
  ++statistics.allocated;
  ++statistics.sizes[static_cast<std::uint32_t>(block.size())];
  statistics.samples.push_back(
      {block.data(), VirtAddr{}, static_cast<std::uint32_t>(block.size()), BlockState::kAllocated});
  return *this;
}

void Stage::Open() {
  bytes_.clear();
  for (const BuiltPage& page : pages_) bytes_ = std::move(bytes_) + page.bytes;
  OpenOptions options;
  options.base = VirtAddr{facts_.first_page};
  options.machine = facts_.is_64bit ? Machine::kX64 : Machine::kX86;
  options.build = facts_.build;
  Result<Image> image = Image::FromBytes(ByteView(bytes_), "stage", options);
  ASSERT_TRUE(image.has_value()) << image.error().what;
  image_.emplace(std::move(*image));
  space_.emplace(*image_);
}

const AddressSpace& Stage::space() {
  if (!space_) Open();
  return *space_;
}

PoolPage Stage::TruePage(std::size_t index) const {
  const BuiltPage& built = pages_[index];
  PoolPage page;
  page.address = VirtAddr{AddressOf(index, 0)};
  page.bytes = space_->Page(*page.address);
  page.layout = layout_;
  for (const BlockTruth& truth : built.blocks) {
    PoolBlock block;
    block.offset = truth.offset;
    block.size = truth.size;
    block.previous_size = truth.previous_size;
    block.read = layout_->Decode(built.bytes.data() + truth.offset);
    block.expected = layout_->Decode(built.healthy.data() + truth.offset);
    block.state = truth.free ? BlockState::kFree : BlockState::kAllocated;
    block.damaged_bytes = WrongBytes(built, truth.offset, facts_.unit);
    block.tag_known = (block.damaged_bytes & 0xF0) == 0;
    page.blocks.push_back(block);
  }
  return page;
}

void Stage::AddPage(poolblame::Scene& scene, std::size_t index) const {
  const BuiltPage& built = pages_[index];
  const auto page_begin = static_cast<std::uint32_t>(index * kPageSize);
  const auto add_spot = [&](SpotKind kind, std::uint32_t begin, std::uint32_t end) {
    while (begin < end && built.bytes[begin] == built.healthy[begin]) ++begin;
    while (begin < end && built.bytes[end - 1] == built.healthy[end - 1]) --end;
    if (begin == end) return;
    const std::uint32_t bits = kind == SpotKind::kHeader ? BitsBetween(built.bytes, built.healthy, begin, end) : 0;
    scene.spots.push_back({kind, scene.blocks.size() - 1, page_begin + begin, page_begin + end, end - begin, bits});
  };
  for (const PoolBlock& block : scene.pages[index]->blocks) {
    const std::uint32_t begin = page_begin + block.offset;
    scene.blocks.push_back(
        {.begin = begin, .end = begin + block.size, .header_size = facts_.unit, .block = &block, .page = index});
    const std::uint32_t payload = block.offset + facts_.unit;
    add_spot(SpotKind::kHeader, block.offset, payload);
    if (block.state == BlockState::kFree)
      add_spot(SpotKind::kLink, payload, payload + 2 * (facts_.is_64bit ? 8 : 4));
    else
      add_spot(SpotKind::kPayload, payload, block.offset + block.size);
  }
}

poolblame::Scene Stage::Scene() {
  if (!space_) Open();
  census_.layout = layout_;
  poolblame::Scene scene;
  scene.space = &*space_;
  scene.system = &system_;
  scene.census = &census_;
  scene.tags = &tags_;
  scene.base = facts_.first_page;
  scene.bytes = bytes_;
  scene.contents = std::make_shared<const ImageContents>(LearnContents(census_, system_));
  for (std::size_t i = 0; i < pages_.size(); ++i) scene.pages.push_back(std::make_shared<const PoolPage>(TruePage(i)));
  for (std::size_t i = 0; i < pages_.size(); ++i) AddPage(scene, i);
  const bool only_payload = !scene.HasSpot(SpotKind::kHeader) && !scene.HasSpot(SpotKind::kLink);
  if (!only_payload) std::erase_if(scene.spots, [](const Spot& s) { return s.kind == SpotKind::kPayload; });
  if (!scene.spots.empty()) scene.run_fit = FitWrittenRun(scene);
  if (system_.bugcheck) {
    scene.named_by_crash = true;
    scene.crash_address = &system_.bugcheck->addresses.front();
  }
  return scene;
}

const PoolCensus& Stage::Scan() {
  ScanOptions options;
  options.threads = 1;
  scanned_ = ScanPool(space(), system_, options);
  return scanned_;
}

Report Stage::Judge() { return poolblame::Judge(space(), system_, Scan(), tags_); }

Hypothesis HypothesisOf(const Scene& scene, FaultKind kind, std::string_view tag) {
  for (const Hypothesis& h : Enumerate(scene))
    if (h.kind == kind && h.block && scene.blocks[*h.block].block != nullptr &&
        scene.blocks[*h.block].block->tag() == PoolTag::FromText(tag))
      return h;
  ADD_FAILURE() << "no " << FaultKindName(kind) << " of " << tag << " among the hypotheses";
  return {};
}

Hypothesis HypothesisOf(const Scene& scene, FaultKind kind) {
  for (const Hypothesis& h : Enumerate(scene))
    if (h.kind == kind && !h.block) return h;
  ADD_FAILURE() << "no " << FaultKindName(kind) << " without a block among the hypotheses";
  return {};
}

std::vector<Vote> VotesOf(SignalFunction signal, const Scene& scene, const Hypothesis& hypothesis) {
  std::vector<Vote> votes;
  signal(scene, hypothesis, votes);
  return votes;
}

std::vector<Vote> On(Stage& stage, SignalFunction signal, FaultKind kind, std::string_view tag) {
  const poolblame::Scene scene = stage.Scene();
  return VotesOf(signal, scene, HypothesisOf(scene, kind, tag));
}

std::vector<Vote> On(const PageBuilder& page, SignalFunction signal, FaultKind kind, std::string_view tag) {
  Stage stage(Windows::kSeven64);
  stage.Add(page);
  return On(stage, signal, kind, tag);
}

}  // namespace poolblame::testing

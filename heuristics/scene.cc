#include "heuristics/scene.h"

#include <algorithm>
#include <utility>

#include "parser/pool/big_memory.h"
#include "parser/pool/segment_heap.h"

namespace poolblame {
namespace {

/// What is left behind the last LFH slot belongs to nobody: a write into the next header runs through it.
void CloseGapBelow(Scene& scene, std::uint32_t begin) {
  if (scene.blocks.empty()) return;
  SceneBlock& below = scene.blocks.back();
  const std::uint32_t slot = below.end - below.begin;
  const bool is_slot = below.block != nullptr && scene.pages[below.page]->backend == PoolBackend::kLfh;
  if (is_slot && below.end < begin && begin - below.end < slot) below.end = begin;
}

void AppendStructure(Scene& scene, std::size_t page_index, std::uint32_t page_begin) {
  const HeapStructure& structure = *scene.pages[page_index]->structure;
  const std::uint32_t begin = page_begin + static_cast<std::uint32_t>(structure.address().page_offset());
  CloseGapBelow(scene, begin);
  scene.blocks.push_back({.begin = begin,
                          .end = begin + structure.size(),
                          .header_size = structure.size(),
                          .page = page_index,
                          .structure = &structure});
}

/// The last bytes of a block that Driver Verifier tracks are not its owner's.
void CutOffPointer(Scene& scene, std::size_t page_index, std::uint32_t page_begin) {
  const PoolPage& page = *scene.pages[page_index];
  const auto begin = page_begin + static_cast<std::uint32_t>(page.structure->address() - *page.address);
  const auto holds = [&](const SceneBlock& b) { return b.begin < begin && begin < b.end; };
  const auto block = std::find_if(scene.blocks.begin(), scene.blocks.end(), holds);
  if (block == scene.blocks.end()) return;
  const SceneBlock pointer = {.begin = begin,
                              .end = std::min(block->end, begin + page.structure->size()),
                              .header_size = page.structure->size(),
                              .page = page_index,
                              .structure = &*page.structure};
  block->end = begin;
  scene.blocks.insert(block + 1, pointer);
}

/// The scene's last block covers the whole page before, without a header, and goes on: a VS chunk that touches three
/// pages.
bool GoesOnInto(const PoolPage& page, const Scene& scene, std::uint32_t page_begin) {
  if (page.leading_before == 0 || scene.blocks.empty()) return false;
  const SceneBlock& last = scene.blocks.back();
  return last.block == nullptr && last.structure == nullptr && last.end == page_begin &&
         last.bytes_before + (last.end - last.begin) == page.leading_before;
}

void AppendBlocks(Scene& scene, std::size_t page_index, std::uint32_t page_begin) {
  const PoolPage& page = *scene.pages[page_index];
  if (page.structure && page.structure->address().page_offset() == 0) AppendStructure(scene, page_index, page_begin);
  const bool continues = !scene.blocks.empty() && scene.blocks.back().end > page_begin &&
                         scene.blocks.back().structure == nullptr;  // of the segment heap
  if (GoesOnInto(page, scene, page_begin))
    scene.blocks.back().end = page_begin + page.leading_bytes;
  else if (page.leading_bytes > 0 && !continues)
    scene.blocks.push_back({.begin = page_begin,
                            .end = page_begin + page.leading_bytes,
                            .page = page_index,
                            .bytes_before = page.leading_before,
                            .begin_known = page.leading_begin_known,
                            .absent_header = page.backend == PoolBackend::kClassic ? 0 : page.header_size()});
  for (const PoolBlock& block : page.blocks) {
    const std::uint32_t begin = page_begin + block.offset;
    scene.blocks.push_back({.begin = begin,
                            .end = begin + block.size,
                            .header_size = page.header_size(),
                            .chunk_header = page.chunk_header(),
                            .block = &block,
                            .page = page_index});
  }
  if (page.structure && page.structure->kind() == HeapStructureKind::kVerifierPointer)
    CutOffPointer(scene, page_index, page_begin);
  else if (page.structure && page.structure->address().page_offset() != 0)
    AppendStructure(scene, page_index, page_begin);
}

/// The last block of a segment heap's page may go on behind what the scene has, or into a page that is another's.
void KeepInside(Scene& scene) {
  auto limit = static_cast<std::uint32_t>(scene.bytes.size());
  for (auto block = scene.blocks.rbegin(); block != scene.blocks.rend(); ++block) {
    block->end = std::min(block->end, limit);
    block->header_size = std::min(block->header_size, block->end - block->begin);
    block->chunk_header = std::min(block->chunk_header, block->header_size);
    limit = block->begin;
  }
}

/// A neighbouring page as one big block when it is readable and not classic pool: the end (or start) of something else.
PoolPage OpaquePage(const PageBytes& bytes, VirtAddr address, const PoolHeaderLayout* layout) {
  PoolPage page;
  page.address = address;
  page.pfn = bytes.pfn;
  page.bytes = bytes;
  page.layout = layout;
  page.leading_bytes = static_cast<std::uint32_t>(kPageSize);
  return page;
}

/// An allocation seldom fills its last page: a page that ends in zeros is the last one of another allocation.
bool EndsInSlack(const PageBytes& page) {
  constexpr std::size_t kSlack = 64;  // bytes: 63 of 64 sizes leave as much
  const ByteView bytes = page.bytes;
  return std::all_of(bytes.end() - kSlack, bytes.end(), [](std::uint8_t byte) { return byte == 0; });
}

}  // namespace

std::optional<PoolTag> SceneBlock::tag() const {
  if (block == nullptr) return big_tag;
  return block->tag_known ? std::optional(block->tag()) : std::nullopt;
}

bool Scene::HasSpot(SpotKind kind) const {
  return std::any_of(spots.begin(), spots.end(), [&](const Spot& s) { return s.kind == kind; });
}

std::optional<std::size_t> Scene::Below(std::size_t block) const {
  if (block == 0 || blocks[block - 1].end != blocks[block].begin) return std::nullopt;
  return block - 1;
}

std::optional<std::size_t> Scene::BlockAt(VirtAddr header) const {
  for (std::size_t i = 0; i < blocks.size(); ++i)
    if (blocks[i].block != nullptr && AddressOf(blocks[i].begin) == header.value) return i;
  return std::nullopt;
}

BlockReference Scene::Reference(std::size_t index) const {
  const SceneBlock& b = blocks[index];
  BlockReference ref;
  ref.header = AddressOf(b.begin) - b.bytes_before;
  ref.address = b.structure != nullptr ? ref.header : AddressOf(b.payload()) - b.bytes_before + b.absent_header;
  ref.physical = physical;
  ref.size = b.block != nullptr ? b.block->size : b.end - b.begin + b.bytes_before;
  if (b.structure != nullptr) ref.structure = b.structure->kind();
  ref.offset_in_page = static_cast<std::uint32_t>(ref.header & (kPageSize - 1));
  ref.state = b.block != nullptr                               ? b.block->state
              : b.structure != nullptr || b.absent_header != 0 ? BlockState::kUnknown
              : b.big_freed                                    ? BlockState::kFree
                                                               : BlockState::kBig;
  if (const auto tag = b.tag()) ref.tag = *tag;
  return ref;
}

/// How far the pages in front of `block` go on without being pool blocks or ending: the same big allocation, as far as
/// can be told without its table. One page alone is hardly big: where the image leaves out the page before it, nobody
/// knows how much farther it goes.
void SceneSetter::FollowAllocationDown(SceneBlock& block, VirtAddr page) {
  constexpr std::uint32_t kMostPages = 64;  // 256 KiB: bigger ones have a list of their own
  std::uint32_t pages = 0;
  while (pages < kMostPages) {
    const VirtAddr before = page - (pages + 1) * kPageSize;
    const PageBytes bytes = space_.Page(before);
    if (pages == 0 && bytes.presence == Presence::kNotInDump) block.begin_known = false;
    if (bytes.presence != Presence::kPresent || EndsInSlack(bytes) || cache_.PoolPageAt(before)) break;
    ++pages;
  }
  block.bytes_before = pages * static_cast<std::uint32_t>(kPageSize);
}

/// What the image's own table says of memory without headers, or the segment heap's ranges, goes before any guess.
void SceneSetter::AskWhoseBigItIs(Scene& scene, bool opaque_before) {
  for (std::size_t i = 0; i < scene.blocks.size(); ++i) {
    SceneBlock& block = scene.blocks[i];
    if (block.block != nullptr || block.structure != nullptr) continue;
    const VirtAddr begin{scene.AddressOf(block.begin)};
    const BigOwner owner = OwnerOfBigMemory(census_, begin);
    if (owner.tag) block.big_tag = owner.tag;
    block.big_freed = owner.freed;
    if (block.bytes_before != 0) continue;
    if (owner.begin)
      block.bytes_before = begin - *owner.begin;
    else if (i == 0 && opaque_before)
      FollowAllocationDown(block, begin);
  }
}

/// Classic pool as it is, anything else that is readable as one opaque block, nullptr where nothing is.
std::shared_ptr<const PoolPage> SceneSetter::NeighbourPage(VirtAddr address) {
  if (auto page = cache_.PoolPageAt(address)) return page;
  const PageBytes bytes = space_.Page(address);
  if (bytes.presence != Presence::kPresent) return nullptr;
  PoolPage page = OpaquePage(bytes, address, census_.layout);
  // Where nothing says what a page is, what ends there need not be one allocation.
  page.leading_begin_known = census_.segment_heap == nullptr || !census_.segment_heap->by_pages_alone();
  return std::make_shared<const PoolPage>(std::move(page));
}

Scene SceneSetter::Set(PoolPage page) {
  Scene scene;
  scene.space = &space_;
  scene.system = &system_;
  scene.census = &census_;
  scene.tags = &tags_;
  scene.physical = !page.address.has_value();
  const std::optional<VirtAddr> address = page.address;
  scene.base = address ? address->value : ToPhysAddr(page.pfn.value_or(0)).value;
  bool opaque_before = false;
  if (address) {
    if (auto before = NeighbourPage(*address - kPageSize)) {
      opaque_before = before->blocks.empty() && before->leading_before == 0;
      scene.pages.push_back(std::move(before));
      scene.base -= kPageSize;
    }
  }
  scene.pages.push_back(std::make_shared<const PoolPage>(std::move(page)));
  if (address)
    if (auto behind = NeighbourPage(*address + kPageSize)) scene.pages.push_back(std::move(behind));

  for (std::size_t i = 0; i < scene.pages.size(); ++i) {
    const ByteView bytes = scene.pages[i]->bytes.bytes;
    AppendBlocks(scene, i, static_cast<std::uint32_t>(scene.bytes.size()));
    scene.bytes.insert(scene.bytes.end(), bytes.begin(), bytes.end());
  }
  KeepInside(scene);
  if (address) AskWhoseBigItIs(scene, opaque_before);
  return scene;
}

}  // namespace poolblame

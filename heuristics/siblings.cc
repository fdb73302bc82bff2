#include "heuristics/siblings.h"

#include <algorithm>

namespace poolblame {

Bytes PayloadOf(const Scene& scene, std::size_t block) {
  const SceneBlock& b = scene.blocks[block];
  return Bytes(scene.bytes).subspan(b.payload(), b.end - b.payload());
}

std::vector<Sibling> SiblingsOf(const Scene& scene, std::size_t block) {
  std::vector<Sibling> out;
  const SceneBlock& own = scene.blocks[block];
  if (own.block == nullptr || !own.block->tag_known || TagDatabase::IsGeneric(own.block->tag().name())) return out;
  const TagStatistics* tag = scene.census->Tag(own.block->tag().name());
  if (tag == nullptr) return out;
  const std::uint64_t own_address = scene.AddressOf(own.begin + own.chunk_header);
  const std::uint32_t header = scene.layout().header_size;
  for (const BlockSample& sample : tag->samples) {
    if (sample.state != BlockState::kAllocated || sample.size <= header) continue;
    if (sample.address.value == own_address) continue;
    out.push_back({Bytes(sample.header + header, sample.size - header), sample.address.value});
  }
  return out;
}

std::vector<Sibling> SameSizeSiblings(const Scene& scene, std::size_t block) {
  std::vector<Sibling> out = SiblingsOf(scene, block);
  const std::size_t size = PayloadOf(scene, block).size();
  std::erase_if(out, [&](const Sibling& s) { return s.payload.size() != size; });
  return out;
}

}  // namespace poolblame

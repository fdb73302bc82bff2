// B5, B6: the damage holds kernel pointers. Into the suspect block itself: its owner was writing. Into the same places
// that the suspect's own pointers point at: its owner's data. Common kernel pointers mean nothing and count once.
#include <algorithm>
#include <set>

#include "heuristics/content.h"
#include "heuristics/siblings.h"
#include "heuristics/signals/signals.h"

namespace poolblame {
namespace {

/// The neighbourhood a pointer points into: a module's base, or a 64 KiB region.
std::uint64_t FamilyOf(const Scene& scene, std::uint64_t pointer) {
  if (const Module* module = scene.system->ModuleAt({pointer})) return module->base.value;
  return pointer >> 16;
}

std::set<std::uint64_t> Families(const Scene& scene, Bytes bytes) {
  std::set<std::uint64_t> families;
  const std::uint32_t size = scene.pointer_size();
  for (std::size_t i = 0; i + size <= bytes.size(); i += size) {
    const std::uint64_t word = WordAt(bytes.subspan(i), size);
    if (LooksLikeKernelPointer(word, size)) families.insert(FamilyOf(scene, word));
  }
  return families;
}

}  // namespace

void VotePointerFamily(const Scene& scene, const Hypothesis& h, std::vector<Vote>& votes) {
  const bool fits = h.kind == FaultKind::kOverrun || h.kind == FaultKind::kNonlinearOverrun;
  if (!fits || !h.block) return;
  if (!scene.shows_damage()) return;
  const SceneBlock& block = scene.blocks[*h.block];
  const std::uint32_t size = scene.pointer_size();
  std::set<std::uint64_t> own = Families(scene, PayloadOf(scene, *h.block));
  for (const Sibling& sibling : SiblingsOf(scene, *h.block)) own.merge(Families(scene, sibling.payload));
  std::optional<std::uint32_t> family;
  const std::uint32_t first = h.write_begin + (size - h.write_begin % size) % size;
  for (std::uint32_t at = first; at + size <= h.write_end && at + size <= scene.bytes.size(); at += size) {
    const std::uint64_t word = WordAt(Bytes(scene.bytes).subspan(at), size);
    if (!LooksLikeKernelPointer(word, size)) continue;
    if (word >= scene.AddressOf(block.begin) && word < scene.AddressOf(block.end) && h.kind == FaultKind::kOverrun) {
      votes.push_back(
          {Weight::kPointerIntoOwner, 1, scene.AddressOf(at), "the damage holds a pointer into this very block"});
      return;
    }
    if (!family && own.contains(FamilyOf(scene, word))) family = at;
  }
  if (family)
    votes.push_back({Weight::kPointerFamily, 1, scene.AddressOf(*family),
                     "the damage holds a pointer to where this tag's own pointers point"});
}

}  // namespace poolblame

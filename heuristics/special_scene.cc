#include "heuristics/special_scene.h"

#include <algorithm>
#include <bit>

#include "parser/image/container.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kFillByte = 0x4;  // bit of the header byte that repeats the filler

void Widen(SpecialScene& scene, std::uint64_t begin, std::uint64_t end) {
  scene.begin = std::min(scene.begin, begin);
  scene.end = std::max(scene.end, end);
}

void SetDamage(SpecialScene& scene, const FillerDamage& damage) {
  scene.begin = scene.AddressOf(damage.begin);
  scene.end = scene.AddressOf(damage.end);
  scene.wrong_bytes = damage.wrong_bytes;
  scene.wrong_bits = damage.wrong_bits;
}

/// First and one past the last byte of the header that cannot be right.
PageStretch WrongInHeader(const SpecialPoolBlock& block) {
  const auto first = static_cast<std::uint32_t>(std::countr_zero(block.damaged_header));
  const auto last = static_cast<std::uint32_t>(std::bit_width(block.damaged_header));
  return {block.header.begin + first, block.header.begin + last};
}

void SetHeaderDamage(SpecialScene& scene) {
  const SpecialPoolBlock& block = scene.page->block;
  const PageStretch wrong = WrongInHeader(block);
  scene.begin = scene.AddressOf(wrong.begin);
  scene.end = scene.AddressOf(wrong.end);
  scene.wrong_bytes = static_cast<std::uint32_t>(std::popcount(block.damaged_header));
  const std::uint8_t read = scene.page->bytes.bytes[block.header.begin + 2];
  // Of a size or a tag only the result is known to be wrong, not which bits.
  if (block.damaged_header == kFillByte)
    scene.wrong_bits = static_cast<std::uint32_t>(std::popcount(static_cast<unsigned>(read ^ block.fill)));
}

/// A write that ran out of the data into the header, or out of the header's place into the filler, is one.
bool HeaderGoesOnFrom(const SpecialPoolBlock& block, SpecialEvent event) {
  if (block.damaged_header == 0) return false;
  if (event == SpecialEvent::kSlop)
    return block.mode == SpecialPoolMode::kVerifyStart && block.slop_damage.end == block.slop.end;
  return block.filler_damage.begin == block.filler.begin;
}

void AddHeader(SpecialScene& scene) {
  const PageStretch wrong = WrongInHeader(scene.page->block);
  Widen(scene, scene.AddressOf(wrong.begin), scene.AddressOf(wrong.end));
  scene.wrong_bytes += static_cast<std::uint32_t>(std::popcount(scene.page->block.damaged_header));
  scene.wrong_bits = 0;
}

void AddPageScenes(const SpecialScene& stage, std::vector<SpecialScene>& scenes) {
  const SpecialPoolBlock& block = stage.page->block;
  bool header_told = block.damaged_header == 0;
  const auto add = [&](SpecialEvent event, const FillerDamage& damage) {
    if (!damage.any()) return;
    SpecialScene& scene = scenes.emplace_back(stage);
    scene.event = event;
    SetDamage(scene, damage);
    if (!HeaderGoesOnFrom(block, event)) return;
    AddHeader(scene);
    header_told = true;
  };
  add(SpecialEvent::kFiller, block.filler_damage);
  add(SpecialEvent::kSlop, block.slop_damage);
  if (header_told) return;
  SpecialScene& scene = scenes.emplace_back(stage);
  scene.event = SpecialEvent::kHeader;
  SetHeaderDamage(scene);
}

/// The block whose end (or start) the access went over: on the page before the guard page, or behind it.
std::optional<SpecialPoolPage> BlockBeside(const AddressSpace& space, const System& system, VirtAddr guard) {
  const auto read = [&](VirtAddr page, SpecialPoolMode mode) {
    auto found = ReadSpecialPoolPage(space, system, page, SpecialPoolTrust::kNamed);
    if (found && (found->block.mode != mode || found->block.damaged_header != 0)) found.reset();
    return found;
  };
  if (auto below = read(guard.page() - kPageSize, SpecialPoolMode::kVerifyEnd)) return below;
  return read(guard.page() + kPageSize, SpecialPoolMode::kVerifyStart);
}

/// What lies in the slop before the trapped byte was written by the same loop.
void TakeOverSlop(SpecialScene& scene, std::vector<SpecialScene>& scenes) {
  if (scene.beyond_start || !scene.page->block.slop_damage.any()) return;
  std::erase_if(scenes, [&](const SpecialScene& other) {
    return other.event == SpecialEvent::kSlop && other.page->address == scene.page->address;
  });
  const FillerDamage& slop = scene.page->block.slop_damage;
  scene.begin = scene.AddressOf(slop.begin);
  scene.wrong_bytes = slop.wrong_bytes;
}

void AddAccess(const AddressSpace& space, SpecialScene scene, std::vector<SpecialScene>& scenes) {
  const TrappedAccess& access = *scene.access;
  scene.event = SpecialEvent::kAccess;
  scene.begin = access.address.value;
  scene.end = scene.begin + 1;
  scene.code = access.instruction.value == 0 ? nullptr : scene.system->ModuleAt(access.instruction);
  if (!access.after_free) scene.page = BlockBeside(space, *scene.system, access.address);
  if (scene.page) {
    scene.beyond_start = scene.page->block.mode == SpecialPoolMode::kVerifyStart;
    TakeOverSlop(scene, scenes);
  }
  scenes.push_back(std::move(scene));
}

/// 0xC1: what the free itself was, where it leaves no wrong byte.
void AddFree(const AddressSpace& space, SpecialScene scene, std::vector<SpecialScene>& scenes) {
  constexpr std::uint64_t kNotAllocated = 0x20, kOtherSize = 0x21, kOtherAddress = 0x22;
  const BugCheck& bugcheck = *scene.system->bugcheck;
  const VirtAddr freed{bugcheck.parameters[0]};
  const std::uint64_t why = bugcheck.parameters[3];
  scene.begin = freed.value;
  scene.end = freed.value + 1;
  if (why == kNotAllocated) {
    scene.event = SpecialEvent::kFreeAgain;
    scenes.push_back(std::move(scene));
  } else if (why == kOtherSize || why == kOtherAddress) {
    scene.event = SpecialEvent::kWrongFree;
    scene.page = ReadSpecialPoolPage(space, *scene.system, freed, SpecialPoolTrust::kNamed);
    const bool sound = scene.page && scene.page->block.damaged_header == 0;
    if (sound && scene.AddressOf(scene.page->block.data.begin) != freed.value) scenes.push_back(std::move(scene));
  }
}

}  // namespace

std::uint64_t SpecialScene::base() const {
  return page->address ? page->address->value : ToPhysAddr(page->bytes.pfn.value_or(0)).value;
}

std::optional<PoolTag> SpecialScene::tag() const {
  if (page) return page->block.tag_known() ? std::optional(page->block.tag) : std::nullopt;
  return freed != nullptr ? std::optional(freed->tag) : std::nullopt;
}

BlockReference SpecialScene::Reference() const {
  BlockReference ref;
  ref.physical = physical();
  if (page) {
    const SpecialPoolBlock& block = page->block;
    ref.header = AddressOf(block.header.begin);
    ref.address = AddressOf(block.data.begin);
    ref.size = block.data.size() + block.header.size();
    ref.state = BlockState::kAllocated;
  } else if (freed != nullptr) {
    ref.header = freed->address.page().value;
    ref.address = freed->address.value;
    ref.size = freed->requested + (system->machine == Machine::kX86 ? 8U : 16U);
    ref.state = BlockState::kFree;
  } else {
    const bool page_below = access && !access->after_free;
    ref.header = ref.address = VirtAddr{begin}.page().value - (page_below ? kPageSize : 0);
    ref.state = page_below ? BlockState::kUnknown : BlockState::kFree;
  }
  if (const auto known = tag()) ref.tag = *known;
  ref.offset_in_page = static_cast<std::uint32_t>(ref.header & (kPageSize - 1));
  return ref;
}

bool SpecialScene::code_is_a_driver() const {
  return code != nullptr && !(system->kernel_image_base && code->base == *system->kernel_image_base);
}

std::string CodeText(const System& system, VirtAddr address) {
  const Module* module = system.ModuleAt(address);
  if (module == nullptr) return "";
  return module->name + "+" + HexText(address - module->base);
}

std::vector<SpecialScene> FormSpecialScenes(const AddressSpace& space, const System& system, const PoolCensus& census,
                                            const TagDatabase& tags) {
  std::vector<SpecialScene> scenes;
  const bool special_crash = system.bugcheck && IsSpecialPoolBugCheck(*system.bugcheck);
  SpecialScene stage;
  stage.system = &system;
  stage.tags = &tags;
  for (const SpecialPoolPage& page : census.special_findings) {
    stage.page = page;
    stage.named_by_crash = special_crash && page.address == VirtAddr{system.bugcheck->parameters[0]}.page();
    AddPageScenes(stage, scenes);
  }
  if (!special_crash) return scenes;
  stage.page.reset();
  stage.named_by_crash = true;
  if (!census.freed_special.empty()) stage.freed = &census.freed_special.front();
  stage.access = TrappedAccessOf(*system.bugcheck);
  if (stage.access)
    AddAccess(space, std::move(stage), scenes);
  else
    AddFree(space, std::move(stage), scenes);
  return scenes;
}

}  // namespace poolblame

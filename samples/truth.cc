// The truth, from comparing what the fault changed with what somebody would miss: header fields, quota pointers that
// mean something, the links of free blocks, and the words that are the same in every block of a tag.
#include <algorithm>
#include <cstdio>

#include "samples/fault_target.h"

namespace poolblame::samples {
namespace {

struct Changed {
  bool header = false;   // a header byte with a meaning, or a free link
  bool sibling = false;  // a byte that is equal in all blocks of the tag
};

bool IsHeaderByte(const Machine& machine, const PoolAllocator& pool, std::uint64_t header, const Block& block,
                  std::uint64_t va) {
  const WindowsProfile& profile = machine.profile();
  const std::uint64_t at = va - header;
  if (at < 8) return true;  // fields and tag, both machines
  const bool listed = block.state == BlockState::kLookaside || block.state == BlockState::kDeferred;
  if (profile.x64 && at < 16) return block.quota || (profile.encoded_quota && listed);
  if (block.quota && va >= pool.BlockEnd(header) - 4 && !profile.x64) return true;
  const std::uint64_t second = std::uint64_t{block.aligned_units} * profile.unit();
  if (second != 0 && at >= second && at < second + 8) return true;
  const std::uint64_t links = pool.OnListHeads(block) ? 2 * profile.pointer_size()
                              : listed                ? profile.pointer_size()
                                                      : 0;
  return va >= pool.LinkOf(header) && va < pool.LinkOf(header) + links;
}

bool IsSiblingByte(const Machine& machine, const PoolAllocator& pool, std::uint64_t header, const Block& block,
                   std::uint64_t va) {
  if (block.state != BlockState::kAllocated || block.model == kNoModel || va < pool.Payload(header)) return false;
  const std::uint64_t offset = va - pool.Payload(header);
  const TagSpec& spec = Tags()[block.model];
  if (offset >= std::uint64_t{block.request} * spec.fill_percent / 100) return false;
  return IsFixedByte(machine.world(), spec, offset);
}

void Judge(const Machine& machine, const PoolAllocator& pool, std::uint64_t va, Changed& changed) {
  const std::uint64_t page = va & ~(kPage - 1);
  for (const Block& block : pool.BlocksOf(page)) {
    const std::uint64_t header = page + block.offset;
    if (va < header || va >= pool.BlockEnd(header)) continue;
    changed.header |= IsHeaderByte(machine, pool, header, block, va);
    changed.sibling |= IsSiblingByte(machine, pool, header, block, va);
  }
}

std::string TagText(std::uint32_t tag) {
  std::string text;
  for (unsigned i = 0; i < 4; ++i) text += static_cast<char>(tag >> (8 * i) & (i == 3 ? 0x7F : 0xFF));
  return text;
}

std::string TagOfBlock(const BlockRef& ref) {
  const Block* block = ref.header == 0 ? nullptr : ref.pool->Find(ref.header);
  return block == nullptr ? "" : TagText(block->tag);
}

std::string Quoted(const std::string& text) {
  std::string out = "\"";
  for (const char c : text) {
    if (c == '"' || c == '\\') out += '\\';
    out += c == '\n' ? "\\n" : std::string(1, c);
  }
  return out + "\"";
}

std::string Hex(std::uint64_t value) {
  char text[24];
  std::snprintf(text, sizeof(text), "\"0x%016llx\"", static_cast<unsigned long long>(value));
  return text;
}

}  // namespace

Truth TruthOf(const Machine& machine, const FaultRecord& record) {
  Truth truth;
  truth.kind = KindOfFault(machine.recipe().fault);
  if (machine.recipe().fault == Fault::kNone) return truth;
  truth.culprit_header = record.culprit.header;
  truth.victim_header = record.victim.header;
  truth.culprit_tag = record.culprit_tag != 0 ? TagText(record.culprit_tag) : TagOfBlock(record.culprit);
  truth.victim_tag = TagOfBlock(record.victim);
  truth.page = (record.victim.header != 0 ? record.victim.header : record.damage.begin) & ~(kPage - 1);
  if (record.caught) {
    truth.visible = true;
    return truth;
  }
  truth.damage_start = record.damage.begin;
  truth.damage_end = record.damage.end;
  const Bytes now = machine.memory().Read(record.damage.begin, record.before.size());
  Changed changed;
  const PoolAllocator* pool = record.victim.pool;
  for (std::size_t i = 0; pool != nullptr && i < now.size(); ++i) {
    if (now[i] != record.before[i]) Judge(machine, *pool, record.damage.begin + i, changed);
  }
  truth.header_hit = changed.header;
  truth.visible = changed.header || changed.sibling;
  return truth;
}

std::string TruthJson(const Truth& truth, const std::string& recipe) {
  const auto flag = [](bool value) { return value ? std::string("true") : std::string("false"); };
  return "{\"recipe\": " + Quoted(recipe) + ", \"machine\": " + Quoted(truth.machine) +
         ", \"build\": " + std::to_string(truth.build) + ", \"kind\": " + Quoted(truth.kind) +
         ", \"visible\": " + flag(truth.visible) + ", \"header_hit\": " + flag(truth.header_hit) +
         ", \"culprit_tag\": " + Quoted(truth.culprit_tag) + ", \"culprit_header\": " + Hex(truth.culprit_header) +
         ", \"victim_tag\": " + Quoted(truth.victim_tag) + ", \"victim_header\": " + Hex(truth.victim_header) +
         ", \"damage_start\": " + Hex(truth.damage_start) + ", \"damage_end\": " + Hex(truth.damage_end) +
         ", \"page\": " + Hex(truth.page) + ", \"base\": " + Hex(truth.base) +
         ", \"bugcheck\": " + Hex(truth.bugcheck) + "}";
}

}  // namespace poolblame::samples

// The truth, from comparing what the fault changed with what somebody would miss: header fields, quota pointers that
// mean something, the links of free blocks, and the words that are the same in every block of a tag.
#include <algorithm>
#include <cstdio>

#include "samples/fault_target.h"
#include "samples/rich_payload.h"

namespace poolblame::samples {
namespace {

struct Changed {
  bool header = false;   // a header byte with a meaning, or a free link
  bool sibling = false;  // a byte that is equal in all blocks of the tag
};

bool IsSiblingByte(const Machine& machine, const Pool& pool, std::uint64_t va) {
  const auto header = pool.HeaderHolding(va);
  if (!header || *header == 0) return false;
  const Block& block = *pool.Find(*header);
  if (block.state != BlockState::kAllocated || block.model == kNoModel || va < pool.Payload(*header)) return false;
  const std::uint64_t offset = va - pool.Payload(*header);
  const TagSpec& spec = Tags()[block.model];
  if (machine.world().rich) return IsFixedInRich(machine.world(), block, pool.Payload(*header), offset);
  if (offset >= std::uint64_t{block.request} * spec.fill_percent / 100) return false;
  return IsFixedByte(machine.world(), spec, offset);
}

void Judge(const Machine& machine, const Pool& pool, std::uint64_t va, Changed& changed) {
  changed.header |= pool.IsHeaderByte(va);
  changed.sibling |= IsSiblingByte(machine, pool, va);
}

std::string TagText(std::uint32_t tag) {
  std::string text;
  for (unsigned i = 0; i < 4; ++i) text += static_cast<char>(tag >> (8 * i) & (i == 3 ? 0x7F : 0xFF));
  return text;
}

std::string TagOfBlock(const BlockRef& ref) {
  const Block* block = ref.header == 0 ? nullptr : ref.pool->Find(ref.header);
  return block == nullptr || block->tag == 0 ? "" : TagText(block->tag);  // 0: a part of the heap nobody has had yet
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

/// Classic images say nothing of the segment heap.
std::string HeapKeysJson(const Truth& truth) {
  if (truth.backend.empty()) return "";
  return ", \"backend\": " + Quoted(truth.backend) + ", \"heap_key\": " + Hex(truth.heap_key) +
         ", \"lfh_key\": " + Hex(truth.lfh_key);
}

const char* BackendWord(Backend backend) {
  switch (backend) {
    case Backend::kVs:
      return "vs";
    case Backend::kLfh:
      return "lfh";
    case Backend::kLarge:
      return "large";
    case Backend::kClassic:
      break;
  }
  return "none";
}

/// The culprit's backend, the victim's where there is no culprit.
std::string BackendOf(const FaultRecord& record) {
  for (const BlockRef& ref : {record.culprit, record.victim}) {
    if (ref.header != 0) return BackendWord(ref.pool->Find(ref.header)->backend);
  }
  return record.victim.pool == nullptr ? "none" : BackendWord(record.victim.pool->BackendAt(record.damage.begin));
}

void AddHeapTruth(const Machine& machine, const FaultRecord& record, Truth& truth) {
  if (!machine.profile().segment_heap) return;
  truth.backend = BackendOf(record);
  truth.heap_key = machine.layout().heaps.keys.heap_key;
  truth.lfh_key = machine.layout().heaps.keys.lfh_key;
}

/// Up to where its end is, and the next one's memory begins.
int SlackOf(const BlockRef& culprit) {
  if (culprit.header == 0) return -1;
  for (const BigAllocation& big : culprit.pool->big())
    if (const auto end = culprit.pool->BehindBig(big); big.va == culprit.header && end)
      return static_cast<int>(*end - big.va - big.bytes);
  const Block* block = culprit.pool->Find(culprit.header);
  if (block == nullptr || block->request == 0 || block->backend == Backend::kLarge) return -1;
  return static_cast<int>(culprit.pool->BlockEnd(culprit.header) - culprit.pool->Payload(culprit.header)) -
         block->request;
}

/// Writes that ran out of a block say how far.
std::string WriteJson(const Truth& truth) {
  if (truth.write_end == 0) return "";
  return ", \"write_start\": " + Hex(truth.write_start) + ", \"write_end\": " + Hex(truth.write_end) +
         ", \"stride\": " + std::to_string(truth.stride) +
         ", \"slack\": " + (truth.slack < 0 ? "null" : std::to_string(truth.slack));
}

std::string TagsJson(const Truth& truth) {
  std::string text;
  for (const TagTruth& row : truth.tags)
    text += std::string(text.empty() ? "" : ", ") + "{\"tag\": " + Quoted(row.tag) +
            ", \"driver\": " + Quoted(row.driver) + ", \"holding\": " + Quoted(row.holding) + "}";
  return text.empty() ? "" : ", \"tags\": [" + text + "]";
}

}  // namespace

Truth TruthOf(const Machine& machine, const FaultRecord& record) {
  Truth truth;
  AddHeapTruth(machine, record, truth);
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
  truth.write_start = record.written_from;
  truth.write_end = record.written_to;
  truth.stride = record.stride;
  truth.slack = SlackOf(record.culprit);
  const Bytes now = machine.memory().Read(record.damage.begin, record.before.size());
  Changed changed;
  const Pool* pool = record.victim.pool;
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
         WriteJson(truth) + ", \"page\": " + Hex(truth.page) + ", \"base\": " + Hex(truth.base) +
         ", \"bugcheck\": " + Hex(truth.bugcheck) + HeapKeysJson(truth) + TagsJson(truth) + "}";
}

}  // namespace poolblame::samples

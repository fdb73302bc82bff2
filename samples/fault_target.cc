#include "samples/fault_target.h"

#include <algorithm>

namespace poolblame::samples {
namespace {

constexpr std::uint8_t kStride = 24;  // of content=records
constexpr int kTries = 4000;          // a block of the wanted kind is rare in a small image; a pick costs nanoseconds

}  // namespace

bool PoolAllowed(const Machine& machine, PoolKind kind) {
  const std::string& where = machine.recipe().where;
  switch (kind) {
    case PoolKind::kNonPaged:
      return where == "any" || where == "nonpaged";
    case PoolKind::kNonPagedNx:
      return where == "any" || where == "nx";
    case PoolKind::kPaged:
      return where == "any" || where == "paged";
    case PoolKind::kSession:
      return where == "any" || where == "session";
  }
  return false;
}

namespace {

bool BackendAllowed(const Machine& machine, const Block& block) {
  const std::string& backend = machine.recipe().backend;
  return backend == "auto" || block.backend == (backend == "vs" ? Backend::kVs : Backend::kLfh);
}

bool IsWanted(const Machine& machine, std::uint64_t header, const Block& block) {
  const Recipe& recipe = machine.recipe();
  if (recipe.frame != 0 && machine.memory().FrameOf(header) != recipe.frame) return false;
  return recipe.culprit.empty() || (block.model != kNoModel && recipe.culprit == Tags()[block.model].tag);
}

WriteContent DrawContent(Random& random) {
  const std::uint64_t draw = random.Below(100);
  if (draw < 40) return WriteContent::kContinue;
  if (draw < 52) return WriteContent::kString;
  if (draw < 62) return WriteContent::kZero;
  if (draw < 75) return WriteContent::kFill;
  if (draw < 82) return WriteContent::kUnicode;
  if (draw < 87) return WriteContent::kPointers;
  if (draw < 94) return WriteContent::kRecords;
  return WriteContent::kRandom;
}

Bytes FromModel(Machine& machine, Content content, std::uint32_t seed, std::uint64_t va, std::size_t size,
                std::uint16_t driver) {
  TagSpec spec = Tags()[driver];
  spec.content = content;
  spec.stride = kStride;
  return OwnerContent(machine.world(), spec, seed, va, size, false);
}

}  // namespace

std::optional<BlockRef> PickBlock(Machine& machine, const BlockTest& test) {
  std::vector<Pool*> pools;
  std::size_t pages = 0;
  for (const auto& pool : machine.pools()) {
    if (!PoolAllowed(machine, pool->setup().kind) || pool->pages().empty()) continue;
    pools.push_back(pool.get());
    pages += pool->pages().size();
  }
  for (int i = 0; i < kTries && pages > 0; ++i) {
    std::size_t at = machine.random().Below(pages);
    for (Pool* pool : pools) {
      if (at >= pool->pages().size()) {
        at -= pool->pages().size();
        continue;
      }
      const std::uint64_t page = pool->pages()[at];
      const std::vector<std::uint64_t> headers = pool->HeadersOn(page);
      if (headers.empty()) break;  // a page inside a large VS chunk
      const std::uint64_t header = headers[machine.random().Below(headers.size())];
      const Block& block = *pool->Find(header);
      if (BackendAllowed(machine, block) && IsWanted(machine, header, block) && test(*pool, header, block))
        return BlockRef{pool, header};
      break;
    }
  }
  return std::nullopt;
}

bool VictimAllowed(const Machine& machine, const Block& block) {
  switch (machine.recipe().victim) {
    case VictimChoice::kAny:
      return true;
    case VictimChoice::kAllocated:
      return block.state == BlockState::kAllocated;
    case VictimChoice::kFree:
      return block.state == BlockState::kFree;
    case VictimChoice::kLookaside:
      return block.state == BlockState::kLookaside || block.state == BlockState::kDeferred;
  }
  return true;
}

BlockRef BlockAt(Machine& machine, std::uint64_t va) {
  for (const auto& pool : machine.pools()) {
    if (const auto header = pool->HeaderHolding(va)) return {pool.get(), *header};
  }
  return {};
}

Bytes MakeContent(Machine& machine, const BlockRef& writer, std::uint64_t va, std::uint64_t from_payload,
                  std::size_t size, std::uint32_t* stride) {
  Random& random = machine.random();
  WriteContent content = machine.recipe().content;
  if (content == WriteContent::kAuto) content = DrawContent(random);
  const Block* owner = writer.header == 0 ? nullptr : writer.pool->Find(writer.header);
  if (content == WriteContent::kContinue && (owner == nullptr || owner->model == kNoModel))
    content = WriteContent::kRandom;
  const std::uint32_t seed = random.Next32();
  const std::uint16_t model = owner == nullptr || owner->model == kNoModel ? std::uint16_t{0} : owner->model;
  if (stride != nullptr && content == WriteContent::kContinue) *stride = StrideOfOwner(model);
  if (stride != nullptr && content == WriteContent::kRecords) *stride = kStride;
  switch (content) {
    case WriteContent::kContinue: {
      Bytes all =
          OwnerContent(machine.world(), Tags()[model], owner->seed, va - from_payload, from_payload + size, false);
      return {all.begin() + static_cast<std::ptrdiff_t>(from_payload), all.end()};
    }
    case WriteContent::kZero:
      return Bytes(size, 0);
    case WriteContent::kFill: {
      constexpr std::uint8_t kUsual[] = {0x41, 0xFF, 0xCC, 0x20, 0x5A, 0xAA, 0x2E, 0xDB};
      const int fill = machine.recipe().fill;
      return Bytes(size, fill >= 0 ? static_cast<std::uint8_t>(fill) : kUsual[random.Below(8)]);
    }
    case WriteContent::kString:
      return FromModel(machine, Content::kAscii, seed, va, size, model);
    case WriteContent::kUnicode:
      return FromModel(machine, Content::kUnicode, seed, va, size, model);
    case WriteContent::kPointers:
      return FromModel(machine, Content::kPointers, seed, va, size, model);
    case WriteContent::kRecords:
      return FromModel(machine, Content::kRecords, seed, va, size, model);
    case WriteContent::kRandom:
    case WriteContent::kAuto:
      break;
  }
  return FromModel(machine, Content::kRandom, seed, va, size, model);
}

std::uint32_t StrideOfOwner(std::uint16_t model) {
  const TagSpec& spec = Tags()[model];
  return spec.content == Content::kRecords ? spec.stride : 0;
}

void Strike(Machine& machine, FaultRecord& record, std::uint64_t va, const Bytes& bytes, std::uint64_t damage_begin) {
  record.damage = {damage_begin, va + bytes.size()};
  record.written_from = va;
  record.written_to = record.damage.end;
  record.before = machine.memory().Read(damage_begin, record.damage.end - damage_begin);
  machine.memory().Write(va, bytes);
}

std::uint32_t DamageLength(Machine& machine) {
  if (machine.recipe().bytes != 0) return machine.recipe().bytes;
  constexpr std::uint32_t kLimits[] = {4, 8, 16, 40, 200};
  return static_cast<std::uint32_t>(machine.random().Between(1, kLimits[machine.random().Below(5)]));
}

Result<FaultRecord> NoFit(const char* what) {
  return Fail(ErrorKind::kUsage, std::string("this image has no ") + what + "; try another seed, pool or more pages");
}

Result<FaultRecord> InjectFault(Machine& machine) {
  switch (machine.recipe().fault) {
    case Fault::kNone:
      break;
    case Fault::kOverrun:
      return Overrun(machine);
    case Fault::kOffByOne:
      return OffByOne(machine);
    case Fault::kUnderrun:
      return Underrun(machine);
    case Fault::kUseAfterFree:
      return UseAfterFree(machine);
    case Fault::kDoubleFree:
      return DoubleFree(machine);
    case Fault::kBadFree:
      return BadFree(machine);
    case Fault::kFreeList:
      return FreeListDamage(machine);
    case Fault::kBitFlip:
      return BitFlip(machine);
    case Fault::kWildWrite:
      return WildWrite(machine);
    case Fault::kNonlinearOverrun:
      return NonlinearOverrun(machine);
    case Fault::kPageStomp:
      return PageStomp(machine);
    case Fault::kDmaLine:
      return DmaLine(machine);
    case Fault::kUninitialised:
      return Uninitialised(machine);
    case Fault::kPayloadOverrun:
      return PayloadOverrun(machine);
    case Fault::kCrossPage:
      return CrossPage(machine);
    case Fault::kBigOverrun:
      return BigOverrun(machine);
    case Fault::kRangeOverrun:
      return RangeOverrun(machine);
    case Fault::kSlushOverrun:
      return SlushOverrun(machine);
    case Fault::kTailOverrun:
      return TailOverrun(machine);
    default:  // of special pool: fault_special.cc
      break;
  }
  return FaultRecord{};
}

}  // namespace poolblame::samples

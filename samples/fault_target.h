// Choosing blocks for a fault, and making the bytes that it writes.
#pragma once

#include <functional>
#include <optional>

#include "samples/fault.h"

namespace poolblame::samples {

using BlockTest = std::function<bool(const Pool& pool, std::uint64_t header, const Block& block)>;

/// A random block of the pools that the recipe's `where` allows and that passes; nullopt after many tries.
std::optional<BlockRef> PickBlock(Machine& machine, const BlockTest& test);
/// True where the recipe's `where` allows faults in this pool.
bool PoolAllowed(const Machine& machine, PoolKind kind);
/// True where the recipe's `victim` allows this block.
bool VictimAllowed(const Machine& machine, const Block& block);
/// The block that holds `va`; header 0 where none does, and no pool either where it is no pool's at all.
BlockRef BlockAt(Machine& machine, std::uint64_t va);

/// Bytes of the recipe's content for a write of `size` bytes at `va` by the owner of `writer` (may be header 0).
/// `from_payload`: offset of `va` in the writer's payload, so that content=continue goes on in phase. `stride` is set
/// to the bytes of a record where they are records.
Bytes MakeContent(Machine& machine, const BlockRef& writer, std::uint64_t va, std::uint64_t from_payload,
                  std::size_t size, std::uint32_t* stride = nullptr);
/// Bytes of one record of what blocks of this tag hold; 0 = they hold none.
std::uint32_t StrideOfOwner(std::uint16_t model);

/// Writes `bytes` at `va` and records [damage_begin, va + size) as damage.
void Strike(Machine& machine, FaultRecord& record, std::uint64_t va, const Bytes& bytes, std::uint64_t damage_begin);

/// The recipe's `bytes`, or a length drawn from 1 to 200 where small ones are common.
std::uint32_t DamageLength(Machine& machine);

Result<FaultRecord> NoFit(const char* what);

// The verbs, one a fault; see fault_write.cc, fault_free.cc and fault_stray.cc.
Result<FaultRecord> Overrun(Machine& machine);
Result<FaultRecord> OffByOne(Machine& machine);
Result<FaultRecord> Underrun(Machine& machine);
Result<FaultRecord> NonlinearOverrun(Machine& machine);
Result<FaultRecord> PayloadOverrun(Machine& machine);
Result<FaultRecord> CrossPage(Machine& machine);
Result<FaultRecord> BigOverrun(Machine& machine);
Result<FaultRecord> RangeOverrun(Machine& machine);
Result<FaultRecord> SlushOverrun(Machine& machine);
Result<FaultRecord> TailOverrun(Machine& machine);
Result<FaultRecord> UseAfterFree(Machine& machine);
Result<FaultRecord> DoubleFree(Machine& machine);
Result<FaultRecord> BadFree(Machine& machine);
Result<FaultRecord> FreeListDamage(Machine& machine);
Result<FaultRecord> BitFlip(Machine& machine);
Result<FaultRecord> WildWrite(Machine& machine);
Result<FaultRecord> PageStomp(Machine& machine);
Result<FaultRecord> DmaLine(Machine& machine);
Result<FaultRecord> Uninitialised(Machine& machine);

}  // namespace poolblame::samples

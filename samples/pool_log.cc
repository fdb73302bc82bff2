// _VF_POOL_TRACE: public PDB dumps of Vista to Windows 11 22H2.
#include "samples/pool_log.h"

#include <algorithm>

namespace poolblame::samples {
namespace {

constexpr std::uint32_t kFirstWithFiftyFrames = 22000;
constexpr std::uint64_t kPointerAt = 0x1E00;  // in the kernel's two data pages: the variable that leads to the log
constexpr std::uint64_t kBelowKernel = 0x100000;

std::uint64_t RecordBytes(const Machine& machine) {
  const std::uint32_t frames = machine.profile().build >= kFirstWithFiftyFrames ? 50 : 13;
  return std::uint64_t{3 + frames} * machine.profile().pointer_size();
}

struct LoggedCall {
  std::uint64_t address = 0;
  std::uint32_t bytes = 0;
  std::uint16_t model = 0;
};

void WriteCall(Machine& machine, std::uint64_t at, const LoggedCall& call) {
  KernelMemory& memory = machine.memory();
  const std::uint64_t pointer = memory.pointer_size();
  const std::uint64_t thread = machine.layout().process + 0x400 + machine.random().Below(8) * 0x80;
  const std::uint64_t nt = machine.layout().nt_base;
  const std::uint64_t fields[] = {call.address, call.bytes, thread, nt + 0x2100, CallSiteOf(machine, call.model),
                                  nt + 0x2480};
  for (std::uint64_t i = 0; i < std::size(fields); ++i) memory.WritePointer(at + i * pointer, fields[i]);
}

/// A block whose owner is known.
void AddCall(const Pool& pool, std::uint64_t header, std::vector<LoggedCall>& calls) {
  const Block* block = pool.Find(header);
  if (block == nullptr || block->model == kNoModel || block->request == 0) return;
  calls.push_back({pool.Payload(header), block->request, block->model});
}

std::vector<LoggedCall> CallsOf(Machine& machine, const Truth& truth) {
  std::vector<LoggedCall> calls;
  if (Pool* pool = machine.PoolOf(truth.culprit_header)) AddCall(*pool, truth.culprit_header, calls);
  for (int tries = 0; tries < 4096 && calls.size() < machine.recipe().pool_log; ++tries) {
    const Pool& pool = *machine.pools()[machine.random().Below(machine.pools().size())];
    if (!pool.live().empty()) AddCall(pool, pool.live()[machine.random().Below(pool.live().size())], calls);
  }
  if (calls.size() > 2) std::swap(calls.front(), calls[calls.size() / 2]);  // the ring begins anywhere
  return calls;
}

}  // namespace

std::uint64_t CallSiteOf(const Machine& machine, std::uint16_t model) {
  return machine.layout().driver_bases[Tags()[model].driver] + 0x1000 + std::uint64_t{model} * 0x24;
}

void WritePoolLog(Machine& machine, const Truth& truth) {
  if (machine.recipe().pool_log == 0) return;
  const std::uint64_t log = machine.layout().nt_base - kBelowKernel;
  const std::uint64_t bytes = RecordBytes(machine);
  std::uint64_t mapped = 0;
  for (; mapped < machine.recipe().pool_log * bytes; mapped += kPage)
    if (!machine.memory().MapNew(log + mapped)) break;
  std::uint64_t at = log;
  for (const LoggedCall& call : CallsOf(machine, truth)) {
    if (at + bytes > log + mapped) break;
    WriteCall(machine, at, call);
    at += bytes;
  }
  machine.memory().WritePointer(machine.layout().nt_data + kPointerAt, log);
}

}  // namespace poolblame::samples

// From one line to a file: recipe, machine, history, fault, crash, kernel data, page tables, container.
#include "samples/builder.h"

#include <ostream>
#include <sstream>
#include <utility>

#include "samples/boot_traces.h"
#include "samples/case_page.h"
#include "samples/container.h"
#include "samples/encoded_block.h"
#include "samples/fault.h"
#include "samples/live_dump.h"
#include "samples/page_tables.h"
#include "samples/pool_log.h"
#include "samples/special_pool.h"
#include "samples/system_process.h"
#include "samples/tag_homes.h"

namespace poolblame::samples {
namespace {

/// As Windows 8 and later have it: only what asks for executable nonpaged pool gets it.
void DenyExecute(Machine& machine) {
  for (const auto& pool : machine.pools())
    if (pool->setup().kind != PoolKind::kNonPaged) machine.memory().DenyExecute(pool->setup().base, pool->end());
}

/// The built system and everything its dump says.
struct BuiltSystem {
  std::unique_ptr<Machine> machine;
  KernelData kernel;
  std::uint64_t cr3 = 0;
  BugCheckFacts bugcheck;
  Truth truth;
};

/// Damage is off limits for the life that goes on, and so is the culprit: its owner still writes to it.
void Seal(Machine& machine, const FaultRecord& record) {
  for (const auto& pool : machine.pools()) {
    if (record.damage.end != 0) pool->AddDamage(record.damage);
    if (record.culprit.header != 0) pool->AddDamage({record.culprit.header, record.culprit.header + 1});
    if (record.victim.header != 0) pool->AddDamage({record.victim.header, record.victim.header + 1});
  }
}

std::uint32_t SelfMapIndex(const Machine& machine) {
  constexpr std::uint32_t kFixed = 0x1ED;
  if (machine.profile().build < 14393) return kFixed;
  return 0x180 +
         static_cast<std::uint32_t>(MixSeed(machine.recipe().seed, 0x5E1F) % 0x20);  // clear of the mapped halves
}

void WriteContainer(const Snapshot& snapshot, std::ostream& out) {
  switch (snapshot.machine.recipe().container) {
    case ContainerKind::kFull:
      return WriteFullDump(snapshot, out);
    case ContainerKind::kSummary:
      return WriteSummaryDump(snapshot, out);
    case ContainerKind::kBitmap:
      return WriteBitmapDump(snapshot, false, out);
    case ContainerKind::kKernelBitmap:
      return WriteBitmapDump(snapshot, true, out);
    case ContainerKind::kTriage:
      return WriteTriageDump(snapshot, out);
    case ContainerKind::kRaw:
      return WriteRawImage(snapshot, out);
    case ContainerKind::kPoolPages:
      return WritePoolPages(snapshot, out);
    case ContainerKind::kLime:
      return WriteLime(snapshot, out);
    case ContainerKind::kElf:
      return WriteElfCore(snapshot, true, out);
    case ContainerKind::kElfBare:
      return WriteElfCore(snapshot, false, out);
    case ContainerKind::kAvml:
      return WriteAvml(snapshot, out);
    case ContainerKind::kVmem:
      return WriteVmem(snapshot, out);
    case ContainerKind::kVmss:
      return WriteVmwareState(snapshot, false, out);
    case ContainerKind::kVmsn:
      return WriteVmwareState(snapshot, true, out);
    case ContainerKind::kHibernation:
      return WriteHibernation(snapshot, out);
    case ContainerKind::kRdmp:
      return WriteRdmp(snapshot, out);
  }
}

Result<bool> Damage(Machine& machine, BuiltSystem& built) {
  const auto record = InjectFault(machine);
  if (!record) return tl::unexpected<Error>(record.error());
  built.truth = TruthOf(machine, *record);
  built.bugcheck = CrashOf(machine, *record, built.truth);
  Seal(machine, *record);
  return true;
}

Result<bool> DamageSpecialPool(Machine& machine, const std::vector<SpecialBlock>& blocks, BuiltSystem& built) {
  const auto fault = InjectSpecialFault(machine, blocks);
  if (!fault) return tl::unexpected<Error>(fault.error());
  built.truth = fault->truth;
  built.bugcheck = fault->crash;
  return true;
}

Result<BuiltSystem> BuildSystem(const Recipe& recipe) {
  BuiltSystem built;
  built.machine = std::make_unique<Machine>(recipe);
  Machine& machine = *built.machine;
  machine.Populate();
  const std::vector<SpecialBlock> special = PlaceSpecialPool(machine);
  const auto damaged =
      IsSpecialFault(recipe.fault) ? DamageSpecialPool(machine, special, built) : Damage(machine, built);
  if (!damaged) return tl::unexpected<Error>(damaged.error());
  machine.Live(recipe.after);
  LiveWhileCopied(machine);
  if (recipe.live > 0) built.bugcheck = {kLiveSystemDump, {}};
  built.kernel = WriteKernelData(machine);
  WritePoolLog(machine, built.truth);
  if (recipe.boot) WriteBootTraces(machine);
  if (recipe.encoded_block) EncodeDebuggerBlock(machine, built.kernel);
  if (recipe.no_execute) DenyExecute(machine);
  built.cr3 = WritePageTables(machine.memory(), machine.paging(), {SelfMapIndex(machine), recipe.hidden_tables});
  if (built.cr3 == 0) return Fail(ErrorKind::kUsage, "no RAM left for page tables; more pages, or a smaller pool");
  if (recipe.boot) WriteStartBlock(machine, built.cr3);
  if (recipe.system_process) WriteSystemProcess(machine, built.cr3);
  built.truth.machine = MachineWord(recipe);
  built.truth.build = recipe.profile.build;
  built.truth.bugcheck = built.bugcheck.code;
  if (recipe.code) built.truth.tags = TagTruths(recipe);
  return built;
}

}  // namespace

Result<Truth> WriteSample(const std::string& recipe_line, std::ostream& out) {
  if (IsCase(recipe_line)) {
    const auto image = BuildCase(recipe_line);
    if (!image) return tl::unexpected<Error>(image.error());
    out.write(reinterpret_cast<const char*>(image->bytes.data()), static_cast<std::streamsize>(image->bytes.size()));
    return image->truth;
  }
  const auto recipe = ParseRecipe(recipe_line);
  if (!recipe) return tl::unexpected<Error>(recipe.error());
  auto built = BuildSystem(*recipe);
  if (!built) return tl::unexpected<Error>(built.error());
  Snapshot snapshot{*built->machine, built->kernel, built->cr3, built->bugcheck, built->truth};
  if (recipe->container == ContainerKind::kPoolPages) snapshot.truth.base = PoolPagesBase(snapshot);
  if (recipe->cut == 0) {
    WriteContainer(snapshot, out);
    return snapshot.truth;
  }
  std::ostringstream whole;
  WriteContainer(snapshot, whole);
  const std::string bytes = whole.str();
  out.write(bytes.data(), static_cast<std::streamsize>(bytes.size() - bytes.size() * recipe->cut / 100));
  return snapshot.truth;
}

Result<BuiltImage> BuildSample(const std::string& recipe) {
  std::ostringstream out;
  const auto truth = WriteSample(recipe, out);
  if (!truth) return tl::unexpected<Error>(truth.error());
  const std::string bytes = std::move(out).str();
  return BuiltImage{{bytes.begin(), bytes.end()}, *truth};
}

}  // namespace poolblame::samples

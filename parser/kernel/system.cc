#include "parser/kernel/system.h"

namespace poolblame {

const char* PoolKindName(PoolKind kind) {
  switch (kind) {
    case PoolKind::kNonPaged:
      return "nonpaged";
    case PoolKind::kNonPagedNx:
      return "nonpaged-nx";
    case PoolKind::kPaged:
      return "paged";
    case PoolKind::kSession:
      return "session";
    case PoolKind::kUnknown:
      break;
  }
  return "unknown";
}

const Module* System::ModuleAt(VirtAddr address) const {
  for (const Module& module : modules) {
    if (!module.unloaded && address >= module.base && address - module.base < module.size) return &module;
  }
  return nullptr;
}

System ReadSystem(const AddressSpace& space) {
  System system;
  const ImageFacts& facts = space.image().facts();
  system.machine = facts.machine;
  system.build = facts.build;
  system.os = WindowsName(facts.build);
  if (facts.bugcheck) system.bugcheck = ExplainBugCheck(*facts.bugcheck, facts.machine, facts.build);
  return system;
}

}  // namespace poolblame

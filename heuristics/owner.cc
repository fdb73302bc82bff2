#include "heuristics/owner.h"

#include <algorithm>
#include <set>

#include "parser/base/ascii.h"

namespace poolblame {
namespace {

bool IsLoaded(const System& system, const std::string& driver) {
  return std::any_of(system.modules.begin(), system.modules.end(),
                     [&](const Module& m) { return IsSameDriver(m.name, driver); });
}

Owner FromEntry(const TagEntry& entry) { return {entry.driver, entry.vendor, entry.source}; }

}  // namespace

Owner OwnerOf(PoolTag tag, const TagDatabase& tags, const System& system) {
  if (TagDatabase::IsGeneric(tag.name())) return {};
  std::vector<TagEntry> entries = tags.Find(tag.name());
  // A header says what a tag is for and not whose it is: its row must not hide what another table knows.
  std::erase_if(entries, [](const TagEntry& e) { return e.driver.empty() && !e.file.empty(); });
  if (entries.empty()) return {};
  // Entries less exact than the best one are other tags' families.
  const TagEntry best = entries.front();
  std::erase_if(entries, [&](const TagEntry& e) { return e.literals != best.literals || e.source != best.source; });
  std::set<std::string> drivers;
  for (const TagEntry& e : entries) drivers.insert(Lower(e.driver));
  if (drivers.size() == 1) return FromEntry(entries.front());
  std::vector<TagEntry> loaded;
  std::set<std::string> loaded_drivers;
  for (const TagEntry& e : entries)
    if (!e.driver.empty() && IsLoaded(system, e.driver)) {
      loaded.push_back(e);
      loaded_drivers.insert(Lower(e.driver));
    }
  if (loaded_drivers.size() == 1) return FromEntry(loaded.front());
  return {};
}

bool IsSameDriver(const std::string& a, const std::string& b) { return Lower(a) == Lower(b); }

void NameByCode(VirtAddr code, const System& system, Owner& owner) {
  const Module* module = system.ModuleAt(code);
  if (module == nullptr || module->unloaded || system.kernel_image_base == module->base) return;
  const bool same = IsSameDriver(module->name, owner.driver);
  owner = {module->name, same ? owner.vendor : "", "verifier"};
}

}  // namespace poolblame

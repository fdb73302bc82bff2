#include "cli/render_info.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/escape.h"
#include "cli/text_sections.h"

namespace poolblame::cli {
namespace {

constexpr std::size_t kFewModules = 12;
constexpr std::size_t kFewBlocks = 24;

const char* BuildSourceText(BuildSource source) {
  switch (source) {
    case BuildSource::kNobody:
      break;
    case BuildSource::kOption:
      return "as you said";
    case BuildSource::kHeader:
      return "told by the image's header";
    case BuildSource::kDebuggerBlock:
      return "told by the debugger data block";
    case BuildSource::kSharedData:
      return "told by KUSER_SHARED_DATA";
    case BuildSource::kVersionResource:
      return "told by the kernel's version resource";
  }
  return "who told it is not known";
}

const char* RootSourceText(RootSource source) {
  switch (source) {
    case RootSource::kHeader:
      return "as the image's header says";
    case RootSource::kProcessor:
      return "as the image says of a processor";
    case RootSource::kStartBlock:
      return "as the block that starts processors says";
    case RootSource::kSystemProcess:
      return "as the System process says";
    case RootSource::kSelfMap:
      break;
  }
  return "found because they map themselves";
}

std::string TablesText(const ImageFacts& image) {
  return fmt::format("page tables {} at 0x{:x} ({})", PageTableName(image.machine, image.form),
                     image.directory_table_base->value, RootSourceText(image.root_source));
}

void WriteModules(TextWriter& out, const std::vector<Module>& all, bool unloaded, bool verbose) {
  std::vector<const Module*> modules;
  for (const Module& module : all)
    if (module.unloaded == unloaded) modules.push_back(&module);
  if (modules.empty()) return;
  out.Heading(Counted(modules.size(), unloaded ? "unloaded module" : "loaded module") +
              (verbose || modules.size() <= kFewModules ? "" : " (--verbose lists all)"));
  const std::size_t shown = verbose ? modules.size() : std::min(modules.size(), kFewModules);
  for (std::size_t i = 0; i < shown; ++i) {
    out.Line(fmt::format("  {}  {:>9}  {}", AddressText(modules[i]->base.value),
                         fmt::format("0x{:x}", modules[i]->size), Escaped(modules[i]->name)));
  }
  if (shown < modules.size()) out.Line(fmt::format("  and {} more", modules.size() - shown));
}

void WriteRegions(TextWriter& out, const System& system) {
  if (system.pool_regions.empty()) return;
  out.Heading("pool regions");
  for (const PoolRegion& region : system.pool_regions) {
    out.Line(fmt::format("  {} to {}  {}", AddressText(region.begin.value), AddressText(region.end.value),
                         PoolKindName(region.kind)));
  }
}

void WriteSecondaryData(TextWriter& out, const ImageFacts& image, bool verbose) {
  const std::vector<SecondaryBlock>& blocks = image.secondary_data;
  if (blocks.empty()) return;
  const std::size_t shown = verbose ? blocks.size() : std::min(blocks.size(), kFewBlocks);
  out.Heading("secondary data, " + Counted(blocks.size(), "block") +
              (shown < blocks.size() ? " (--verbose lists all)" : ""));
  for (std::size_t i = 0; i < shown; ++i) {
    const std::string_view name = SecondaryDataNameOf(blocks[i].guid);
    out.Line(fmt::format("  {}  {:>11}  {}", blocks[i].guid, Grouped(blocks[i].size), name.empty() ? "-" : name));
  }
  if (shown < blocks.size()) out.Line(fmt::format("  and {} more", blocks.size() - shown));
}

}  // namespace

std::string RenderInfoText(const ImageReport& facts, const TextOptions& options) {
  TextWriter out(options.palette, options.columns);
  const std::string title =
      fmt::format("{}, {}, {}", facts.image.container, facts.system.os, MachineName(facts.system.machine));
  out.Line(options.palette.Paint(Style::kAnswer, Escaped(title)));
  WriteSystem(out, facts);
  if (facts.system.build) out.Sentence("  build      ", BuildSourceText(facts.system.build_source));
  if (facts.image.directory_table_base) out.Sentence("  memory     ", TablesText(facts.image));
  WriteBugCheck(out, facts);
  WriteCoverage(out, facts);
  WriteRegions(out, facts.system);
  WriteModules(out, facts.system.modules, false, options.verbose);
  WriteModules(out, facts.system.modules, true, options.verbose);
  WriteSecondaryData(out, facts.image, options.verbose);
  WriteNotes(out, facts, options.verbose);
  return out.text();
}

}  // namespace poolblame::cli

// `poolblame page IMAGE ADDRESS`: one page, every block, every check.
#include "cli/commands.h"
#include "cli/console.h"
#include "cli/options.h"
#include "cli/page_scene.h"
#include "cli/progress.h"
#include "cli/render_page.h"

namespace poolblame::cli {
namespace {

struct PageOptions {
  ImageOptions image;
  OutputOptions output;
  std::string address;
  std::vector<std::string> pooltag;
};

/// An image without page tables knows physical addresses only.
bool AsksPhysically(const Analysis& analysis) { return !analysis.space.can_translate(); }

PageBytes BytesOf(const Analysis& analysis, VirtAddr page) {
  if (!AsksPhysically(analysis)) return analysis.space.Page(page);
  PageBytes bytes;
  bytes.pfn = ToPfn(PhysAddr{page.value});
  bytes.bytes = analysis.image.pages().Page(*bytes.pfn);
  bytes.presence = bytes.bytes.empty() ? Presence::kNotInDump : Presence::kPresent;
  return bytes;
}

std::optional<PoolPage> PoolPageAt(const Analysis& analysis, VirtAddr page) {
  const PoolCensus& census = analysis.facts.census;
  for (const PoolPage& finding : census.findings) {
    if (finding.address ? *finding.address == page : finding.pfn == ToPfn(PhysAddr{page.value})) return finding;
  }
  if (AsksPhysically(analysis)) return std::nullopt;
  return ReadPoolPage(analysis.space, analysis.facts.system, census, page);
}

/// A page that the scan found to be classic pool stays that.
std::optional<SpecialPoolPage> SpecialPageAt(const Analysis& analysis, VirtAddr page) {
  const auto is_here = [&](const SpecialPoolPage& special) {
    return special.address ? *special.address == page : special.bytes.pfn == ToPfn(PhysAddr{page.value});
  };
  for (const Incident& incident : analysis.facts.report.incidents)
    if (incident.special_page && is_here(*incident.special_page)) return incident.special_page;
  for (const SpecialPoolPage& special : analysis.facts.census.special_findings)
    if (is_here(special)) return special;
  for (const PoolPage& finding : analysis.facts.census.findings)
    if (finding.address == page) return std::nullopt;
  if (AsksPhysically(analysis)) return std::nullopt;
  return ReadSpecialPoolPage(analysis.space, analysis.facts.system, page, SpecialPoolTrust::kByBytes);
}

std::vector<const Incident*> IncidentsOn(const Analysis& analysis, const SpecialPoolPage& page) {
  std::vector<const Incident*> found;
  for (const Incident& incident : analysis.facts.report.incidents) {
    const auto& special = incident.special_page;
    if (special && special->address == page.address && special->bytes.pfn == page.bytes.pfn) found.push_back(&incident);
  }
  return found;
}

std::vector<const Incident*> IncidentsOn(const Analysis& analysis, const PoolPage& page) {
  std::vector<const Incident*> found;
  for (const Incident& incident : analysis.facts.report.incidents)
    if (TouchesPage(incident, page)) found.push_back(&incident);
  return found;
}

/// The layout of this image's pool, or the newest of the machine where no pool page settled it.
const PoolHeaderLayout* LayoutOf(const Analysis& analysis) {
  const PoolHeaderLayout* layout = analysis.facts.census.layout;
  if (layout != nullptr) return layout;
  for (const PoolHeaderLayout& row : PoolHeaderLayouts())
    if (row.is_64bit == (analysis.space.machine() != Machine::kX86)) layout = &row;
  return layout;
}

ExitStatus DeliverOtherPage(const Analysis& analysis, VirtAddr page, const TagDatabase& tags,
                            const PageOptions& options) {
  const PageBytes bytes = BytesOf(analysis, page);
  const bool present = bytes.presence == Presence::kPresent;
  const ExitStatus status = present ? ExitStatus::kClean : ExitStatus::kInconclusive;
  const BigOwner owner = AsksPhysically(analysis) ? BigOwner{} : OwnerOfBigMemory(analysis.facts.census, page);
  if (owner.begin) return Deliver(RenderBigPage(page, bytes, owner, tags), options.output.file, status);
  const PoolHeaderLayout* layout = LayoutOf(analysis);
  const PageClass page_class = present && layout != nullptr ? ClassifyPage(bytes.bytes, *layout) : PageClass::kNotPool;
  return Deliver(RenderOtherPage(page, bytes, page_class), options.output.file, status);
}

ExitStatus DeliverSpecialPage(const Analysis& analysis, const SpecialPoolPage& page, const TagDatabase& tags,
                              const PageOptions& options) {
  const std::vector<const Incident*> incidents = IncidentsOn(analysis, page);
  const bool damaged = page.block.damaged() || !incidents.empty();
  return Deliver(RenderSpecialPage(page, incidents, tags, options.output.ToTextOptions()), options.output.file,
                 damaged ? ExitStatus::kFound : ExitStatus::kClean);
}

ExitStatus RunPage(const PageOptions& options) {
  const LoadedTags tags = LoadTags(options.pooltag);
  if (!tags) return tags.error();
  const Result<std::unique_ptr<Analysis>> analysis = AnalyseShowingProgress(options.image, *tags);
  if (!analysis) return Failed(options.image.path, analysis.error());
  const VirtAddr page = VirtAddr{ParseAddress(options.address).value_or(0)}.page();
  if (const auto special = SpecialPageAt(**analysis, page))
    return DeliverSpecialPage(**analysis, *special, *tags, options);
  const std::optional<PoolPage> pool_page = PoolPageAt(**analysis, page);
  if (!pool_page) return DeliverOtherPage(**analysis, page, *tags, options);
  const std::vector<const Incident*> incidents = IncidentsOn(**analysis, *pool_page);
  const bool damaged = pool_page->has_findings() || !incidents.empty();
  return Deliver(RenderPoolPage(*pool_page, incidents, *tags, options.output.ToTextOptions()), options.output.file,
                 damaged ? ExitStatus::kFound : ExitStatus::kClean);
}

}  // namespace

void AddPageCommand(CLI::App& program, ChosenCommand& chosen) {
  auto options = std::make_shared<PageOptions>();
  CLI::App& command = *program.add_subcommand("page", "one page: its blocks, its damage, its picture");
  AddImageOptions(command, options->image);
  command
      .add_option("ADDRESS", options->address, "any address on the page (physical where an image has no page tables)")
      ->required()
      ->check(IsAddress())
      ->type_name("");
  AddPoolTagOption(command, options->pooltag);
  AddOutputOptions(command, options->output);
  command.callback([options, &chosen] { chosen = [options] { return RunPage(*options); }; });
}

}  // namespace poolblame::cli

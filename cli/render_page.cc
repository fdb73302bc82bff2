#include "cli/render_page.h"

#include <fmt/format.h>

#include "cli/escape.h"
#include "cli/hex_view.h"
#include "cli/incident_words.h"
#include "cli/page_checks.h"
#include "cli/page_picture.h"
#include "cli/text_writer.h"
#include "pooltag/tag_conflict.h"

namespace poolblame::cli {
namespace {

constexpr std::size_t kStaleShown = 16;

const char* PoolName(PoolBackend backend) {
  switch (backend) {
    case PoolBackend::kClassic:
      return "classic pool";
    case PoolBackend::kVs:
      return "segment heap (VS)";
    case PoolBackend::kLfh:
      return "segment heap (LFH)";
    case PoolBackend::kPageSegment:
      return "segment heap (page segment)";
    case PoolBackend::kBig:
      return "big allocation";
  }
  return "pool";
}

/// What the page's first bytes belong to.
const char* LeadingName(const PoolPage& page) {
  return page.backend == PoolBackend::kClassic ? "end of a big allocation" : "a block of the page before";
}

std::string PageAnswer(const PageScene& scene, const std::vector<const Incident*>& incidents) {
  const PoolPage& page = *scene.page;
  const std::string name = (page.address ? "page " : "physical page ") + AddressText(scene.base()) + ": ";
  if (!incidents.empty()) return name + Headline(*incidents.front());
  if (page.has_findings()) return name + "damaged " + PoolName(page.backend) + ", part of no incident";
  return name + fmt::format("healthy {}, {}", PoolName(page.backend), Counted(page.blocks.size(), "block"));
}

std::string OwnerOfTag(const TagDatabase& tags, PoolTag tag) {
  return TagDatabase::IsGeneric(tag) ? "" : Escaped(AgreedOwner(tags.Find(tag)));
}

void WriteBlocks(TextWriter& out, const PageScene& scene, const TagDatabase& tags) {
  if (scene.page->blocks.empty() && scene.page->leading_bytes == 0) return;  // a page segment's own
  out.Heading("blocks");
  out.Line("     address             offset  size  prev  state      tag     owner");
  for (std::size_t i = 0; i < scene.page->blocks.size(); ++i) {
    const PoolBlock& block = scene.page->blocks[i];
    const std::string tag = block.tag_known ? TagText(block.tag()) : "?";
    std::string row = fmt::format("{}{} {}  +{:03x}  {:>6}{:>6}  {:<9}  {:<6}  {}", scene.Letter(i),
                                  block.header_damaged() ? '!' : ' ', AddressText(scene.base() + block.offset),
                                  block.offset, block.size, block.previous_size, BlockStateName(block.state), tag,
                                  block.tag_known ? OwnerOfTag(tags, block.tag()) : "");
    row.erase(row.find_last_not_of(' ') + 1);
    out.Line("  " + out.palette().Paint(scene.BlockStyle(i), row));
  }
  if (scene.page->leading_bytes > 0) {
    out.Line(fmt::format("  ~  {}  +000  {:>6}        {}", AddressText(scene.base()), scene.page->leading_bytes,
                         LeadingName(*scene.page)));
  }
}

void WriteChecks(TextWriter& out, const PoolPage& page) {
  const std::vector<FailedCheck> failed = FailedChecks(page);
  out.Heading(failed.empty() ? "every check passed" : "checks that failed");
  for (const FailedCheck& check : failed) out.Sentence("  - ", check.where + ": " + check.text);
}

void WriteStale(TextWriter& out, const PoolPage& page, bool all) {
  if (page.stale_headers.empty()) return;
  out.Heading("old headers inside free blocks (who was here before)");
  const std::size_t shown = all ? page.stale_headers.size() : std::min(page.stale_headers.size(), kStaleShown);
  for (std::size_t i = 0; i < shown; ++i) {
    const StaleHeader& stale = page.stale_headers[i];
    const std::uint64_t size = page.layout != nullptr ? std::uint64_t{stale.fields.BlockSize} * page.layout->unit : 0;
    out.Line(fmt::format("  +{:03x}  {}, {}", stale.offset, TagText({stale.fields.PoolTag}), Counted(size, "byte")));
  }
  if (shown < page.stale_headers.size()) out.Line(fmt::format("  and {} more", page.stale_headers.size() - shown));
}

void WriteReading(TextWriter& out, const PoolPage& page) {
  if (page.layout != nullptr) out.Line(fmt::format("layout {}", page.layout->name));
  if (page.cost > 0) {
    out.Sentence(
        "",
        fmt::format("headers recovered: this reading differs from the bytes by {:.1f} nats, the next best by {:.1f}",
                    page.cost, page.cost + page.margin));
  }
}

}  // namespace

std::string RenderPoolPage(const PoolPage& page, const std::vector<const Incident*>& incidents, const TagDatabase& tags,
                           const TextOptions& options) {
  TextWriter out(options.palette, options.columns);
  const PageScene scene = MakePageScene(page, incidents);
  out.Line(options.palette.Paint(Style::kAnswer, PageAnswer(scene, incidents)));
  WriteReading(out, page);
  out.Heading("picture, 8 bytes a character");
  for (const std::string& row : DrawPage(scene, options.palette)) out.Line(row);
  out.Blank();
  for (const std::string& line : DrawLegend(scene, options.palette)) out.Line(line);
  WriteBlocks(out, scene, tags);
  WriteChecks(out, page);
  if (const std::vector<std::string> rows = DrawDamage(scene, options.palette, kDumpRows); !rows.empty()) {
    out.Heading("damage");
    for (const std::string& row : rows) out.Line(row);
  }
  WriteStale(out, page, options.verbose);
  return out.text();
}

std::string RenderBigPage(VirtAddr page, const PageBytes& bytes, const BigOwner& owner, const TagDatabase& tags) {
  std::string text = "page " + AddressText(page.value) + ": ";
  text += owner.freed      ? "freed memory, last a big allocation"
          : owner.in_range ? "page range of the segment heap"
                           : "big allocation";
  if (owner.begin) text += fmt::format(" at {}, {}", AddressText(owner.begin->value), Counted(owner.bytes, "byte"));
  if (owner.tag) {
    const std::string driver = OwnerOfTag(tags, *owner.tag);
    text += ", " + TagText(*owner.tag) + (driver.empty() ? "" : " (" + driver + ")");
  } else {
    text += ", in no table of big allocations";
  }
  if (bytes.presence != Presence::kPresent) text += ", not in this image";
  if (bytes.pfn) text += ", physical " + AddressText(ToPhysAddr(*bytes.pfn).value);
  return text + "\n";
}

std::string RenderOtherPage(VirtAddr page, const PageBytes& bytes, PageClass page_class) {
  const std::string name = "page " + AddressText(page.value) + ": ";
  switch (bytes.presence) {
    case Presence::kNotPresent:
      return name + "the page tables map nothing here, or the page was paged out\n";
    case Presence::kNotInDump:
      return name + "not in this image: whoever wrote it left the page out\n";
    case Presence::kPresent:
      break;
  }
  const std::string physical = bytes.pfn ? ", physical " + AddressText(ToPhysAddr(*bytes.pfn).value) : "";
  return name + Escaped(PageClassName(page_class)) + physical + "\n";
}

}  // namespace poolblame::cli

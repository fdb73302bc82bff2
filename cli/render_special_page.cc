// `poolblame page` for a page of special pool.
#include <fmt/format.h>

#include "cli/escape.h"
#include "cli/incident_words.h"
#include "cli/render_page.h"
#include "cli/special_picture.h"
#include "cli/text_writer.h"
#include "pooltag/tag_conflict.h"

namespace poolblame::cli {
namespace {

std::uint64_t BaseOf(const SpecialPoolPage& page) {
  return page.address ? page.address->value : ToPhysAddr(page.bytes.pfn.value_or(0)).value;
}

std::string Answer(const SpecialPoolPage& page, const std::vector<const Incident*>& incidents) {
  const std::string name = (page.address ? "page " : "physical page ") + AddressText(BaseOf(page)) + ": ";
  if (!incidents.empty()) return name + Headline(*incidents.front());
  return name + (page.block.damaged() ? "damaged special pool, part of no incident" : "healthy special pool");
}

void WriteFacts(TextWriter& out, const SpecialPoolPage& page, const TagDatabase& tags) {
  const SpecialPoolBlock& block = page.block;
  out.Line(SpecialBlockText(block));
  out.Line(fmt::format("header at {}, data at {}", AddressText(BaseOf(page) + block.header.begin),
                       AddressText(BaseOf(page) + block.data.begin)));
  if (!block.tag_known() || TagDatabase::IsGeneric(block.tag)) return;
  if (const std::string owner = AgreedOwner(tags.Find(block.tag)); !owner.empty())
    out.Line("owner by tag: " + Escaped(owner));
}

}  // namespace

std::string RenderSpecialPage(const SpecialPoolPage& page, const std::vector<const Incident*>& incidents,
                              const TagDatabase& tags, const TextOptions& options) {
  TextWriter out(options.palette, options.columns);
  out.Line(options.palette.Paint(Style::kAnswer, Answer(page, incidents)));
  WriteFacts(out, page, tags);
  out.Heading("picture, 8 bytes a character");
  WriteSpecialPicture(out, page, kDumpRows);
  const std::vector<std::string> failed = FailedSpecialChecks(page.block);
  out.Heading(failed.empty() ? "every check passed" : "checks that failed");
  for (const std::string& check : failed) out.Sentence("  - ", check);
  return out.text();
}

}  // namespace poolblame::cli

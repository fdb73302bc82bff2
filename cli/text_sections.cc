#include "cli/text_sections.h"

#include <fmt/format.h>

#include <algorithm>

#include "cli/escape.h"

namespace poolblame::cli {
namespace {

constexpr std::size_t kFewNotes = 5;       // more than that hides the answer; --verbose shows all
constexpr std::size_t kFewNotJudged = 10;  // one line each; the JSON report has all

std::string LayoutText(const PoolCensus& census) {
  if (census.layout == nullptr) return "no classic pool page to read";
  const char* source = "";
  switch (census.layout_source) {
    case LayoutSource::kHeader:
      source = "by the build";
      break;
    case LayoutSource::kInferred:
      source = "inferred from the pages";
      break;
    case LayoutSource::kOption:
      source = "as you said";
      break;
  }
  return fmt::format("layout {} ({})", census.layout->name, source);
}

std::string PresenceText(const ImageReport& facts, std::size_t index) {
  const bool present = index < facts.bugcheck_address_in_image.size() && facts.bugcheck_address_in_image[index];
  return present ? "" : ", not in this image";
}

std::string PagesText(const PoolCensus& census) {
  std::string text =
      fmt::format("{} read of {} in the image", Counted(census.pages_read, "page"), Grouped(census.pages_in_image));
  if (census.pages_unreadable > 0) text += fmt::format(", {} unreadable", Grouped(census.pages_unreadable));
  return text;
}

/// What is neither allocated nor free waits on a list of the segment heap, or nothing in the image says which it is.
std::string StatesText(const PoolCensus& census) {
  const std::uint64_t known = census.allocated + census.free;
  std::string text = fmt::format("{} allocated, {} free", Grouped(census.allocated), Grouped(census.free));
  if (census.pool_blocks > known)
    text += fmt::format(", {} on a list or of unknown state", Grouped(census.pool_blocks - known));
  return text;
}

std::string OtherPagesText(const PoolCensus& census) {
  std::string text;
  const auto add = [&](std::uint64_t count, const char* noun, const char* rest) {
    if (count > 0) text += fmt::format("{}{}{}", text.empty() ? "" : ", ", Counted(count, noun), rest);
  };
  if (census.segment_heap == nullptr) add(census.segment_heap_pages, "segment-heap page", "");
  add(census.stale_pages, "page", " that no kernel address maps");
  return text;
}

}  // namespace

void WriteBugCheck(TextWriter& out, const ImageReport& facts) {
  if (!facts.system.bugcheck) return;
  const BugCheck& check = *facts.system.bugcheck;
  out.Heading(fmt::format("bug check 0x{:x} {}", check.code, check.name));
  out.Sentence("  ", fmt::format("parameters 0x{:x}", fmt::join(check.parameters, ", 0x")));
  if (!check.meaning.empty()) out.Sentence("  ", check.meaning);
  for (std::size_t i = 0; i < check.addresses.size(); ++i) {
    out.Sentence("  ", fmt::format("{} {}{}", check.addresses[i].role, AddressText(check.addresses[i].address.value),
                                   PresenceText(facts, i)));
  }
}

void WriteSystem(TextWriter& out, const ImageReport& facts) {
  const ImageFacts& image = facts.image;
  out.Heading("image");
  out.Sentence("  file       ", image.path);
  if (!image.member.empty()) out.Sentence("  in it      ", image.member);
  out.Sentence("  container  ", fmt::format("{}{}{}, {}{}", image.container, image.is_live ? ", live dump" : "",
                                            image.compression == "none" ? "" : ", " + image.compression,
                                            Counted(image.size, "byte"), image.truncated ? ", truncated" : ""));
  const std::string build = facts.system.build ? fmt::format(", build {}", *facts.system.build) : "";
  out.Sentence("  system     ", fmt::format("{}{}, {}", facts.system.os, build, MachineName(facts.system.machine)));
  out.Sentence("  pool       ", fmt::format("{}, {}", facts.census.allocator, LayoutText(facts.census)));
}

void WriteCoverage(TextWriter& out, const ImageReport& facts) {
  const PoolCensus& census = facts.census;
  out.Heading("looked at");
  out.Sentence("  ", PagesText(census));
  out.Sentence("  ", fmt::format("{}, {} ({}), {}", Counted(census.pool_pages, "pool page"),
                                 Counted(census.pool_blocks, "block"), StatesText(census),
                                 Counted(census.big_allocations, "big allocation")));
  if (census.special_pool_pages > 0)
    out.Sentence("  ", Counted(census.special_pool_pages, "special-pool page") + ", judged by the filler");
  if (const std::string others = OtherPagesText(census); !others.empty())
    out.Sentence("  ", "not judged as classic pool: " + others);
  const std::vector<NotJudged> left_out = facts.AllNotJudged();
  for (std::size_t i = 0; i < std::min(left_out.size(), kFewNotJudged); ++i) {
    const std::string place = left_out[i].address ? AddressText(left_out[i].address->value) + ": " : "";
    out.Sentence("  not judged: ", place + left_out[i].reason);
  }
  if (left_out.size() > kFewNotJudged)
    out.Sentence("  ", fmt::format("and {} more not judged", Grouped(left_out.size() - kFewNotJudged)));
}

void WriteNotes(TextWriter& out, const ImageReport& facts, bool all) {
  const std::vector<std::string> notes = facts.AllNotes();
  if (notes.empty()) return;
  const std::size_t shown = all ? notes.size() : std::min(notes.size(), kFewNotes);
  out.Heading("notes");
  for (std::size_t i = 0; i < shown; ++i) out.Sentence("  - ", notes[i]);
  if (shown < notes.size()) out.Sentence("  ", fmt::format("and {} more (--verbose)", notes.size() - shown));
}

}  // namespace poolblame::cli

#include "cli/special_picture.h"

#include <fmt/format.h>

#include "cli/hex_view.h"
#include "cli/incident_words.h"

namespace poolblame::cli {
namespace {

bool Overlaps(const PageStretch& stretch, std::uint32_t offset) {
  return stretch.begin < offset + kBytesPerCell && stretch.end > offset;
}

bool IsWrong(const SpecialPoolPage& page, std::uint32_t offset) {
  const SpecialPoolBlock& block = page.block;
  const auto inside = [&](const PageStretch& stretch) { return offset >= stretch.begin && offset < stretch.end; };
  if (inside(block.filler) || inside(block.slop)) return page.bytes.bytes[offset] != block.fill;
  return inside(block.header) && (block.damaged_header >> (offset - block.header.begin) & 1) != 0;
}

PictureCell CellAt(const SpecialPoolPage& page, std::uint32_t offset) {
  for (std::uint32_t i = offset; i < offset + kBytesPerCell; ++i)
    if (IsWrong(page, i)) return {'!', Style::kDamage};
  if (Overlaps(page.block.header, offset)) return {'H', Style::kPlain};
  if (Overlaps(page.block.data, offset)) return {'D', Style::kVictim};
  if (Overlaps(page.block.slop, offset)) return {'-', Style::kDim};
  return {Overlaps(page.block.filler, offset) ? '.' : '?', Style::kDim};
}

std::string DrawRow(const SpecialPoolPage& page, std::uint32_t row, const Palette& palette) {
  std::string text = fmt::format("  +{:03x}  ", row);
  for (std::uint32_t at = row; at < row + kBytesPerRow; at += kBytesPerCell) {
    const PictureCell cell = CellAt(page, at);
    text += palette.Paint(cell.style, std::string(1, cell.mark));
  }
  return text;
}

std::string StretchText(const char* what, const PageStretch& stretch) {
  return fmt::format("{} +{:03x} to +{:03x}", what, stretch.begin, stretch.end);
}

void WriteLegend(TextWriter& out, const SpecialPoolPage& page) {
  const SpecialPoolBlock& block = page.block;
  out.Line(fmt::format("  D  {}, {}", SpecialBlockText(block), StretchText("data", block.data)));
  std::string marks = "  H  header";
  if (block.filler.size() > 0) marks += fmt::format("   .  filler 0x{:02x} before the data", block.fill);
  if (block.slop.size() > 0) marks += fmt::format("   -  filler 0x{:02x} behind the data", block.fill);
  if (block.filler.begin > block.header.end) marks += "   ?  not judged";
  if (block.damaged()) marks += "   !  wrong";
  out.Line(marks);
}

/// The page for the byte view, which needs no blocks for this.
std::vector<std::string> DumpOf(const SpecialPoolPage& page, const Palette& palette, std::size_t rows) {
  PoolPage shell;
  shell.address = page.address;
  shell.pfn = page.bytes.pfn;
  shell.bytes = page.bytes;
  shell.layout = FindPoolHeaderLayout(page.is_64bit ? "nt6-x64" : "nt6-x86");
  PageScene scene;
  scene.page = &shell;
  for (std::uint32_t i = 0; i < kPageSize; ++i) scene.damaged[i] = IsWrong(page, i);
  return DrawDamage(scene, palette, rows);
}

void AddStretch(std::vector<std::string>& out, const char* where, const FillerDamage& damage, std::uint8_t fill) {
  if (!damage.any()) return;
  out.push_back(fmt::format("{}: {} of +{:03x} to +{:03x} {} not 0x{:02x}", where, Counted(damage.wrong_bytes, "byte"),
                            damage.begin, damage.end, damage.wrong_bytes == 1 ? "is" : "are", fill));
}

}  // namespace

std::string SpecialBlockText(const SpecialPoolBlock& block) {
  const std::string tag = block.tag_known() ? TagText(block.tag) : "tag unknown";
  const std::string size = block.size_known() ? Counted(block.requested, "byte") + " requested" : "size unknown";
  return fmt::format("{}, {}, {}{}, {}", tag, size, block.paged ? "paged" : "nonpaged",
                     block.tracked ? ", tracked by Driver Verifier" : "",
                     block.mode == SpecialPoolMode::kVerifyEnd ? "at the page's end" : "at the page's start");
}

std::vector<std::string> FailedSpecialChecks(const SpecialPoolBlock& block) {
  std::vector<std::string> failed;
  if (!block.size_known()) failed.push_back("header: the size is none that special pool has");
  if ((block.damaged_header & 0x4) != 0)
    failed.push_back(fmt::format("header: names another filler byte than 0x{:02x}, which the page has", block.fill));
  if (!block.tag_known()) failed.push_back("header: the tag is no tag");
  AddStretch(failed, "filler between header and data", block.filler_damage, block.fill);
  AddStretch(failed, "filler behind the data", block.slop_damage, block.fill);
  return failed;
}

void WriteSpecialPicture(TextWriter& out, const SpecialPoolPage& page, std::size_t dump_rows) {
  for (std::uint32_t row = 0; row < kPageSize; row += kBytesPerRow) out.Line(DrawRow(page, row, out.palette()));
  out.Blank();
  WriteLegend(out, page);
  const std::vector<std::string> rows = DumpOf(page, out.palette(), dump_rows);
  if (!rows.empty()) out.Blank();
  for (const std::string& row : rows) out.Line(row);
}

}  // namespace poolblame::cli

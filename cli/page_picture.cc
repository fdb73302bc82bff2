#include "cli/page_picture.h"

#include <fmt/format.h>

#include <set>

#include "cli/incident_words.h"
#include "cli/text_writer.h"

namespace poolblame::cli {
namespace {

bool AnyByte(const std::bitset<kPageSize>& bytes, std::uint32_t offset) {
  for (std::uint32_t i = 0; i < kBytesPerCell; ++i)
    if (bytes[offset + i]) return true;
  return false;
}

PictureCell CellAt(const PageScene& scene, std::uint32_t offset) {
  if (AnyByte(scene.damaged, offset)) return {'!', Style::kDamage};
  if (AnyByte(scene.doubtful, offset)) return {'?', Style::kDamage};
  const std::optional<std::size_t> index = scene.page->BlockIndexAt(offset);
  if (!index) return {'~', Style::kDim};
  const PoolBlock& block = scene.page->blocks[*index];
  const bool starts = offset == block.offset && block.size > kBytesPerCell;
  return {starts ? '[' : scene.Letter(*index), scene.BlockStyle(*index)};
}

std::string DrawRow(const PageScene& scene, std::uint32_t offset, const Palette& palette) {
  std::string row = fmt::format("  +{:03x}  ", offset);
  std::string run;
  Style style = Style::kPlain;
  for (std::uint32_t at = offset; at < offset + kBytesPerRow; at += kBytesPerCell) {
    const PictureCell cell = CellAt(scene, at);
    if (cell.style != style) {
      row += palette.Paint(style, run);
      run.clear();
      style = cell.style;
    }
    run += cell.mark;
  }
  return row + palette.Paint(style, run);
}

const char* RoleWords(CulpritRole role) {
  switch (role) {
    case CulpritRole::kCulprit:
      return "culprit";
    case CulpritRole::kSuspect:
      return "suspect";
    case CulpritRole::kCandidate:
      return "first candidate, not established";
  }
  return "";
}

std::string BlockLine(const PageScene& scene, std::size_t index, const char* role, const Palette& palette) {
  const PoolBlock& block = scene.page->blocks[index];
  const std::string tag = block.tag_known ? TagText(block.tag()) : "tag unknown";
  return fmt::format("  {}  {}: {} at +{:03x}, {}, {}",
                     palette.Paint(scene.BlockStyle(index), std::string(1, scene.Letter(index))), role, tag,
                     block.offset, Counted(block.size, "byte"), BlockStateName(block.state));
}

std::string CulpritRoleText(const PageScene& scene) {
  const std::string role = RoleWords(scene.culprit_role);
  return scene.culprit == scene.victim ? "victim and " + role : role;
}

/// The marks that occur in the picture, apart from C and V.
std::string MarksLine(const PageScene& scene, const Palette& palette) {
  std::set<char> seen;
  for (std::uint32_t offset = 0; offset < kPageSize; offset += kBytesPerCell) seen.insert(CellAt(scene, offset).mark);
  std::string line;
  const auto add = [&](char mark, Style style, const char* words) {
    if (seen.count(mark) != 0)
      line += fmt::format("{}{}  {}", line.empty() ? "  " : "   ", palette.Paint(style, std::string(1, mark)), words);
  };
  add('!', Style::kDamage, "damaged");
  add('?', Style::kDamage, "damaged, true value unknown");
  add('[', Style::kPlain, "a block starts");
  add('.', Style::kDim, "free");
  const bool classic = scene.page->backend == PoolBackend::kClassic;
  add('~', Style::kDim, classic ? "end of a big allocation" : "no block begins here");
  if (seen.lower_bound('a') != seen.upper_bound('z')) line += "   a-z  other blocks";
  return line;
}

}  // namespace

std::vector<std::string> DrawPage(const PageScene& scene, const Palette& palette) {
  std::vector<std::string> rows;
  for (std::uint32_t offset = 0; offset < kPageSize; offset += kBytesPerRow)
    rows.push_back(DrawRow(scene, offset, palette));
  return rows;
}

std::vector<std::string> DrawLegend(const PageScene& scene, const Palette& palette) {
  std::vector<std::string> lines;
  if (scene.culprit) lines.push_back(BlockLine(scene, *scene.culprit, CulpritRoleText(scene).c_str(), palette));
  if (scene.culprit_elsewhere) {
    lines.push_back(fmt::format("     {}, on another page: {}", RoleWords(scene.culprit_role),
                                BlockText(*scene.culprit_elsewhere)));
  }
  if (scene.victim && scene.victim != scene.culprit)
    lines.push_back(BlockLine(scene, *scene.victim, "victim", palette));
  lines.push_back(MarksLine(scene, palette));
  return lines;
}

}  // namespace poolblame::cli

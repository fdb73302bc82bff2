#include "cli/hex_view.h"

#include <fmt/format.h>

#include <array>

#include "cli/text_writer.h"
#include "parser/base/ascii.h"

namespace poolblame::cli {
namespace {

constexpr std::uint32_t kRow = 16;
constexpr std::uint32_t kRows = kPageSize / kRow;

bool RowIsDamaged(const PageScene& scene, std::uint32_t row) {
  for (std::uint32_t i = row * kRow; i < (row + 1) * kRow; ++i)
    if (scene.damaged[i] || scene.doubtful[i]) return true;
  return false;
}

/// Damaged rows and their neighbours, ascending.
std::vector<std::uint32_t> RowsToShow(const PageScene& scene) {
  std::vector<std::uint32_t> rows;
  for (std::uint32_t row = 0; row < kRows; ++row) {
    const bool before = row > 0 && RowIsDamaged(scene, row - 1);
    const bool after = row + 1 < kRows && RowIsDamaged(scene, row + 1);
    if (before || after || RowIsDamaged(scene, row)) rows.push_back(row);
  }
  return rows;
}

std::string ByteText(const PageScene& scene, std::uint32_t offset, const Palette& palette) {
  const std::string hex = fmt::format("{:02x}", scene.page->bytes.bytes[offset]);
  if (scene.damaged[offset]) return palette.Paint(Style::kDamage, "!" + hex);
  if (scene.doubtful[offset]) return palette.Paint(Style::kDamage, "?" + hex);
  return " " + hex;
}

std::string DumpRow(const PageScene& scene, std::uint32_t row, const Palette& palette) {
  std::string hex, ascii;
  for (std::uint32_t offset = row * kRow; offset < (row + 1) * kRow; ++offset) {
    const std::uint8_t byte = scene.page->bytes.bytes[offset];
    const char shown = ShownAs(byte);
    if (offset % kRow == 8) hex += ' ';
    hex += ByteText(scene, offset, palette);
    ascii += scene.damaged[offset] ? palette.Paint(Style::kDamage, std::string(1, shown)) : std::string(1, shown);
  }
  return fmt::format("  {} {}  {}", AddressText(scene.base() + row * kRow), hex, ascii);
}

/// A wrong byte that nothing could mend stands as it was read.
bool IsKnown(const PageScene& scene, const PoolBlock& block, std::uint32_t i, std::uint8_t expected) {
  const bool damaged = (block.damaged_bytes >> i & 1) != 0, doubtful = (block.doubtful_bytes >> i & 1) != 0;
  return !doubtful && !(damaged && expected == scene.page->bytes.bytes[block.offset + i]);
}

/// The recovered bytes of the damaged headers in this row, under its bytes; empty when there are none.
std::string ExpectedRow(const PageScene& scene, std::uint32_t row) {
  std::string line(std::size_t{kRow} * 3 + 1, ' ');
  bool any = false;
  for (const PoolBlock& block : scene.page->blocks) {
    if (block.offset >= (row + 1) * kRow || block.offset + scene.page->header_size() <= row * kRow) continue;
    if (!block.header_damaged()) continue;
    const std::vector<std::uint8_t> bytes = scene.page->ExpectedHeader(block);
    for (std::uint32_t i = 0; i < bytes.size(); ++i) {
      if ((block.offset + i) / kRow != row) continue;
      const std::uint32_t column = (block.offset + i) % kRow;
      const bool unknown = !IsKnown(scene, block, i, bytes[i]);
      any = any || unknown || (block.damaged_bytes >> i & 1) != 0;
      line.replace(column * 3 + 1 + (column >= 8 ? 1 : 0), 2, unknown ? "??" : fmt::format("{:02x}", bytes[i]));
    }
  }
  if (!any) return "";
  line.erase(line.find_last_not_of(' ') + 1);
  return fmt::format("  {:>18} {}", "must have been", line);
}

}  // namespace

std::vector<std::string> DrawDamage(const PageScene& scene, const Palette& palette, std::size_t max_rows) {
  std::vector<std::string> lines;
  if (scene.page->bytes.bytes.size() < kPageSize || scene.page->layout == nullptr) return lines;
  const std::vector<std::uint32_t> rows = RowsToShow(scene);
  for (std::size_t i = 0; i < rows.size() && i < max_rows; ++i) {
    if (i > 0 && rows[i] != rows[i - 1] + 1) lines.push_back("  ...");
    lines.push_back(DumpRow(scene, rows[i], palette));
    if (std::string expected = ExpectedRow(scene, rows[i]); !expected.empty())
      lines.push_back(palette.Paint(Style::kDim, expected));
  }
  if (rows.size() > max_rows)
    lines.push_back(fmt::format("  ... and {}", Counted(rows.size() - max_rows, "row") + " more"));
  return lines;
}

}  // namespace poolblame::cli

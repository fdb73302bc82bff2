#include "cli/render_find.h"

#include <fmt/format.h>

#include <algorithm>
#include <vector>

#include "cli/escape.h"
#include "cli/json_sections.h"
#include "cli/text_writer.h"
#include "parser/base/ascii.h"

namespace poolblame::cli {
namespace {

/// The first bytes of the block, as far as its first page goes; empty where they are not in the image.
std::vector<std::uint8_t> FrontOf(const AddressSpace& space, const PlacedBlock& block) {
  const std::uint64_t in_page = kPageSize - block.begin.page_offset();
  std::vector<std::uint8_t> front(std::min<std::uint64_t>({FindList::kHexBytes, block.bytes, in_page}));
  if (block.physical) {
    const ByteView page = space.image().pages().Page(ToPfn(PhysAddr{block.begin.value}));
    if (page.size() != kPageSize) return {};
    std::copy_n(page.data() + block.begin.page_offset(), front.size(), front.begin());
    return front;
  }
  if (space.Read(block.begin, front) != Presence::kPresent) return {};
  return front;
}

std::string HexRow(const std::vector<std::uint8_t>& bytes, std::size_t from) {
  constexpr std::size_t kRow = 16;
  std::string hex, text;
  for (std::size_t i = from; i < std::min(from + kRow, bytes.size()); ++i) {
    hex += fmt::format("{:02x} ", bytes[i]);
    text += ShownAs(bytes[i]);
  }
  return fmt::format("    +{:02x}  {:<48} {}\n", from, hex, text);
}

const char* BackendName(PoolBackend backend) {
  switch (backend) {
    case PoolBackend::kVs:
      return "vs";
    case PoolBackend::kLfh:
      return "lfh";
    case PoolBackend::kBig:
      return "big";
    case PoolBackend::kPageSegment:
    case PoolBackend::kClassic:
      break;
  }
  return "classic";
}

std::string TagOrDoubt(const PlacedBlock& block) { return block.tag_known ? Escaped(block.tag.text()) : "?"; }

}  // namespace

FindList::FindList(const AddressSpace& space, FindForm form, bool hex, std::size_t most)
    : space_(space), form_(form), hex_(hex), most_(most == 0 ? kMostBlocks : std::min(most, kMostBlocks)) {}

void FindList::Add(const FoundBlock& found) {
  ++count_;
  bytes_ += found.block.bytes;
  if (count_ > most_) return;
  form_ == FindForm::kText ? AddText(found) : AddJson(found);
}

void FindList::AddText(const FoundBlock& found) {
  const PlacedBlock& block = found.block;
  lines_ += fmt::format("  {}{}  +{:03x}  {:>9}  {:<9}  {:<8}  {:<7}  {:<4}  {}{}\n", AddressText(block.address.value),
                        block.physical ? " (physical)" : "", block.begin.page_offset(), Grouped(block.bytes),
                        BlockStateName(block.state), PoolKindName(block.kind), BackendName(block.backend),
                        TagOrDoubt(block), DriverOrDash(found.owner.driver), block.damaged ? "  header damaged" : "");
  if (!hex_) return;
  const std::vector<std::uint8_t> front = FrontOf(space_, block);
  for (std::size_t at = 0; at < front.size(); at += 16) lines_ += HexRow(front, at);
}

void FindList::AddJson(const FoundBlock& found) {
  const PlacedBlock& block = found.block;
  Json line{{"record", "block"},
            {"address", JsonAddress(block.address.value)},
            {"header", JsonAddress(block.begin.value)},
            {"page", JsonAddress(block.begin.page().value)},
            {"physical", block.physical},
            {"size", block.bytes},
            {"state", BlockStateName(block.state)},
            {"pool", PoolKindName(block.kind)},
            {"backend", BackendName(block.backend)},
            {"tag", block.tag_known ? Json(block.tag.text()) : Json(nullptr)},
            {"tag_hex", block.tag_known ? Json(block.tag.hex()) : Json(nullptr)},
            {"header_damaged", block.damaged},
            {"driver", JsonText(found.owner.driver)}};
  if (hex_) line["hex"] = JsonHex(FrontOf(space_, block));
  lines_ += JsonLine(line);
}

std::string FindList::Finish(const ImageReport& facts, const BlockCoverage& coverage) const {
  const std::uint64_t left_out = count_ > most_ ? count_ - most_ : 0;
  if (form_ == FindForm::kJsonLines) {
    const Json image{{"schema", "poolblame.find/1"},
                     {"record", "image"},
                     {"tool", JsonTool()},
                     {"image", JsonImage(facts)},
                     {"blocks", count_},
                     {"bytes", bytes_},
                     {"blocks_left_out", left_out},
                     {"pages_left_out", coverage.pages_left_out}};
    return JsonLine(image) + lines_;
  }
  std::string text = fmt::format("{}, {} bytes\n", Counted(count_, "block"), Grouped(bytes_));
  if (count_ > 0)
    text += fmt::format("\n  {:<18}  {:<4}  {:>9}  {:<9}  {:<8}  {:<7}  {:<4}  {}\n", "address", "page", "bytes",
                        "state", "pool", "backend", "tag", "driver");
  text += lines_;
  if (left_out > 0) text += AndMore(left_out) + "\n";
  return text;
}

}  // namespace poolblame::cli

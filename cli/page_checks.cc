#include "cli/page_checks.h"

#include <fmt/format.h>

#include "cli/escape.h"
#include "cli/incident_words.h"
#include "cli/text_writer.h"

namespace poolblame::cli {
namespace {

std::string BlockName(const PoolBlock& block) {
  return fmt::format("+{:03x} {}", block.offset, block.tag_known ? TagText(block.tag()) : "(tag unknown)");
}

/// The bytes of one header field, as a mask over the header's bytes; x86 shares bytes between a size and its neighbour.
struct FieldBytes {
  std::uint32_t x86, x64;
};
constexpr FieldBytes kPreviousSizeBytes = {0x3, 0x1};
constexpr FieldBytes kPoolIndexBytes = {0x2, 0x2};
constexpr FieldBytes kBlockSizeBytes = {0xC, 0x4};
constexpr FieldBytes kPoolTypeBytes = {0x8, 0x8};
constexpr FieldBytes kPoolTagBytes = {0xF0, 0xF0};
constexpr FieldBytes kProcessBilledBytes = {0, 0xFF00};

class HeaderChecks {
 public:
  HeaderChecks(const PoolPage& page, const PoolBlock& block, std::vector<FailedCheck>& out)
      : layout_(*page.layout), before_(page.chunk_header()), block_(block), out_(out) {}

  void Run() {
    if (block_.chunk.read != block_.chunk.expected)
      out_.push_back({"chunk header " + BlockName(block_),
                      fmt::format("the encoded word is 0x{:016x}, must have been 0x{:016x}: {}, {} before it, {}",
                                  block_.chunk.read, block_.chunk.expected, Counted(block_.size, "byte"),
                                  Counted(block_.previous_size, "byte"), BlockStateName(block_.state))});
    const PoolHeaderFields &read = block_.read, &expected = block_.expected;
    Size("PreviousSize", kPreviousSizeBytes, read.PreviousSize, expected.PreviousSize);
    Number("PoolIndex", kPoolIndexBytes, read.PoolIndex, expected.PoolIndex);
    Size("BlockSize", kBlockSizeBytes, read.BlockSize, expected.BlockSize);
    Number("PoolType", kPoolTypeBytes, read.PoolType, expected.PoolType);
    Tag(read.PoolTag, expected.PoolTag);
    Number("ProcessBilled", kProcessBilledBytes, read.ProcessBilled, expected.ProcessBilled);
  }

 private:
  void Size(const char* field, FieldBytes bytes, std::uint32_t read, std::uint32_t expected) {
    const auto text = [&](std::uint32_t units) {
      return fmt::format("0x{:x} ({})", units, Counted(std::uint64_t{units} * layout_.unit, "byte"));
    };
    Add(field, bytes, read != expected, text(read), text(expected));
  }
  void Number(const char* field, FieldBytes bytes, std::uint64_t read, std::uint64_t expected) {
    Add(field, bytes, read != expected, fmt::format("0x{:x}", read), fmt::format("0x{:x}", expected));
  }
  void Tag(std::uint32_t read, std::uint32_t expected) {
    const auto text = [](std::uint32_t tag) { return fmt::format("0x{:08x} '{}'", tag, Escaped(PoolTag{tag}.text())); };
    if (block_.tag_known)
      Add("PoolTag", kPoolTagBytes, read != expected, text(read), text(expected));
    else
      AddUnknown("PoolTag", text(read));
  }
  void Add(const char* field, FieldBytes bytes, bool differs, const std::string& read, const std::string& expected) {
    const std::uint32_t mask = (layout_.is_64bit ? bytes.x64 : bytes.x86) << before_;
    if (differs)
      out_.push_back(
          {"header " + BlockName(block_), fmt::format("{} is {}, must have been {}", field, read, expected)});
    else if ((block_.doubtful_bytes & mask) != 0)
      AddUnknown(field, read);
  }
  void AddUnknown(const char* field, const std::string& read) {
    out_.push_back({"header " + BlockName(block_),
                    fmt::format("{} is {}, which lies inside the damage: its true value is not known", field, read)});
  }

  const PoolHeaderLayout& layout_;
  std::uint32_t before_;  // bytes of the block's masks that are not the POOL_HEADER's
  const PoolBlock& block_;
  std::vector<FailedCheck>& out_;
};

const char* LinkProblemText(LinkProblem problem) {
  switch (problem) {
    case LinkProblem::kNotKernelAddress:
      return "is no address that a pool list may hold";
    case LinkProblem::kBrokenBackLink:
      return "does not come back";
    case LinkProblem::kOnlyOneDamaged:
      return "is wrong, the other link is sound";
    case LinkProblem::kEndsEarly:
      return "ends its list, which states more blocks";
    case LinkProblem::kTwiceOnList:
      return "leads back, along its list, to its own block";
  }
  return "is wrong";
}

FailedCheck StructureFieldCheck(const HeapStructure& structure, const StructureCheck& check) {
  const auto at = (structure.address() + check.offset).page_offset();
  const auto value = [&](std::uint64_t word) { return fmt::format("0x{:0{}x}", word, 2 * check.length); };
  const std::string text = fmt::format("{} is {}", check.field, value(check.read));
  return {fmt::format("{} +{:03x}", StructureWords(structure.kind()), at),
          check.expected ? text + ", must have been " + value(*check.expected)
                         : text + ", which cannot be: its true value is not known"};
}

FailedCheck LinkCheck(const PoolPage& page, const FreeLinkFinding& link) {
  std::string text =
      fmt::format("the link at +{:03x} ({}) {}", link.offset, AddressText(link.value), LinkProblemText(link.problem));
  if (link.expected) text += fmt::format("; it must have been {}", AddressText(*link.expected));
  if (link.target_value != 0) text += fmt::format("; {} stands where it should", AddressText(link.target_value));
  const bool known = link.block < page.blocks.size();
  return {known ? "free block " + BlockName(page.blocks[link.block]) : "free block", text};
}

}  // namespace

std::vector<FailedCheck> FailedChecks(const PoolPage& page) {
  std::vector<FailedCheck> failed;
  if (page.layout == nullptr) return failed;
  for (const PoolBlock& block : page.blocks)
    if (block.header_damaged() || block.doubtful_bytes != 0) HeaderChecks(page, block, failed).Run();
  if (page.structure)
    for (const StructureCheck& check : page.structure->checks())
      failed.push_back(StructureFieldCheck(*page.structure, check));
  for (const FreeLinkFinding& link : page.free_links) failed.push_back(LinkCheck(page, link));
  for (const UncoalescedPair& pair : page.uncoalesced) {
    if (pair.first_block + 1 >= page.blocks.size()) continue;
    failed.push_back({"free blocks " + BlockName(page.blocks[pair.first_block]),
                      "and " + BlockName(page.blocks[pair.first_block + 1]) +
                          " lie side by side; the allocator would have merged them"});
  }
  return failed;
}

}  // namespace poolblame::cli

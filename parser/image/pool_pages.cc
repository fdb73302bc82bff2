// Bare pool pages: a file of nothing but memory that starts at the address the caller gives (WinDbg's `.writemem`).
#include "parser/image/container.h"

namespace poolblame {
namespace {

constexpr std::uint64_t kTop32 = std::uint64_t{1} << 32;
constexpr std::uint64_t kSignExtended32 = 0xFFFFFFFF80000000;  // WinDbg prints x86 kernel addresses in this form

}  // namespace

Result<ImageParts> OpenPoolPages(ByteView bytes, const OpenOptions& options) {
  std::uint64_t base = options.base->value;
  ImageParts parts;
  ImageFacts& facts = parts.facts;
  facts.container = "pool-pages";
  facts.machine = options.machine.value_or(Machine::kUnknown);
  if (facts.machine == Machine::kUnknown) facts.machine = base < kTop32 ? Machine::kX86 : Machine::kX64;
  facts.build = options.build;
  facts.is_build_given = options.build.has_value();
  if (facts.machine == Machine::kX86 && base >= kSignExtended32) base &= kTop32 - 1;
  const std::uint64_t top = facts.machine == Machine::kX86 ? kTop32 - 1 : ~std::uint64_t{0};
  if (base % kPageSize != 0)
    return Fail(ErrorKind::kUsage, "--base must be the address of a page (its last three hex digits are 000)", 0,
                kPageSize, base);
  if (base > top || bytes.size() - 1 > top - base)
    return Fail(ErrorKind::kUsage, "the file does not fit between --base and the end of the address space", 0,
                bytes.size(), base > top ? 0 : top - base);
  if (bytes.size() < kPageSize) return Fail(ErrorKind::kTruncated, "a pool page", 0, kPageSize, bytes.size());
  facts.pages_promised = bytes.size() / kPageSize;
  if (bytes.size() % kPageSize != 0)
    facts.notes.push_back("the last page has " + std::to_string(bytes.size() % kPageSize) +
                          " bytes of 4096 and is not judged");
  parts.virtual_ranges = VirtualMap({{VirtAddr{base}, bytes}});
  return parts;
}

}  // namespace poolblame

#include "samples/case_page.h"

#include <charconv>
#include <sstream>
#include <utility>
#include <vector>

#include "samples/bytes.h"
#include "samples/kernel_memory.h"
#include "samples/pool_block.h"

namespace poolblame::samples {
namespace {

constexpr std::uint64_t kMaxCasePages = 64;  // the largest case has 4; stops a typing error from taking all memory

struct CaseBlock {
  std::uint64_t address = 0, size = 0, previous = 0, type = 0;
  std::string tag;
  bool is_protected = false;
};
struct CasePatch {  // bytes at an address, in file order
  std::uint64_t address = 0;
  Bytes bytes;
};
struct CaseTemplate {  // bytes at a payload offset of every block of a tag; empty = a LIST_ENTRY to itself
  std::string tag;
  std::uint64_t offset = 0;
  Bytes bytes;
};

struct Case {
  bool x64 = true;
  std::uint64_t base = 0, pages = 1;
  Truth truth;
  std::vector<CaseBlock> blocks;
  std::vector<CaseTemplate> templates;
  std::vector<CasePatch> patches;
};

/// The words of one line; a text in double quotes is one word, so that a tag may have spaces.
std::vector<std::string> WordsOf(const std::string& line) {
  std::vector<std::string> words;
  std::istringstream in(line);
  while (in >> std::ws && in.peek() != std::char_traits<char>::eof()) {
    std::string word;
    if (in.peek() == '"') {
      in.get();
      std::getline(in, word, '"');
    } else {
      in >> word;
    }
    words.push_back(word);
  }
  return words;
}

bool ToNumber(const std::string& word, std::uint64_t& out) {
  const bool hex = word.starts_with("0x");
  const char* begin = word.data() + (hex ? 2 : 0);
  const char* end = word.data() + word.size();
  const auto read = std::from_chars(begin, end, out, hex ? 16 : 10);
  return read.ec == std::errc{} && read.ptr == end && begin != end;
}

bool ToBytes(const std::string& word, Bytes& out) {
  if (word.size() % 2 != 0) return false;
  for (std::size_t i = 0; i < word.size(); i += 2) {
    std::uint8_t byte = 0;
    const auto read = std::from_chars(&word[i], &word[i] + 2, byte, 16);
    if (read.ec != std::errc{} || read.ptr != &word[i] + 2) return false;
    out.push_back(byte);
  }
  return true;
}

bool ReadBlock(const std::vector<std::string>& words, Case& out) {
  CaseBlock block;
  if (words.size() < 6 || words[5].size() != 4) return false;
  block.tag = words[5];
  block.is_protected = words.size() > 6 && words[6] == "protected";
  out.blocks.push_back(block);
  CaseBlock& b = out.blocks.back();
  return ToNumber(words[1], b.address) && ToNumber(words[2], b.size) && ToNumber(words[3], b.previous) &&
         ToNumber(words[4], b.type);
}

bool ReadFill(const std::vector<std::string>& words, Case& out) {
  std::uint64_t size = 0;
  std::uint64_t byte = 0;
  CasePatch patch;
  if (words.size() != 4 || !ToNumber(words[1], patch.address) || !ToNumber(words[2], size) || !ToNumber(words[3], byte))
    return false;
  if (size > kMaxCasePages * kPage) return false;
  patch.bytes.assign(size, static_cast<std::uint8_t>(byte));
  out.patches.push_back(patch);
  return true;
}

bool ReadHex(const std::vector<std::string>& words, Case& out) {
  CasePatch patch;
  if (words.size() != 3 || !ToNumber(words[1], patch.address) || !ToBytes(words[2], patch.bytes)) return false;
  out.patches.push_back(patch);
  return true;
}

bool ReadTemplate(const std::vector<std::string>& words, Case& out) {
  CaseTemplate row;
  if (words.size() < 3 || !ToNumber(words[2], row.offset)) return false;
  row.tag = words[1];
  if (words[0] == "payload" && (words.size() != 4 || !ToBytes(words[3], row.bytes))) return false;
  out.templates.push_back(row);
  return true;
}

bool ReadParty(const std::vector<std::string>& words, std::uint64_t& header, std::string& tag) {
  if (words.size() != 3) return false;
  tag = words[2];
  return ToNumber(words[1], header);
}

bool ReadLine(const std::vector<std::string>& words, Case& out) {
  const std::string& key = words[0];
  std::uint64_t number = 0;
  if (key == "case" || key == "source" || key == "proof") return words.size() > 1;
  if (key == "visible") return out.truth.visible = true;
  if (key == "header_hit") return out.truth.header_hit = true;
  if (key == "block") return ReadBlock(words, out);
  if (key == "payload" || key == "self") return ReadTemplate(words, out);
  if (key == "fill") return ReadFill(words, out);
  if (key == "hex") return ReadHex(words, out);
  if (words.size() < 2) return false;
  if (key == "machine")
    return out.x64 = words[1] == "x64", out.truth.machine = words[1], words[1] == "x64" || words[1] == "x86";
  if (key == "kind") return out.truth.kind = words[1], true;
  if (key == "culprit") return ReadParty(words, out.truth.culprit_header, out.truth.culprit_tag);
  if (key == "victim") return ReadParty(words, out.truth.victim_header, out.truth.victim_tag);
  if (!ToNumber(words[1], number)) return false;
  if (key == "base") return out.base = number, number % kPage == 0;
  if (key == "pages") return out.pages = number, number >= 1 && number <= kMaxCasePages;
  if (key == "build") return out.truth.build = static_cast<std::uint32_t>(number), true;
  if (key == "damage")
    return out.truth.damage_start = number, words.size() == 3 && ToNumber(words[2], out.truth.damage_end);
  return false;
}

/// Writes into the image; false where the address is outside of it.
bool Place(const Case& c, Bytes& image, std::uint64_t address, std::span<const std::uint8_t> bytes) {
  if (address < c.base || address - c.base > image.size() || bytes.size() > image.size() - (address - c.base))
    return false;
  std::copy(bytes.begin(), bytes.end(), image.begin() + static_cast<std::ptrdiff_t>(address - c.base));
  return true;
}

bool PlaceSelfLink(const Case& c, Bytes& image, std::uint64_t at) {
  const std::size_t pointer = c.x64 ? 8 : 4;
  Bytes both(16, 0);
  Put64(both, 0, at);
  both.resize(pointer);
  return Place(c, image, at, both) && Place(c, image, at + pointer, both);
}

bool PlaceBlock(const Case& c, Bytes& image, const CaseBlock& block) {
  const std::uint32_t unit = c.x64 ? 16 : 8;
  const HeaderFields fields{static_cast<std::uint32_t>(block.previous / unit), 0,
                            static_cast<std::uint32_t>(block.size / unit), static_cast<std::uint32_t>(block.type),
                            TagOf(block.tag) | (block.is_protected ? 0x80000000U : 0U)};
  if (!Place(c, image, block.address, EncodeHeader(fields, c.x64))) return false;
  for (const CaseTemplate& row : c.templates) {
    if (row.tag != block.tag) continue;
    const std::uint64_t at = block.address + unit + row.offset;  // a header is as long as a unit on both machines
    if (row.bytes.empty() ? !PlaceSelfLink(c, image, at) : !Place(c, image, at, row.bytes)) return false;
  }
  return true;
}

Result<BuiltImage> Render(Case& c) {
  Bytes image(c.pages * kPage, 0);
  for (const CaseBlock& block : c.blocks) {
    if (!PlaceBlock(c, image, block))
      return Fail(ErrorKind::kUsage, "case: a block lies outside the pages", block.address);
  }
  for (const CasePatch& patch : c.patches) {
    if (!Place(c, image, patch.address, patch.bytes)) {
      return Fail(ErrorKind::kUsage, "case: bytes lie outside the pages", patch.address);
    }
  }
  c.truth.base = c.base;
  c.truth.page = (c.truth.victim_header != 0 ? c.truth.victim_header : c.base) & ~(kPage - 1);
  return BuiltImage{std::move(image), c.truth};
}

}  // namespace

bool IsCase(const std::string& text) {
  std::istringstream lines(text);
  std::string line;
  while (std::getline(lines, line)) {
    if (line.empty() || line[0] == '#') continue;
    return line.starts_with("case ");
  }
  return false;
}

Result<BuiltImage> BuildCase(const std::string& text) {
  Case built;
  std::istringstream lines(text);
  std::string line;
  std::uint64_t number = 0;
  while (std::getline(lines, line)) {
    ++number;
    const auto words = WordsOf(line);
    if (words.empty() || words[0][0] == '#') continue;
    if (!ReadLine(words, built))
      return Fail(ErrorKind::kUsage, "case line " + std::to_string(number) + " not understood: " + line);
  }
  return Render(built);
}

}  // namespace poolblame::samples

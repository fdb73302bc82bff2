#include "parser/image/secondary_data.h"

#include <algorithm>
#include <string_view>

#include "parser/format/dump_blob.h"
#include "parser/image/container.h"

namespace poolblame {
namespace {

/// "54c84888-01d1-…": the first three fields are little-endian, the rest are bytes in their order.
std::string GuidText(const std::uint8_t (&guid)[16]) {
  constexpr std::array<std::size_t, 16> kOrder = {3, 2, 1, 0, 5, 4, 7, 6, 8, 9, 10, 11, 12, 13, 14, 15};
  std::string text;
  for (std::size_t i = 0; i < kOrder.size(); ++i) {
    if (i == 4 || i == 6 || i == 8 || i == 10) text += '-';
    text += "0123456789abcdef"[guid[kOrder[i]] >> 4];
    text += "0123456789abcdef"[guid[kOrder[i]] & 0xF];
  }
  return text;
}

class BlockList {
 public:
  BlockList(ByteView bytes, std::uint64_t at, ImageFacts& facts) : bytes_(bytes), at_(at), facts_(facts) {}

  void Read() {
    while (ReadBlock()) continue;
  }

 private:
  /// False at the end, after a note where that is not a proper one.
  bool ReadBlock() {
    const auto header = bytes_.TryRead<DumpBlobHeader>(at_);
    if (!header) return EndOfFile();
    if (header->HeaderSize == 0) return false;
    if (header->HeaderSize < sizeof(DumpBlobHeader))
      return Stop("says that its header has " + std::to_string(header->HeaderSize) + " bytes");
    if (facts_.secondary_data.size() == kMaxSecondaryBlocks)
      return Stop("is one more than the " + std::to_string(kMaxSecondaryBlocks) + " that are listed");
    // Four 32-bit sizes and an offset in a file: cannot wrap.
    const std::uint64_t data = at_ + header->HeaderSize + header->PrePad;
    if (!bytes_.Contains(data, header->DataSize))
      return Stop("needs " + std::to_string(header->DataSize) + " bytes at " + HexText(data) + ", the file has " +
                  std::to_string(bytes_.size() - std::min<std::uint64_t>(data, bytes_.size())) + " left");
    facts_.secondary_data.push_back({GuidText(header->Tag), FileOffset{data}, header->DataSize});
    at_ = data + header->DataSize + header->PostPad;
    return true;
  }

  /// Zeros that do not fill a header are padding; other bytes are a header that was cut.
  bool EndOfFile() {
    if (at_ >= bytes_.size()) return false;
    const bool is_padding = std::all_of(bytes_.begin() + at_, bytes_.end(), [](std::uint8_t b) { return b == 0; });
    return is_padding ? false : Stop("has " + std::to_string(bytes_.size() - at_) + " bytes of its header left");
  }

  bool Stop(const std::string& why) {
    facts_.notes.push_back("secondary data of drivers is damaged: block " +
                           std::to_string(facts_.secondary_data.size() + 1) + " at " + HexText(at_) + " " + why +
                           "; memory is not affected");
    return false;
  }

  ByteView bytes_;
  std::uint64_t at_;  // of the next block's header
  ImageFacts& facts_;
};

}  // namespace

std::string_view SecondaryDataNameOf(std::string_view guid) {
  const auto row = std::ranges::find(kSecondaryDataNames, guid, &SecondaryDataName::guid);
  return row == kSecondaryDataNames.end() ? std::string_view() : row->name;
}

void ReadSecondaryData(ByteView bytes, std::uint64_t at, ImageFacts& facts) {
  if (at >= bytes.size()) return;
  const ByteView rest(bytes.data() + at, static_cast<std::size_t>(bytes.size() - at));
  const std::string_view text(reinterpret_cast<const char*>(rest.data()), rest.size());
  if (!text.starts_with(kDumpBlobSignature)) return;
  const auto header = rest.TryRead<DumpBlobFileHeader>(0);
  if (!header || header->HeaderSize < sizeof(DumpBlobFileHeader)) {
    facts.notes.push_back("secondary data of drivers at " + HexText(at) +
                          " has no whole header; memory is not affected");
    return;
  }
  BlockList(bytes, at + header->HeaderSize, facts).Read();
}

}  // namespace poolblame

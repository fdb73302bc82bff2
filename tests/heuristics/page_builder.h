// Pool pages written block by block, with the faults of the field as verbs. The bytes are typed here and not taken from
// parser/format, so that a wrong layout row there cannot hide behind the same mistake here.
#pragma once

#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

namespace poolblame::testing {

using ByteString = std::vector<std::uint8_t>;

/// `n` times `byte`.
ByteString Repeat(std::uint8_t byte, std::uint32_t n);
/// `pattern` again and again for `n` bytes, from its first byte on.
ByteString Cycle(const ByteString& pattern, std::uint32_t n);
ByteString Ascii(std::string_view text);
ByteString Utf16(std::string_view text);
/// Little-endian, `size` bytes.
ByteString Word(std::uint64_t value, std::uint32_t size);
ByteString operator+(ByteString a, const ByteString& b);
/// Bytes that look like nothing in particular: different for every seed, no zeros, no text of four characters, no
/// period, no kernel pointer.
ByteString Varied(std::uint32_t n, std::uint32_t seed);

enum class Windows { kXp32, kSeven32, kSeven64, kEightOne64 };

/// What the pages of one Windows look like.
struct WindowsFacts {
  bool is_64bit;
  std::uint32_t build;
  std::string_view layout;       // PoolHeaderLayout::name
  std::uint32_t unit;            // bytes; the header has as many
  std::uint8_t nonpaged_in_use;  // PoolType of an allocated block
  std::uint64_t first_page;      // where Stage puts its pages
  std::uint64_t list_head;       // of free lists: a kernel address outside every image
};
const WindowsFacts& FactsOf(Windows windows);

/// A block as it was before the fault.
struct BlockTruth {
  std::string tag;
  std::uint32_t offset = 0, size = 0, previous_size = 0;  // bytes
  bool free = false;
};

struct BuiltPage {
  ByteString bytes;    // after the faults
  ByteString healthy;  // before them
  std::vector<BlockTruth> blocks;
};

/// Verbs speak of the block added last. Faults happen when the page is built, after every block stands.
class PageBuilder {
 public:
  explicit PageBuilder(Windows windows, std::uint32_t seed = 1);

  /// An allocated block of `size` bytes, header included, with Varied payload.
  PageBuilder& Block(std::string_view tag, std::uint32_t size);
  /// A free block whose LIST_ENTRY is alone on its list.
  PageBuilder& FreeBlock(std::string_view tag, std::uint32_t size);
  PageBuilder& Fill(std::uint8_t byte);
  PageBuilder& Put(std::uint32_t payload_offset, const ByteString& bytes);
  PageBuilder& PutAtEnd(const ByteString& bytes);

  PageBuilder& Overrun(const ByteString& bytes);  // over the next block's header
  PageBuilder& Overrun(std::uint32_t n, std::uint8_t byte);
  PageBuilder& Underrun(const ByteString& bytes);  // the bytes end where the payload begins
  PageBuilder& OverwriteHeader(std::uint32_t offset, const ByteString& bytes);
  PageBuilder& OverwritePayload(std::uint32_t offset, const ByteString& bytes);
  PageBuilder& FlipBit(std::uint32_t header_offset, unsigned bit);
  PageBuilder& Overwrite(std::uint32_t page_offset, const ByteString& bytes);

  [[nodiscard]] const WindowsFacts& facts() const { return facts_; }
  /// Offset in the page of the payload of the block added last.
  [[nodiscard]] std::uint32_t payload() const { return blocks_.back().offset + facts_.unit; }
  /// The rest of the page becomes allocated blocks tagged `Rest`.
  [[nodiscard]] BuiltPage Build() const;

 private:
  struct Fault {
    std::uint32_t offset = 0;
    ByteString bytes;
    bool flips = false;  // bytes are xor-ed
  };
  void Add(std::string_view tag, std::uint32_t size, std::uint8_t type);
  [[nodiscard]] std::uint32_t end() const { return blocks_.empty() ? 0 : blocks_.back().offset + blocks_.back().size; }

  WindowsFacts facts_;
  std::uint32_t seed_;
  ByteString bytes_;
  std::vector<BlockTruth> blocks_;
  std::vector<Fault> faults_;
};

}  // namespace poolblame::testing

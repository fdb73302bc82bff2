// What drivers added behind the pages of a dump: listed where it is whole, told in one sentence where it is not, and
// never a reason to doubt the memory.
#include <gmock/gmock.h>

#include "tests/image/open.h"

namespace poolblame::testing {
namespace {

using ::testing::ElementsAre;
using ::testing::HasSubstr;
using ::testing::IsEmpty;

constexpr std::uint32_t kWholeHeader = 0x20;

/// A block as the published layout has it; the tag's bytes are 0x10, 0x11, … 0x1F.
Bytes Block(std::uint32_t data, std::uint32_t before = 0, std::uint32_t behind = 0,
            std::uint32_t header = kWholeHeader) {
  Bytes block;
  block.U32(0x00, header);
  for (std::uint64_t i = 0; i < 16; ++i) block.U8(0x04 + i, 0x10 + i);
  return block.U32(0x14, data).U32(0x18, before).U32(0x1C, behind).Resize(header + before + data + behind);
}

Bytes Blob(const std::vector<Bytes>& blocks) {
  Bytes blob;
  blob.Text(0, "DumpBlob").U32(0x08, 0x10).U32(0x0C, 0xF0001DB1);
  for (const Bytes& block : blocks) blob.Append(block.vector().data(), block.size());
  return blob;
}

PhysicalMemory ThreePages() {
  PhysicalMemory memory;
  memory.Add(1, 0xA1).Add(2, 0xA2).Add(9, 0xA9);
  return memory;
}

Bytes With(Bytes dump, const Bytes& blob) { return dump.Append(blob.vector().data(), blob.size()); }
Bytes FullWith(const Bytes& blob) { return With(FullDump64(ThreePages(), RunsOf(ThreePages())), blob); }

std::vector<std::uint64_t> SizesOf(const Image& image) {
  std::vector<std::uint64_t> sizes;
  for (const SecondaryBlock& block : image.facts().secondary_data) sizes.push_back(block.size);
  return sizes;
}

TEST(SecondaryData, IsListedBehindThePagesOfEveryKindOfDump) {
  const PhysicalMemory memory = ThreePages();
  TestTriage triage;
  triage.blocks = {{0xFFFFFA8000010000, std::vector<std::uint8_t>(0x1000, 0xB2)}};
  TestTriage narrow;
  narrow.blocks = {{0x81234000, std::vector<std::uint8_t>(0x1000, 0xB1)}};
  const Bytes dumps[] = {FullDump64(memory, RunsOf(memory)),
                         FullDump32(memory, RunsOf(memory)),
                         SummaryDump64(memory, 100),
                         SummaryDump32(memory, 100),
                         BitmapDump64(memory, 100, "FDMP", {.type = 5}),
                         BitmapDump32(memory, 100, "SDMP", {.type = 6}),
                         TriageDump64(triage),
                         TriageDump32(narrow, 12)};
  for (const Bytes& dump : dumps) {
    const OpenedImage opened = Open(With(dump, Blob({Block(5, 0, 3), Block(0), Block(16, 8)})));
    const ImageFacts& facts = opened.image.facts();
    SCOPED_TRACE(facts.container);
    EXPECT_THAT(SizesOf(opened.image), ElementsAre(5, 0, 16));
    EXPECT_EQ(facts.secondary_data[0].guid, "13121110-1514-1716-1819-1a1b1c1d1e1f");
    EXPECT_EQ(facts.secondary_data[0].offset, FileOffset{dump.size() + 0x10 + 0x20});
    EXPECT_EQ(facts.secondary_data[2].offset, FileOffset{dump.size() + 0x10 + 0x28 + 0x20 + 0x20 + 8});
    EXPECT_FALSE(facts.truncated);
    EXPECT_THAT(facts.notes, IsEmpty());
    const OpenedImage bare = Open(dump);
    EXPECT_EQ(opened.image.pages().page_count(), bare.image.pages().page_count());
    EXPECT_EQ(opened.image.virtual_ranges().ranges().size(), bare.image.virtual_ranges().ranges().size());
    EXPECT_THAT(bare.image.facts().secondary_data, IsEmpty());
  }
}

TEST(SecondaryData, EndsWithTheFileWithPaddingOrWithAHeaderOfZeros) {
  Bytes padded = Blob({Block(5)});
  padded.Resize(padded.size() + 0x1F);
  Bytes ended = Blob({Block(5)});
  ended.Resize(ended.size() + 0x20).Append(Block(7).vector().data(), 0x27);
  for (const Bytes& blob : {padded, ended}) {
    const OpenedImage opened = Open(FullWith(blob));
    EXPECT_THAT(SizesOf(opened.image), ElementsAre(5));
    EXPECT_THAT(opened.image.facts().notes, IsEmpty());
  }
}

TEST(SecondaryData, OtherBytesBehindThePagesAreNone) {
  for (const char* const text : {"", "DumpBlo", "dumpblob with other letters", "PAGEDU64"}) {
    const OpenedImage opened = Open(FullWith(Bytes().Text(0, text)));
    EXPECT_THAT(opened.image.facts().secondary_data, IsEmpty());
    EXPECT_THAT(opened.image.facts().notes, IsEmpty());
  }
}

TEST(SecondaryData, DamageIsOneSentenceAndNoMoreThanThat) {
  const std::uint64_t blocks = 0x2000 + 3 * 0x1000 + 0x10;  // 0x5010
  Bytes cut = Blob({Block(5), Block(0x1000)});
  cut.Resize(cut.size() - 0xF00);
  const struct {
    Bytes blob;
    std::vector<std::uint64_t> sizes;
    const char* note;
  } cases[] = {
      {cut, {5}, "block 2 at 0x5035 needs 4096 bytes at 0x5055, the file has 256 left"},
      {Blob({Block(5, 0, 0, 0x1F)}), {}, "block 1 at 0x5010 says that its header has 31 bytes"},
      {Blob({Block(1).U32(0x14, 0xFFFFFFFF)}), {}, "needs 4294967295 bytes at 0x5030, the file has 1 left"},
      {Blob({Block(1).U32(0x18, 0xFFFFFFFF)}), {}, "needs 1 bytes at 0x10000502f, the file has 0 left"},
      {Blob({Block(1).U32(0x00, 0xFFFFFFFF)}), {}, "the file has 0 left"},
      {With(Blob({Block(5)}), Bytes().U32(0, 0x20)), {5}, "block 2 at 0x5035 has 4 bytes of its header left"},
      {Bytes().Text(0, "DumpBlob").U32(8, 0xF).U32(12, 0), {}, "at 0x5000 has no whole header"},
      {Bytes().Text(0, "DumpBlob").U32(8, 0x10), {}, "at 0x5000 has no whole header"},
  };
  ASSERT_EQ(blocks, 0x5010u);
  for (const auto& test : cases) {
    const OpenedImage opened = Open(FullWith(test.blob));
    EXPECT_EQ(SizesOf(opened.image), test.sizes);
    ASSERT_EQ(opened.image.facts().notes.size(), 1u) << test.note;
    EXPECT_THAT(opened.image.facts().notes.front(), HasSubstr(test.note));
    EXPECT_THAT(opened.image.facts().notes.front(), HasSubstr("memory is not affected"));
    EXPECT_FALSE(opened.image.facts().truncated);
    EXPECT_EQ(opened.image.pages().page_count(), 3u);
  }
}

TEST(SecondaryData, EveryCutLeavesTheMemoryWhole) {
  const Bytes whole = FullWith(Blob({Block(5, 3, 3), Block(40)}));
  for (std::size_t length = 0x5000; length < whole.size(); ++length) {
    const std::vector<std::uint8_t> prefix(whole.vector().begin(),
                                           whole.vector().begin() + static_cast<std::ptrdiff_t>(length));
    const OpenedImage opened = Open(prefix);
    EXPECT_EQ(opened.image.pages().page_count(), 3u);
    EXPECT_FALSE(opened.image.facts().truncated);
    EXPECT_LE(opened.image.facts().notes.size(), 1u);
  }
}

TEST(SecondaryData, AFileOfEmptyBlocksHasAnEnd) {
  const OpenedImage opened = Open(FullWith(Blob(std::vector<Bytes>(5000, Block(0)))));
  EXPECT_EQ(opened.image.facts().secondary_data.size(), 4096u);
  EXPECT_THAT(opened.image.facts().notes, ElementsAre(HasSubstr("is one more than the 4096 that are listed")));
}

TEST(SecondaryData, PagesThatAreMissingComeBeforeIt) {
  Bytes file = FullWith(Blob({Block(5)}));
  const OpenedImage opened = Open(file.U64(0xA0, 3));  // one more page than the file has: no place is known
  EXPECT_THAT(opened.image.facts().secondary_data, IsEmpty());
  EXPECT_TRUE(opened.image.facts().truncated);
}

TEST(SecondaryData, TheHeaderSaysThatItFailed) {
  Bytes file = FullDump64(ThreePages(), RunsOf(ThreePages()));
  EXPECT_THAT(Open(Bytes(file).U32(0x103C, 0)).image.facts().notes, IsEmpty());
  EXPECT_THAT(Open(Bytes(file).U32(0x103C, 0xC0000023)).image.facts().notes, ElementsAre(HasSubstr("0xc0000023")));
}

TEST(SecondaryData, ItsWriterIsNamedWhereAPublicSourceNamesIt) {
  EXPECT_EQ(SecondaryDataNameOf("f87e4a4c-c5a1-4d2f-bff0-d5de63a5e4c3"), "KMDF: its drivers");
  EXPECT_EQ(SecondaryDataNameOf("13121110-1514-1716-1819-1a1b1c1d1e1f"), "");
}

}  // namespace
}  // namespace poolblame::testing

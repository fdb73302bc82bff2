// Bug checks of real crashes (parameters as their reporters published them), and near misses of each.
#include "parser/kernel/bugcheck.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include <string>

#include "parser/kernel/exception_record.h"
#include "tests/kernel/fake_memory.h"

namespace poolblame {
namespace {

using testing::ElementsAre;
using testing::HasSubstr;
using testing::IsEmpty;
using testing::Not;

using Parameters = std::array<std::uint64_t, 4>;

BugCheck X64(std::uint32_t code, Parameters p, std::optional<std::uint32_t> build = 17134) {
  return ExplainBugCheck({code, p}, Machine::kX64, build);
}
BugCheck X86(std::uint32_t code, Parameters p, std::optional<std::uint32_t> build = 7601) {
  return ExplainBugCheck({code, p}, Machine::kX86, build);
}

std::vector<std::string> Roles(const BugCheck& check) {
  std::vector<std::string> roles;
  for (const BugCheckAddress& a : check.addresses) roles.push_back(a.role);
  return roles;
}

// 0x19/0x20: a block freed whose next header is smashed.

TEST(BadPoolHeader20, Windows10) {
  const BugCheck check = X64(0x19, {0x20, 0xffffb30e2663d940, 0xffffb30e2663da00, 0x40c0001});
  EXPECT_EQ(check.name, "BAD_POOL_HEADER");
  EXPECT_TRUE(check.pool_related);
  EXPECT_EQ(check.hint, BugCheckHint::kOverrunLikely);
  EXPECT_EQ(check.header_ulong1, 0x40c0001u);
  EXPECT_EQ(check.meaning,
            "the header at 0xffffb30e2663da00 does not agree with the block being freed at 0xffffb30e2663d940 about "
            "that block's size; the block says it is 0xc0 bytes long, which leads there");
  ASSERT_THAT(Roles(check), ElementsAre("freed block", "next block"));
  EXPECT_EQ(check.addresses[0].address, VirtAddr{0xffffb30e2663d940});
  EXPECT_EQ(check.addresses[0].use, AddressUse::kBlockHeader);
  EXPECT_EQ(check.addresses[1].address, VirtAddr{0xffffb30e2663da00});
}

TEST(BadPoolHeader20, SizesOnX86CountUnitsOfEight) {
  EXPECT_THAT(X86(0x19, {0x20, 0x81cae7b0, 0x81cae8c8, 0xa23002b}, 2600).meaning,
              HasSubstr("0x118 bytes long, which leads there"));
  const BugCheck vista = X86(0x19, {0x20, 0x8b79d078, 0x8b79d158, 0x8a1c0004}, 6001);
  EXPECT_THAT(vista.meaning, HasSubstr("0xe0 bytes long, which leads there"));
  EXPECT_EQ(vista.header_ulong1, 0x8a1c0004u);
}

TEST(BadPoolHeader20, SaysWhenTheSizeLeadsElsewhere) {
  EXPECT_THAT(X64(0x19, {0x20, 0xffffb30e2663d940, 0xffffb30e2663da00, 0x4410041}).meaning,
              HasSubstr("0x410 bytes long, which does not lead there"));
}

TEST(BadPoolHeader20, BlockThatIsItsOwnNeighbourHasADamagedHeader) {
  EXPECT_THAT(X86(0x19, {0x20, 0x84e89a60, 0x84e89a60, 0x41000041}).meaning, HasSubstr("its own header is damaged"));
}

TEST(BadPoolHeader20, WithoutTheHeaderNothingIsSaidOfIt) {
  const BugCheck check = X64(0x19, {0x20, 0xffffb30e2663d940, 0xffffb30e2663da00, 0});
  EXPECT_FALSE(check.header_ulong1);
  EXPECT_THAT(check.meaning, Not(HasSubstr("long")));
}

// 0x19/3: free-list links.

TEST(BadPoolHeader3, OverwrittenLinksAreReadAsText) {
  const BugCheck check = X86(0x19, {0x3, 0x8278d970, 0x4f4f4f4f, 0x4f4f4f4f});
  EXPECT_EQ(check.hint, BugCheckHint::kFreeList);
  EXPECT_THAT(check.meaning, HasSubstr("0x4f4f4f4f (its bytes read \"OOOO\")"));
  EXPECT_THAT(check.meaning, HasSubstr("both neighbours"));
  ASSERT_THAT(Roles(check), ElementsAre("free-list entry"));  // 0x4f4f4f4f is no kernel address
  EXPECT_EQ(check.addresses[0].use, AddressUse::kListEntry);
}

TEST(BadPoolHeader3, NamesTheNeighbourThatDiffers) {
  const std::uint64_t entry = 0xfffffa8001234560;
  EXPECT_THAT(X64(0x19, {3, entry, 0x41, entry}, 7601).meaning, HasSubstr("the entry behind it is damaged"));
  EXPECT_THAT(X64(0x19, {3, entry, entry, 0x41}, 7601).meaning, HasSubstr("the entry before it is damaged"));
  EXPECT_THAT(X64(0x19, {3, entry, entry, entry}, 7601).meaning, HasSubstr("both agree"));
}

TEST(BadPoolHeader22, FreeOfAPageThatIsNoBigAllocation) {
  const BugCheck check = X64(0x19, {0x22, 0xffffbd06d46e0000, 0x1, 0x0}, 19041);
  EXPECT_EQ(check.hint, BugCheckHint::kDoubleFree);
  ASSERT_EQ(check.addresses.size(), 1u);
  EXPECT_EQ(check.addresses[0].use, AddressUse::kBlockPayload);
  ASSERT_EQ(X86(0x19, {0x22, 0xa9c14000, 0x1, 0x0}).addresses.size(), 1u);
}

// 0xC2/7: freed twice, or a smashed header?

TEST(BadPoolCaller7, HeaderOfAFreedBlockMeansFreedTwice) {
  const BugCheck check = X64(0xC2, {0x7, 0x4a424b43, 0x40a0018, 0xffffa0068e4956f0});
  EXPECT_EQ(check.hint, BugCheckHint::kDoubleFree);
  EXPECT_EQ(check.header_ulong1, 0x40a0018u);
  EXPECT_THAT(check.meaning, HasSubstr("0xa0 bytes, type 0x4, tag 'CKBJ': a block that was freed before"));
  ASSERT_EQ(check.addresses.size(), 1u);
  EXPECT_EQ(check.addresses[0].address, VirtAddr{0xffffa0068e4956f0});
  EXPECT_EQ(check.addresses[0].use, AddressUse::kBlockPayload);
}

TEST(BadPoolCaller7, HeaderOfLettersMeansOverrun) {
  const BugCheck check = X64(0xC2, {0x7, 0x41414141, 0x41414141, 0xffffa0068e4956f0});
  EXPECT_EQ(check.hint, BugCheckHint::kOverrunLikely);
  EXPECT_THAT(check.meaning, HasSubstr("the header is damaged"));
}

TEST(BadPoolCaller7, OlderKernelsPassALineNumberThatIsNoTag) {
  EXPECT_THAT(X86(0xC2, {0x7, 0x1097, 0x8060004, 0x85a2b3c8}).meaning, Not(HasSubstr("tag")));
}

TEST(BadPoolCaller7, ParametersMovedWithServer2003AndVista) {
  const BugCheck xp = X86(0xC2, {0x7, 0xcd4, 0x81abc000, 0}, 2600);
  ASSERT_EQ(xp.addresses.size(), 1u);
  EXPECT_EQ(xp.addresses[0].address, VirtAddr{0x81abc000});
  EXPECT_EQ(xp.addresses[0].use, AddressUse::kBlockHeader);
  const BugCheck server2003 = X86(0xC2, {0x7, 0x121a, 0x2060001, 0x89abc018}, 3790);
  ASSERT_EQ(server2003.addresses.size(), 1u);
  EXPECT_EQ(server2003.addresses[0].use, AddressUse::kBlockHeader);
  EXPECT_EQ(server2003.header_ulong1, 0x2060001u);
}

// 0x13A: the segment heap.

TEST(HeapCorruption, SubContextIsNamedByBuild) {
  const BugCheck lfh = X64(0x13A, {0x11, 0xffffb984a5c00100, 0xffffb984b62f7540, 0}, 19041);
  EXPECT_EQ(lfh.hint, BugCheckHint::kDoubleFree);
  EXPECT_THAT(lfh.meaning, HasSubstr("small-page segment context of the heap at 0xffffb984a5c00000"));
  ASSERT_EQ(lfh.addresses.size(), 1u);
  EXPECT_EQ(lfh.addresses[0].address, VirtAddr{0xffffb984b62f7540});

  const BugCheck vs = X64(0x13A, {0x12, 0xffffe2808c200140, 0xffffe2809abee000, 0}, 22621);
  EXPECT_EQ(vs.hint, BugCheckHint::kOverrunLikely);
  EXPECT_THAT(vs.meaning, HasSubstr("small-page segment context of the heap at 0xffffe2808c200000"));

  EXPECT_THAT(X64(0x13A, {0x17, 0xffffe2808c200340, 0xffffe2809abee000, 0}, 26100).meaning,
              HasSubstr("low-fragmentation context"));
  EXPECT_THAT(X64(0x13A, {0x9, 0xffffe2808c200000, 0xffffe2809abee000, 0}, 22621).meaning,
              HasSubstr("reported by the heap at 0xffffe2808c200000"));
}

TEST(HeapCorruption, OffsetOfAnotherBuildIsNotNamed) {
  EXPECT_THAT(X64(0x13A, {0x12, 0xffffe2808c200100, 0xffffe2809abee000, 0}, 22621).meaning,
              HasSubstr("reported by the structure at 0xffffe2808c200100"));
}

TEST(HeapCorruption, UnknownKindStillGivesItsAddresses) {
  const BugCheck check = X64(0x13A, {0x77, 0xffffe2808c200100, 0xffffe2809abee000, 0}, 26100);
  EXPECT_TRUE(check.pool_related);
  EXPECT_EQ(check.hint, BugCheckHint::kNone);
  EXPECT_THAT(check.meaning, HasSubstr("sub-code 0x77"));
  EXPECT_EQ(check.addresses.size(), 2u);
}

// Special pool, faults, exceptions.

TEST(SpecialPool, UnderrunIsToldByTheDistance) {
  const BugCheck check = X86(0xC1, {0xfe67ef50, 0xfe67ee28, 0x6fa0b0, 0x23});
  EXPECT_EQ(check.hint, BugCheckHint::kUnderrun);
  EXPECT_THAT(check.meaning, HasSubstr("296 bytes before the block"));
  EXPECT_THAT(Roles(check), ElementsAre("freed block", "first damaged byte"));
}

TEST(SpecialPool, SubCodeIsTheFourthParameter) {
  EXPECT_EQ(X64(0xC1, {0xfffff98001230fe0, 0xfffff98001230ffb, 0, 0x24}).hint, BugCheckHint::kOverrunLikely);
  EXPECT_EQ(X64(0xC1, {0xfffff98001230fe0, 0xfffff98001230ffb, 0, 0x32}).hint, BugCheckHint::kHardware);
  EXPECT_THAT(X64(0xC1, {0x24, 0xfffff98001230ffb, 0, 0x77}).meaning, HasSubstr("sub-code 0x77"));
}

TEST(SpecialPool, AnAccessThatThePageTablesStoppedIsReadInParts) {
  const BugCheck beyond = X64(0xD6, {0xfffff98001231000, 1, 0xfffff88001234567, 0});
  EXPECT_TRUE(IsSpecialPoolBugCheck(beyond));
  const auto access = TrappedAccessOf(beyond);
  ASSERT_TRUE(access.has_value());
  EXPECT_EQ(access->address.value, 0xfffff98001231000u);
  EXPECT_EQ(access->instruction.value, 0xfffff88001234567u);
  EXPECT_TRUE(access->write);
  EXPECT_FALSE(access->after_free);
  EXPECT_EQ(beyond.addresses[0].use, AddressUse::kUnmapped);
  const auto read_after_free = TrappedAccessOf(X64(0xCC, {0xfffff98001231000, 0, 0, 0}));
  EXPECT_FALSE(read_after_free->write);
  EXPECT_TRUE(read_after_free->after_free);
}

TEST(SpecialPool, OtherCodesAreNoSuchAccess) {
  EXPECT_TRUE(IsSpecialPoolBugCheck(X64(0xC1, {0xfffff98001230fe0, 0, 0, 0x20})));
  for (const std::uint32_t code : {0xC1u, 0xC2u, 0x19u, 0xC6u, 0x50u})
    EXPECT_FALSE(TrappedAccessOf(X64(code, {0xfffff98001230fe0, 1, 0xfffff88001234567, 0})).has_value()) << code;
  EXPECT_FALSE(IsSpecialPoolBugCheck(X64(0xC2, {7, 0, 0, 0})));
}

TEST(CorruptedExpool, LowAddressIsNoKernelAddress) {
  const BugCheck check = X86(0xC5, {0x4, 0x2, 0x0, 0x8273588a});
  EXPECT_TRUE(check.pool_related);
  EXPECT_EQ(check.hint, BugCheckHint::kFreeList);
  EXPECT_EQ(check.meaning, "the pool's own code at 0x8273588a followed a bad link: it accessed (read) 0x4 at IRQL 2");
  EXPECT_THAT(check.addresses, IsEmpty());
}

TEST(PageFault, AccessKindsOfOldAndNewKernels) {
  const BugCheck check = X64(0x50, {0xffffe5068d8a4000, 0x2, 0xfffff801197f1d1e, 0x0}, 19041);
  EXPECT_FALSE(check.pool_related);
  EXPECT_EQ(check.meaning,
            "code at 0xfffff801197f1d1e accessed (write) 0xffffe5068d8a4000, which is not mapped; its page was given "
            "back");
  ASSERT_EQ(check.addresses.size(), 1u);
  EXPECT_EQ(check.addresses[0].use, AddressUse::kDataReference);
  EXPECT_THAT(X64(0x50, {0xffffe5068d8a4000, 0x10, 0xfffff801197f1d1e, 0x4}).meaning, HasSubstr("execute"));
  EXPECT_THAT(X64(0x50, {0x4141414141414141, 0, 0xfffff801197f1d1e, 4}).meaning, HasSubstr("\"AAAAAAAA\""));
}

TEST(Exceptions, NameTheStatus) {
  EXPECT_THAT(X64(0x7E, {0xffffffffc0000005, 0xfffff8076624f3d4, 0xffffa1088a4aebf8, 0xffffa1088a4ae410}).meaning,
              HasSubstr("exception 0xc0000005 (access violation) at 0xfffff8076624f3d4"));
  EXPECT_THAT(X64(0x3B, {0xc0000005, 0xfffff8056115dda5, 0xffff8580ab1c5770, 0}).meaning,
              HasSubstr("in a system call"));
  EXPECT_THAT(X64(0x1E, {0xffffffffc0000005, 0xfffff8076624f3d4, 1, 0xffffa10800000000}).meaning,
              HasSubstr("access (write) to 0xffffa10800000000"));
  EXPECT_THAT(X64(0x1E, {0xffffffffc0000094, 0xfffff8076624f3d4, 1, 2}).meaning, Not(HasSubstr("access")));
}

TEST(ExceptionRecord, NamesTheAddressOfAnAccessViolation) {
  const VirtAddr record{0xFFFFA1088A4AE000};
  FakeMemory memory(Machine::kX64, record, 1);
  memory.Put(record, 0xC0000005, 4).Put(record + 0x18, 2, 4).Put(record + 0x20, 1, 8);
  memory.PutPointer(record + 0x28, VirtAddr{0xFFFFA10812345678});
  BugCheck check = X64(0x1000007E, {0xFFFFFFFFC0000005, 0xFFFFF8076624F3D4, record.value, 0}, 19041);
  AddExceptionRecord(memory.Space(), check);
  EXPECT_THAT(check.meaning, HasSubstr("; it was an access (write) to 0xffffa10812345678"));
  ASSERT_THAT(Roles(check), ElementsAre("address referenced"));
  EXPECT_EQ(check.addresses[0].use, AddressUse::kDataReference);
}

TEST(ExceptionRecord, OtherExceptionsOtherCodesAndAbsentRecordsAddNothing) {
  const VirtAddr record{0xFFFFA1088A4AE000};
  FakeMemory memory(Machine::kX64, record, 1);
  memory.Put(record, 0xC0000094, 4).PutPointer(record + 0x28, VirtAddr{0xFFFFA10812345678});
  for (const BugCheck& before :
       {X64(0x7E, {0xC0000094, 1, record.value, 0}), X64(0x7E, {0xC0000005, 1, record.value + 0x100000, 0}),
        X64(0x7E, {0xC0000005, 1, 0x1000, 0}), X64(0x3B, {0xC0000005, 1, record.value, 0})}) {
    BugCheck after = before;
    AddExceptionRecord(memory.Space(), after);
    EXPECT_EQ(after.meaning, before.meaning);
    EXPECT_THAT(after.addresses, IsEmpty());
  }
}

TEST(MemoryManagement, OneBitIsHardware) {
  EXPECT_EQ(X64(0x1A, {0x41792, 0xfffff68000001000, 0x100, 0}).hint, BugCheckHint::kHardware);
  EXPECT_EQ(X64(0x1A, {0x41792, 0xfffff68000001000, 0x8000000012345867, 0}).hint, BugCheckHint::kNone);
  EXPECT_FALSE(X64(0x1A, {0x41792, 0xfffff68000001000, 0x100, 0}).pool_related);
  EXPECT_TRUE(X64(0x1A, {0x5200, 0xffffa10800001000, 0x100, 0x200}).pool_related);
}

TEST(Codes, DebuggerBitIsStrippedAndSelfMadeCodesAreLeft) {
  EXPECT_EQ(X64(0x1000007E, {}).code, 0x7Eu);
  EXPECT_EQ(X64(0x1000007E, {}).name, "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED");
  EXPECT_EQ(X64(0xDEADDEAD, {}).name, "MANUALLY_INITIATED_CRASH1");
  EXPECT_EQ(X64(0xC000021A, {}).name, "STATUS_SYSTEM_PROCESS_TERMINATED");
}

TEST(Codes, NamesWithoutARowAreNotAboutPool) {
  for (const std::uint32_t code : {0x116u, 0x9Fu, 0xEFu, 0xF7u, 0x7Au, 0x124u, 0x133u, 0x161u}) {
    const BugCheck check = X64(code, {1, 0xffffa10800001000, 3, 4});
    EXPECT_NE(check.name, "UNKNOWN_BUGCHECK") << code;
    EXPECT_FALSE(check.pool_related) << code;
    EXPECT_THAT(check.addresses, IsEmpty()) << code;
    EXPECT_EQ(check.meaning, "not about pool (parameters 0x1, 0xffffa10800001000, 0x3, 0x4)") << code;
  }
  EXPECT_EQ(X64(0x7777, {}).name, "UNKNOWN_BUGCHECK");
}

TEST(Machines, SignExtendedParametersAreCutOnX86) {
  const BugCheck check = X86(0x19, {0x20, 0xffffffff8b79d078, 0xffffffff8b79d158, 0xffffffff8a1c0004});
  EXPECT_EQ(check.parameters[1], 0x8b79d078u);
  EXPECT_EQ(check.addresses.at(0).address, VirtAddr{0x8b79d078});
  EXPECT_EQ(check.header_ulong1, 0x8a1c0004u);
}

TEST(Machines, OnlyKernelAddressesBecomeAddresses) {
  EXPECT_THAT(X64(0x19, {0x20, 0x8b79d078, 0x7fffffffffff, 1}).addresses, IsEmpty());
  EXPECT_THAT(ExplainBugCheck({0x19, {0x20, 0x8b79d078, 0xffffb30e2663da00, 1}}, Machine::kUnknown, {}).addresses,
              testing::SizeIs(2));
}

}  // namespace
}  // namespace poolblame

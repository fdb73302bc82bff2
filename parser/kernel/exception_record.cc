#include "parser/kernel/exception_record.h"

#include "parser/base/little_endian.h"
#include "parser/kernel/bugcheck_sentence.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kSystemThreadException = 0x7E;
constexpr std::uint32_t kAccessViolation = 0xC0000005;
constexpr std::uint32_t kInformationOffset32 = 0x14;  // ExceptionInformation: kind of access, then address
constexpr std::uint32_t kInformationOffset64 = 0x20;

}  // namespace

void AddExceptionRecord(const AddressSpace& space, BugCheck& bugcheck) {
  if (bugcheck.code != kSystemThreadException) return;
  const VirtAddr record{bugcheck.parameters[2]};
  if (!IsKernelAddress(record.value, space.machine())) return;
  const auto code = space.Read<Le32>(record);
  const bool is_32bit = PointerSize(space.machine()) == 4;
  const VirtAddr information = record + (is_32bit ? kInformationOffset32 : kInformationOffset64);
  const auto access = space.ReadPointer(information);
  const auto address = space.ReadPointer(information + PointerSize(space.machine()));
  if (!code || *code != kAccessViolation || !access || !address) return;
  const BugCheckArguments arguments{{access->value, address->value}, space.machine(), {}};
  bugcheck.meaning += FillSentence("; it was an access ({1a}) to {2p}", arguments);
  if (IsKernelAddress(address->value, space.machine()))
    bugcheck.addresses.push_back({"address referenced", *address, AddressUse::kDataReference});
}

}  // namespace poolblame

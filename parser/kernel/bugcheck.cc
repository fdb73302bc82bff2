#include "parser/kernel/bugcheck.h"

#include <algorithm>

#include "parser/kernel/bugcheck_sentence.h"
#include "parser/kernel/bugcheck_table.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kDebuggerNibble = 0xF0000000;
constexpr std::uint32_t kWrittenByDebugger = 0x10000000;

/// A debugger-written dump says 0x1000007E; codes such as 0xDEADDEAD have the bit by nature.
std::uint32_t PlainCode(std::uint32_t code) {
  return (code & kDebuggerNibble) == kWrittenByDebugger ? code & ~kDebuggerNibble : code;
}

BugCheckArguments ArgumentsOf(const BugCheckRecord& record, Machine machine, std::optional<std::uint32_t> build) {
  BugCheckArguments arguments{record.parameters, machine, build};
  if (machine == Machine::kX86) {
    for (std::uint64_t& p : arguments.p) p &= 0xFFFFFFFF;  // some writers sign-extend
  }
  return arguments;
}

void AddAddress(const BugCheckArguments& arguments, const AddressRole& role, BugCheck& result) {
  if (role.parameter == 0) return;
  const std::uint64_t value = arguments.p[role.parameter - 1];
  if (!IsKernelAddress(value, arguments.machine)) return;
  result.addresses.push_back({std::string(role.role), VirtAddr{value}, role.use});
}

void ApplyRow(const BugCheckRow& row, const BugCheckArguments& arguments, BugCheck& result) {
  result.pool_related = row.pool_related;
  result.hint = row.judge != nullptr ? row.judge(arguments) : row.hint;
  result.meaning = FillSentence(row.sentence, arguments);
  if (row.detail != nullptr) result.meaning += row.detail(arguments);
  for (const AddressRole& role : row.roles) AddAddress(arguments, role, result);
  if (row.header_parameter == 0) return;
  const std::uint64_t ulong1 = arguments.p[row.header_parameter - 1];
  if (ulong1 != 0 && ulong1 <= 0xFFFFFFFF) result.header_ulong1 = static_cast<std::uint32_t>(ulong1);
}

/// A pool code with a sub-code that no table explains: its kernel addresses are still worth a look.
void ExplainUnknownSubCode(const BugCheckArguments& arguments, unsigned selector, BugCheck& result) {
  result.pool_related = true;
  result.meaning = "sub-code " + HexParameter(arguments.p[selector - 1]) +
                   FillSentence(" (parameters {1}, {2}, {3}, {4})", arguments);
  for (unsigned i = 1; i <= 4; ++i) {
    if (i == selector) continue;
    AddAddress(arguments, {i, "parameter " + std::to_string(i), AddressUse::kDataReference}, result);
  }
}

bool HasPoolRows(std::uint32_t code) {
  const auto of_code = [code](const BugCheckRow& row) { return row.code == code && row.pool_related; };
  return std::ranges::any_of(PoolBugChecks(), of_code) || std::ranges::any_of(SpecialPoolBugChecks(), of_code) ||
         code == kKernelModeHeapCorruption;
}

}  // namespace

BugCheck ExplainBugCheck(const BugCheckRecord& record, Machine machine, std::optional<std::uint32_t> build) {
  BugCheck result;
  result.code = PlainCode(record.code);
  const BugCheckArguments arguments = ArgumentsOf(record, machine, build);
  result.parameters = arguments.p;
  const BugCheckName* name = FindBugCheckName(result.code);
  result.name = name != nullptr ? std::string(name->name) : "UNKNOWN_BUGCHECK";
  if (const BugCheckRow* row = FindBugCheckRow(result.code, arguments)) {
    ApplyRow(*row, arguments, result);
  } else if (HasPoolRows(result.code)) {
    ExplainUnknownSubCode(arguments, name != nullptr ? name->selector : 1, result);
  } else {
    result.meaning = FillSentence("not about pool (parameters {1}, {2}, {3}, {4})", arguments);
  }
  return result;
}

}  // namespace poolblame

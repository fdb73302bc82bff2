#include "parser/kernel/bugcheck_sentence.h"

#include <array>
#include <cstdio>

#include "parser/base/pool_tag.h"

namespace poolblame {
namespace {

constexpr std::uint64_t kKernelHalf64 = 0xFFFF800000000000;
constexpr std::uint64_t kKernelHalf32 = 0x80000000;

struct StatusName {
  std::uint32_t status;
  std::string_view name;
};

// Source: ntstatus.h of the public SDK.
constexpr std::array<StatusName, 12> kStatusNames = {{
    {0x80000003, "breakpoint"},
    {0x80000004, "single step"},
    {0xC0000005, "access violation"},
    {0xC0000006, "in-page error"},
    {0xC000001D, "illegal instruction"},
    {0xC0000025, "noncontinuable exception"},
    {0xC0000094, "integer division by zero"},
    {0xC0000095, "integer overflow"},
    {0xC0000096, "privileged instruction"},
    {0xC00000FD, "stack overflow"},
    {0xC0000374, "heap corruption"},
    {0xC0000409, "stack buffer overrun or fast fail"},
}};

std::string StatusText(std::uint64_t value) {
  const auto status = static_cast<std::uint32_t>(value);
  std::string text = HexParameter(status);
  for (const StatusName& row : kStatusNames) {
    if (row.status == status) return text.append(" (").append(row.name).append(")");
  }
  return text;
}

std::string AccessText(std::uint64_t value) {
  switch (value) {
    case 0:
      return "read";
    case 1:  // until Windows 10 1507, and on ARM
    case 2:  // from 1511 on: bit 1 of the processor's page-fault code
      return "write";
    case 8:     // the exception's own number for it
    case 0x10:  // bit 4 of the page-fault code
      return "execute";
    default:
      return "access of kind " + HexParameter(value);
  }
}

// Bits of a POOL_TYPE request. Source: wdm.h of the public WDK.
std::string PoolTypeText(std::uint64_t type) {
  const std::string_view session = (type & 0x20) != 0 ? "session " : "";
  const std::string_view pool = (type & 0x01) != 0 ? "paged" : ((type & 0x200) != 0 ? "nonpaged-nx" : "nonpaged");
  return std::string(session).append(pool);
}

std::string Form(char form, std::uint64_t value, const BugCheckArguments& arguments) {
  const auto low = static_cast<std::uint32_t>(value);
  switch (form) {
    case 'd':
      return std::to_string(value);
    case 'p':
      return HexParameter(value) + PointerAsText(value, arguments.machine);
    case 't':
      return "'" + PoolTag{low}.text() + "'";
    case 'k':
      return PoolTypeText(value);
    case 'a':
      return AccessText(value);
    case 'e':
      return StatusText(value);
    case 's':
      return HexParameter(BlockBytesOfUlong1(low, arguments.machine));
    case 'y':
      return HexParameter(PoolTypeOfUlong1(low, arguments.machine));
    default:
      return HexParameter(value);
  }
}

}  // namespace

std::string HexParameter(std::uint64_t value) {
  std::array<char, 19> out{};
  std::snprintf(out.data(), out.size(), "0x%llx", static_cast<unsigned long long>(value));
  return out.data();
}

std::string PointerAsText(std::uint64_t value, Machine machine) {
  const unsigned size = PointerSize(machine);
  std::string text;
  for (unsigned i = 0; i < size; ++i) {
    const auto byte = static_cast<std::uint8_t>(value >> (8 * i));
    if (byte < 0x20 || byte >= 0x7F) return {};
    text += static_cast<char>(byte);
  }
  return " (its bytes read \"" + text + "\")";
}

std::uint32_t BlockBytesOfUlong1(std::uint32_t ulong1, Machine machine) {
  return machine == Machine::kX86 ? ((ulong1 >> 16) & 0x1FF) * 8 : ((ulong1 >> 16) & 0xFF) * 16;
}

std::uint32_t PoolTypeOfUlong1(std::uint32_t ulong1, Machine machine) {
  return machine == Machine::kX86 ? ulong1 >> 25 : ulong1 >> 24;
}

bool IsKernelAddress(std::uint64_t address, Machine machine) {
  const bool upper64 = address >= kKernelHalf64;
  const bool upper32 = address >= kKernelHalf32 && address <= 0xFFFFFFFF;
  if (machine == Machine::kX86) return upper32;
  return upper64 || (machine == Machine::kUnknown && upper32);
}

std::string FillSentence(std::string_view sentence, const BugCheckArguments& arguments) {
  std::string out;
  for (std::size_t i = 0; i < sentence.size(); ++i) {
    if (sentence[i] != '{') {
      out += sentence[i];
      continue;
    }
    const std::size_t parameter = static_cast<std::size_t>(sentence[i + 1] - '1');
    const char form = sentence[i + 2];
    out += Form(form, arguments.p[parameter % arguments.p.size()], arguments);
    i += form == '}' ? 2 : 3;
  }
  return out;
}

}  // namespace poolblame

// Bug checks as data: one row for each sub-code, with the sentence that decodes its parameters, the addresses it names
// and what it says about the kind of fault. A new sub-code is a new row; only what no sentence can say (whether two
// sizes agree, which sub-context of a heap an address is) is a function that a row points to.
#pragma once

#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "parser/kernel/bugcheck.h"

namespace poolblame {

/// The four parameters with what is needed to read them.
struct BugCheckArguments {
  std::array<std::uint64_t, 4> p{};  // on x86 already cut to 32 bits
  Machine machine = Machine::kUnknown;
  std::optional<std::uint32_t> build;
};

/// A parameter that is an address, numbered from 1 as Microsoft does; 0 = unused slot.
struct AddressRole {
  unsigned parameter = 0;
  std::string_view role;
  AddressUse use = AddressUse::kPage;
};

inline constexpr std::uint64_t kAnySubCode = ~std::uint64_t{0};

struct BugCheckRow {
  std::uint32_t code = 0;
  std::uint64_t sub_code = kAnySubCode;  // of the parameter that BugCheckName::selector names
  std::uint32_t last_build = 0;          // 0 = any; a row for old builds stands before the one for newer builds
  bool pool_related = false;
  BugCheckHint hint = BugCheckHint::kNone;
  std::string_view sentence;  // placeholders: parser/kernel/bugcheck_sentence.h
  std::array<AddressRole, 2> roles{};
  unsigned header_parameter = 0;                              // the parameter that carries Ulong1 of a header
  std::string (*detail)(const BugCheckArguments&) = nullptr;  // appended to the sentence
  BugCheckHint (*judge)(const BugCheckArguments&) = nullptr;  // overrides `hint`
};

struct BugCheckName {
  std::uint32_t code = 0;
  std::string_view name;
  unsigned selector = 1;  // the parameter that holds the sub-code
};

/// Ascending by code. Source: the names of Microsoft's public bug check reference.
std::span<const BugCheckName> BugCheckNames();

// The rows, a file a family. Each file names its sources at its head.
std::span<const BugCheckRow> PoolBugChecks();         // 0x19, 0xC2: the classic pool's own checks
std::span<const BugCheckRow> SpecialPoolBugChecks();  // 0xC1, 0xC6, 0xCC, 0xCD, 0xD5, 0xD6, 0xEC
std::span<const BugCheckRow> VerifierBugChecks();     // 0xC4
std::span<const BugCheckRow> HeapBugChecks();         // 0x139, 0x13A
std::span<const BugCheckRow> MemoryBugChecks();       // 0x1A, 0x41, 0x50, 0xC5, 0xD0, exceptions and faults

/// The row for these parameters, or nullptr.
const BugCheckRow* FindBugCheckRow(std::uint32_t code, const BugCheckArguments& arguments);
/// The name's row, or nullptr.
const BugCheckName* FindBugCheckName(std::uint32_t code);

}  // namespace poolblame

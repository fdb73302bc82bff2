// Machine code as compilers write it, for x64 and x86: functions with a frame, argument set-up in several orders, the
// forms of a call through the import table. Encodings: Intel SDM volume 2; shapes: what MSVC makes of WDK drivers.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "samples/bytes.h"
#include "samples/random.h"

namespace poolblame::samples {

/// A tag and the routine that is given it.
struct TagCall {
  std::uint32_t tag = 0;
  std::string routine;
};

class CodeWriter {
 public:
  /// `slots`: where the import table has each routine; `direct`: the routines' own code, for the driver that has it.
  CodeWriter(bool x64, std::uint64_t base, std::uint64_t seed, std::map<std::string, std::uint64_t> slots,
             std::map<std::string, std::uint64_t> direct);

  /// A function of no interest.
  void Filler();
  /// ExAllocatePoolWithTag and its like: size and type in any order with the tag.
  void Allocate(const TagCall& call);
  /// The tag waits in a register that calls keep, then allocates; the free follows.
  void AllocateKept(const TagCall& call);
  void Free(const TagCall& call);
  /// ExInitializeNPagedLookasideList, the tag its sixth of seven.
  void Lookaside(const TagCall& call);
  /// A function of the driver's own takes size and tag and passes them on.
  void AllocateByWrapper(const TagCall& call);
  /// The tag is read from a variable.
  void AllocateFromGlobal(const std::string& routine, std::uint64_t variable);
  /// The tag is read from an entry of a table, its index in a register.
  void AllocateFromTable(const std::string& routine, std::uint64_t table);
  /// Not an allocation: a record's first word is compared.
  void Compare(std::uint32_t signature);
  /// An instruction that happens to have these four bytes: a distance, a part of a longer constant.
  void Chance(std::uint32_t value);

  [[nodiscard]] const Bytes& bytes() const { return bytes_; }

 private:
  void Function(const std::function<void()>& body);
  void Emit(std::initializer_list<int> bytes);
  void Emit32(std::uint64_t value);
  /// A field that leads to `place`: a distance on x64, an address on x86.
  void EmitPlace(std::uint64_t place);
  void EmitBranch(std::uint64_t target);
  void Noise(unsigned count);
  void Quiet(unsigned count);
  void CallInside();
  void Call(const std::string& routine);
  void CallThroughThunk(const std::string& routine);
  void OtherArguments(const std::function<void()>& tag);
  [[nodiscard]] std::uint64_t at() const { return base_ + bytes_.size(); }

  bool x64_;
  std::uint64_t base_;
  Random random_;
  Bytes bytes_;
  std::map<std::string, std::uint64_t> slots_, direct_;
  std::map<std::string, std::uint64_t> thunks_;  // `jmp [slot]`, written in front of the first function that wants it
  std::map<std::string, std::uint64_t> wrappers_;
  std::vector<std::uint64_t> functions_;
};

}  // namespace poolblame::samples

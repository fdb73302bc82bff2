// Machine code as compilers write it, for x64 and x86: functions with a frame, argument set-up in several orders, the
// forms of a call through the import table. Encodings: Intel SDM volume 2; shapes: what MSVC makes of WDK drivers.
#pragma once

#include <cstdint>
#include <functional>
#include <initializer_list>
#include <map>
#include <string>
#include <vector>

#include "samples/random.h"
#include "samples/tag_code.h"

namespace poolblame::samples {

class CodeWriter : public TagCode {
 public:
  CodeWriter(bool x64, std::uint64_t base, std::uint64_t seed, RoutinePlaces routines);

  void Filler() override;
  void Allocate(const TagCall& call) override;
  void AllocateKept(const TagCall& call) override;
  void Free(const TagCall& call) override;
  void Lookaside(const TagCall& call) override;
  void AllocateByWrapper(const TagCall& call) override;
  void AllocateFromGlobal(const std::string& routine, std::uint64_t variable) override;
  void AllocateFromTable(const std::string& routine, std::uint64_t table) override;
  void Compare(std::uint32_t signature) override;
  void Chance(std::uint32_t value) override;
  [[nodiscard]] const Bytes& bytes() const override { return bytes_; }

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
  RoutinePlaces routines_;
  std::map<std::string, std::uint64_t> thunks_;  // `jmp [slot]`, written in front of the first function that wants it
  std::map<std::string, std::uint64_t> wrappers_;
  std::vector<std::uint64_t> functions_;
};

}  // namespace poolblame::samples

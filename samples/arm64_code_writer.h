// Machine code as compilers write it for ARM64: functions with a frame, tags built of two halves, calls through the
// import table and through thunks. Encodings: Arm Architecture Reference Manual (DDI 0487), C6; calling convention:
// Microsoft, "Overview of ARM64 ABI conventions".
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

class Arm64CodeWriter : public TagCode {
 public:
  Arm64CodeWriter(std::uint64_t base, std::uint64_t seed, RoutinePlaces routines);

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
  void Emit(std::initializer_list<std::uint32_t> instructions);
  void Noise(unsigned count);
  /// MOVZ and MOVK, something between them now and then.
  void Constant(unsigned to, std::uint32_t value);
  /// ADRP of the page that `place` lies on.
  void PageOf(unsigned to, std::uint64_t place);
  void Branch(std::uint64_t target);
  void CallInside();
  void CallThroughSlot(std::uint64_t slot);
  void Call(const std::string& routine);
  [[nodiscard]] std::uint64_t at() const { return base_ + bytes_.size(); }

  std::uint64_t base_;
  Random random_;
  Bytes bytes_;
  RoutinePlaces routines_;
  std::map<std::string, std::uint64_t> thunks_, wrappers_;
  std::vector<std::uint64_t> functions_;
};

}  // namespace poolblame::samples

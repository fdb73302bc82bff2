// What a driver's code does with tags, whatever the machine: the forms that a writer of machine code has to have.
#pragma once

#include <cstdint>
#include <map>
#include <string>

#include "samples/bytes.h"

namespace poolblame::samples {

/// A tag and the routine that is given it.
struct TagCall {
  std::uint32_t tag = 0;
  std::string routine;
};

/// Where a driver calls routines: `slots` are where its import table has each, `direct` is their own code, for the
/// driver that has it.
struct RoutinePlaces {
  std::map<std::string, std::uint64_t> slots, direct;
};

class TagCode {
 public:
  virtual ~TagCode() = default;
  /// A function of no interest.
  virtual void Filler() = 0;
  /// ExAllocatePoolWithTag and its like: size and type in any order with the tag.
  virtual void Allocate(const TagCall& call) = 0;
  /// The tag waits in a register that calls keep, then allocates.
  virtual void AllocateKept(const TagCall& call) = 0;
  virtual void Free(const TagCall& call) = 0;
  /// ExInitializeNPagedLookasideList, the tag its sixth of seven.
  virtual void Lookaside(const TagCall& call) = 0;
  /// A function of the driver's own takes size and tag and passes them on.
  virtual void AllocateByWrapper(const TagCall& call) = 0;
  /// The tag is read from a variable.
  virtual void AllocateFromGlobal(const std::string& routine, std::uint64_t variable) = 0;
  /// The tag is read from an entry of a table, its index in a register.
  virtual void AllocateFromTable(const std::string& routine, std::uint64_t table) = 0;
  /// Not an allocation: a record's first word is compared.
  virtual void Compare(std::uint32_t signature) = 0;
  /// Code that happens to have these four bytes: a distance, a part of a longer constant.
  virtual void Chance(std::uint32_t value) = 0;
  [[nodiscard]] virtual const Bytes& bytes() const = 0;
};

}  // namespace poolblame::samples

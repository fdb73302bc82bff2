#include "parser/pool/verifier_entry.h"

#include "parser/base/little_endian.h"

namespace poolblame {
namespace {

struct WireEntry32 {
  /* 0x00 */ Le32 VirtualAddress;
  /* 0x04 */ Le32 CallingAddress;
  /* 0x08 */ Le32 NumberOfBytes;
  /* 0x0C */ Le32 Tag;
};
static_assert(sizeof(WireEntry32) == 0x10);

struct WireEntry64 {
  /* 0x00 */ Le64 VirtualAddress;
  /* 0x08 */ Le64 CallingAddress;
  /* 0x10 */ Le64 NumberOfBytes;
  /* 0x18 */ Le64 Tag;  // the tag is its low half
};
static_assert(sizeof(WireEntry64) == 0x20);

template <typename Wire>
std::optional<VerifierEntry> Read(const AddressSpace& space, VirtAddr at) {
  const auto wire = space.Read<Wire>(at);
  if (!wire) return std::nullopt;
  return VerifierEntry{
      {wire->VirtualAddress}, {wire->CallingAddress}, wire->NumberOfBytes, {static_cast<std::uint32_t>(wire->Tag)}};
}

}  // namespace

std::optional<VerifierEntry> ReadAnyVerifierEntry(const AddressSpace& space, bool is_64bit, VirtAddr entry) {
  return is_64bit ? Read<WireEntry64>(space, entry) : Read<WireEntry32>(space, entry);
}

std::optional<VerifierEntry> ReadVerifierEntry(const AddressSpace& space, bool is_64bit, VirtAddr entry, VirtAddr data,
                                               std::uint64_t capacity, PoolTag tag) {
  if (entry < space.kernel_base()) return std::nullopt;
  const auto read = ReadAnyVerifierEntry(space, is_64bit, entry);
  const bool ours = read && read->address == data && read->bytes <= capacity && read->tag.name() == tag.name();
  return ours ? read : std::nullopt;
}

}  // namespace poolblame

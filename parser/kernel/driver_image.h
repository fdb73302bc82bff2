// The image of a loaded driver in kernel memory: its sections, the slots it calls other drivers through, the routines
// it gives to others. Pages may be missing anywhere (paged out, left out, INIT discarded), and what they held is
// absent.
#pragma once

#include <cstdint>
#include <optional>
#include <string>
#include <vector>

#include "parser/image/address_space.h"
#include "parser/kernel/system.h"

namespace poolblame {

struct DriverSection {
  std::string name;  // ".text"
  VirtAddr begin{};
  std::uint64_t size = 0;  // bytes, inside the image
  bool executable = false;
};

/// A directory of the image, in bytes; size 0 = it has none.
struct DriverDirectory {
  VirtAddr begin{};
  std::uint32_t size = 0;
};

struct DriverImage {
  VirtAddr base{};
  std::uint64_t size = 0;
  bool is_64bit = false;
  bool is_arm64 = false;
  std::vector<DriverSection> sections;  // as the header lists them
  DriverDirectory exports, imports, resources, debug;

  [[nodiscard]] bool Contains(VirtAddr address) const { return address >= base && address - base < size; }
};

/// A routine's name and the address that goes with it: of the slot for an import, of the code for an export.
struct NamedAddress {
  std::string name;
  VirtAddr address{};
};

/// The image's headers. Nothing where their page is not in the image, or is no PE header. Reads one or two pages.
std::optional<DriverImage> ReadDriverImage(const AddressSpace& space, const Module& module);

/// What the image calls itself: the name in its export table, else its PDB's with ".sys"; empty where it has neither.
std::string ReadOwnName(const AddressSpace& space, const DriverImage& image);

/// The build number in the image's version resource ("6.1.7601.17514": 7601); nothing where the resource is not in the
/// image. The kernel's is Windows'. Reads some words.
std::optional<std::uint32_t> ReadVersionBuild(const AddressSpace& space, const DriverImage& image);

/// Imports by name, in table order. Empty where the descriptors lay in a section that was discarded after start.
std::vector<NamedAddress> ReadImports(const AddressSpace& space, const DriverImage& image);

/// Exports by name, forwarders left out. Cost: one read a name, some 3,000 for the kernel.
std::vector<NamedAddress> ReadExports(const AddressSpace& space, const DriverImage& image);

}  // namespace poolblame

// VMware machines: the memory file and the state file beside it. Private to parser/image.
#pragma once

#include <optional>
#include <string>
#include <vector>

#include "parser/base/byte_view.h"
#include "parser/image/container.h"
#include "parser/image/file_mapping.h"

namespace poolblame {

/// A piece of the machine's memory.
struct VmwareRegion {
  std::uint64_t first_page = 0;  // of physical memory
  std::uint64_t file_page = 0;   // where it begins in the memory file, or in the tag `Memory`
  std::uint64_t pages = 0;
};

/// What a state file says of the memory.
struct VmwareState {
  std::vector<VmwareRegion> regions;  // none: one piece from address 0 on
  ByteView memory;                    // where the state file has the memory itself, as far as the file goes
  std::uint64_t memory_bytes = 0;     // what it promises of that
  std::vector<PhysAddr> processors;   // what CR3 held of each
};

/// kUnsupported, kTruncated or kCorrupt with the reason when the regions cannot be told.
Result<VmwareState> ReadVmwareState(ByteView bytes);

/// The memory file with the regions of its state file. `begin`: where in the file the memory begins.
Result<ImageParts> OpenVmwareMemory(ByteView file, std::uint64_t begin, const VmwareState& state,
                                    const OpenOptions& options);

/// The file beside `path` that has the same name but for its ending and without which `path` is only half: of a .vmem
/// file the .vmss or .vmsn, of one of those without memory the .vmem. Nothing when there is none that could be it.
struct VmwareOther {
  std::string name;  // without folders
  FileMapping file;
  bool is_state = false;
};
std::optional<VmwareOther> FindVmwareOther(const std::string& path, ByteView bytes);

/// Says that addresses may be wrong where a .vmem file (`name`) is so large that it has a hole, and nobody says where.
void NoteVmwareHole(const std::string& name, std::uint64_t size, ImageFacts& facts);

}  // namespace poolblame

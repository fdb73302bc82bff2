// The files: crash dumps of every type, a raw physical image, bare pool pages. One file a family of containers.
// Header layouts: the public Windows SDK's mindumpdef.h, and the readers of Volatility, kdmp-parser and rizin.
#pragma once

#include <cstdint>
#include <iosfwd>

#include "samples/builder.h"
#include "samples/crash_facts.h"
#include "samples/kernel_data.h"
#include "samples/machine.h"

namespace poolblame::samples {

/// The finished machine, as the dump writer sees it.
struct Snapshot {
  const Machine& machine;
  KernelData kernel;
  std::uint64_t cr3 = 0;
  BugCheckFacts bugcheck;
  Truth truth;
};

/// 0x1000 (x86) or 0x2000 (x64) bytes of dump header with the fields that all types share.
Bytes DumpHeader(const Snapshot& snapshot, std::uint32_t dump_type, std::uint64_t file_bytes);

/// The content of any frame: what somebody wrote there, or what `FillerPage` invents.
class FrameReader {
 public:
  explicit FrameReader(const Snapshot& snapshot);
  /// 4096 bytes, valid until the next call.
  const std::uint8_t* Read(std::uint64_t pfn);
  /// The frames of a run, one after the other; of an idle run a hole, where the stream can have one.
  void Write(const PhysicalRun& run, std::ostream& out);
  [[nodiscard]] bool Owned(std::uint64_t pfn) const;

 private:
  void Invent(std::uint64_t pfn);
  const Snapshot& snapshot_;
  std::vector<std::uint64_t> pool_pages_;
  Bytes buffer_;
};

/// Frames of RAM, idle ones too.
std::uint64_t AllPages(const Snapshot& snapshot);

/// Appends `bytes` zero bytes, of a file as a hole.
void SkipZeros(std::uint64_t bytes, std::ostream& out);

void WriteFullDump(const Snapshot& snapshot, std::ostream& out);
void WriteSummaryDump(const Snapshot& snapshot, std::ostream& out);
/// Type 5 (every frame) or 6 (kernel frames only).
void WriteBitmapDump(const Snapshot& snapshot, bool kernel_only, std::ostream& out);
/// Type 10 of newer debuggers, for x64 only.
void WriteRdmp(const Snapshot& snapshot, std::ostream& out);
void WriteTriageDump(const Snapshot& snapshot, std::ostream& out);
void WriteRawImage(const Snapshot& snapshot, std::ostream& out);
/// One range for each run of RAM.
void WriteLime(const Snapshot& snapshot, std::ostream& out);
/// The same, packed.
void WriteAvml(const Snapshot& snapshot, std::ostream& out);
/// VMware's memory file: the runs of RAM without the holes between them.
void WriteVmem(const Snapshot& snapshot, std::ostream& out);
/// The state file beside it, which says where the runs lie; `with_memory` puts the memory into it.
void WriteVmwareState(const Snapshot& snapshot, bool with_memory, std::ostream& out);
/// hiberfil.sys as this Windows writes it: tables of ranges up to 7, sets of pages from 8 on.
void WriteHibernation(const Snapshot& snapshot, std::ostream& out);
/// As QEMU's `dump-guest-memory` without paging: ELF64 of x64, ELF32 of x86; `with_header` puts the crash dump header
/// among the notes, as a guest with the fw_cfg driver does.
void WriteElfCore(const Snapshot& snapshot, bool with_header, std::ostream& out);
/// The run of contiguous pool pages around the fault, without any header.
void WritePoolPages(const Snapshot& snapshot, std::ostream& out);
/// First address of that run.
std::uint64_t PoolPagesBase(const Snapshot& snapshot);

}  // namespace poolblame::samples

// An opened image: which bytes exist, and where. A container reader (one file each: crash_dump_full.cc,
// crash_dump_bitmap.cc, crash_dump_triage.cc, raw.cc, pool_pages.cc, …) turns a file into these facts; nothing above
// parser/image knows which container it was.
#pragma once

#include <array>
#include <cstdint>
#include <memory>
#include <optional>
#include <string>
#include <string_view>
#include <vector>

#include "parser/base/address.h"
#include "parser/base/byte_view.h"
#include "parser/base/error.h"
#include "parser/image/file_extent.h"
#include "parser/image/page_map.h"
#include "parser/image/virtual_map.h"

namespace poolblame {

class FileMapping;
struct VmwareOther;

enum class Machine { kUnknown, kX86, kX64, kArm64 };

/// What the machine alone does not say of its page tables: three levels on x86, five on x64.
enum class PageTableForm { kUsual, kPae, kLa57 };

/// Who says where the top page table lies.
enum class RootSource {
  kHeader,         // a crash dump's header
  kProcessor,      // the writer of the image noted what CR3 held
  kStartBlock,     // the page from which Windows started the other processors
  kSystemProcess,  // the process object of the system itself
  kSelfMap,        // nobody: it was found by its habit of mapping itself
};

/// Bytes of a pointer on that machine: 4 or 8.
constexpr std::uint32_t PointerSize(Machine machine) { return machine == Machine::kX86 ? 4 : 8; }
/// "x86", "x64", "arm64", "unknown".
const char* MachineName(Machine machine);
/// "x86", "x86 PAE", "x64", "x64 LA57", "ARM64"; empty for a machine that is not known.
const char* PageTableName(Machine machine, PageTableForm form);

/// The bug check as the dump header records it. The code keeps Windows' own value, 0x1000007E included.
struct BugCheckRecord {
  std::uint32_t code = 0;
  std::array<std::uint64_t, 4> parameters{};
};

/// Where a triage dump keeps its tables; all offsets are absolute file offsets, already checked to be in the file.
struct TriageTables {
  FileOffset driver_list{};
  std::uint32_t driver_count = 0;
  FileOffset unloaded_drivers{};  // 0 = none
  FileOffset debugger_data{};     // 0 = none; a decoded KDDEBUGGER_DATA64
  std::uint32_t debugger_data_size = 0;
  FileOffset string_pool{};
  std::uint32_t string_pool_size = 0;
};

/// What one driver added to a crash dump as the system went down.
struct SecondaryBlock {
  std::string guid;     // its writer's tag: "54c84888-01d1-4c1e-bed6-282c98241303"
  FileOffset offset{};  // of the data
  std::uint64_t size = 0;
};
/// Who writes blocks of that tag, and what; empty where no public source tells.
std::string_view SecondaryDataNameOf(std::string_view guid);

/// Which machine wrote a dump, and when, as far as its header says; nothing where a field was never written.
struct DumpOrigin {
  std::optional<std::uint64_t> system_time;  // of the crash: 100 ns since 1601
  std::optional<std::uint64_t> up_time;      // since boot, 100 ns
  std::optional<std::uint32_t> processors;
  /// Of the processors and of where RAM lies, as PHYSICAL_MEMORY_DESCRIPTOR has it. One machine keeps it until its
  /// firmware or its memory changes; two machines of one model with the same memory may share it.
  std::optional<std::uint64_t> machine_fingerprint;
};

/// What the container says of itself and of the system, before anything is translated.
struct ImageFacts {
  std::string path;
  std::string container;    // REPORT.md's word: "pagedu64-full", "pagedump-triage", "raw", "pool-pages", …
  std::string compression;  // "none", "zstd", "gzip", "xz", "bzip2", "zip", "7z", "cab", "tar"; "gzip/tar": outer first
  std::string member;       // of an archive: the file in it that is the image; of half a VMware machine: the other half
  std::uint64_t size = 0;   // bytes of the file as it lies on disk
  Machine machine = Machine::kUnknown;
  PageTableForm form = PageTableForm::kUsual;    // of the page tables
  std::optional<std::uint32_t> build;            // MinorVersion of the header, or --build
  bool is_build_given = false;                   // it is --build's
  std::optional<PhysAddr> directory_table_base;  // CR3 with its flag bits removed
  RootSource root_source = RootSource::kHeader;
  VirtAddr loaded_module_list{};   // 0 = unknown
  VirtAddr debugger_data_block{};  // 0 = unknown
  std::optional<BugCheckRecord> bugcheck;
  DumpOrigin origin;
  std::optional<TriageTables> triage;
  std::vector<SecondaryBlock> secondary_data;  // of a crash dump, in its order
  std::uint64_t pages_promised = 0;            // pages the container's tables speak of
  bool truncated = false;                      // the file ends before what it promises
  bool is_live = false;            // the header says that nobody crashed: the system may have run on meanwhile
  std::vector<std::string> notes;  // one sentence each: what could not be read, and both numbers
};

struct OpenOptions {
  std::optional<VirtAddr> base;        // --base: the file is bare pool pages that start at this address
  std::optional<Machine> machine;      // --machine
  std::optional<std::uint32_t> build;  // --build
  std::uint64_t max_decompressed_bytes = std::uint64_t{1} << 36;  // 64 GiB: a bomb must end somewhere
};

/// An opened, validated image. Movable, not copyable; every view it gives lives as long as it does.
class Image {
 public:
  /// Opens a file. Uncompressed files are mapped; compressed ones and archives are unpacked to memory (small) or to an
  /// unlinked temporary file that is mapped (large). Fails with one Error that says place and numbers; never throws.
  static Result<Image> Open(const std::string& path, const OpenOptions& options);
  /// The same from bytes in memory that outlive the image (tests, fuzzers). `name` stands in for the path.
  static Result<Image> FromBytes(ByteView bytes, const std::string& name, const OpenOptions& options);

  Image(Image&&) noexcept;
  Image& operator=(Image&&) noexcept;
  ~Image();

  [[nodiscard]] const ImageFacts& facts() const;
  /// The whole container after decompression.
  [[nodiscard]] ByteView bytes() const;
  /// Physical pages in the image, in file order; empty for triage dumps and bare pool pages.
  [[nodiscard]] const PageMap& pages() const;
  /// Says that the bytes of `run` are about to be read from end to end, so that the system can bring them in at once.
  /// A hint; does nothing for images that are in memory anyway.
  void WillRead(const PageRun& run) const;
  /// Virtual ranges in the image (triage dumps, bare pool pages); empty for physical images.
  [[nodiscard]] const VirtualMap& virtual_ranges() const;

 private:
  struct State;
  static Result<Image> Read(ByteView bytes, const StoredExtents& stored, const std::string& name,
                            const OpenOptions& options);
  static Result<Image> OpenVmwarePair(const std::string& path, FileMapping file, VmwareOther other,
                                      const OpenOptions& options);
  explicit Image(std::unique_ptr<State> state);
  std::unique_ptr<State> state_;
};

}  // namespace poolblame

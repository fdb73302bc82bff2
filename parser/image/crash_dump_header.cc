// Both crash dump headers become one CrashDumpHeader here, so that no reader of a dump type asks for the width again.
#include "parser/format/crash_dump.h"
#include "parser/image/crash_dump.h"

namespace poolblame {
namespace {

template <typename T, typename Wire>
std::optional<T> Written(const Wire& field) {
  const T value = field;
  if (IsFill(value)) return std::nullopt;
  return value;
}

struct MachineRow {
  std::uint32_t image_type;
  Machine machine;
  const char* refusal;  // nullptr: we read it
};

constexpr MachineRow kMachines[] = {
    {kMachineImageX86, Machine::kX86, nullptr},
    {kMachineImageX64, Machine::kX64, nullptr},
    {kMachineImageArm64, Machine::kArm64, nullptr},
    {kMachineImageArm, Machine::kUnknown, "crash dump of a 32-bit ARM machine: only x86, x64 and ARM64 dumps are read"},
    {kMachineImageItanium, Machine::kUnknown,
     "crash dump of an Itanium machine: only x86, x64 and ARM64 dumps are read"},
};

Result<Machine> MachineOf(std::uint32_t image_type, bool is_64bit, std::uint64_t offset, ImageFacts& facts) {
  for (const MachineRow& row : kMachines) {
    if (row.image_type != image_type) continue;
    if (row.refusal != nullptr) return Fail(ErrorKind::kUnsupported, row.refusal, offset, 0, image_type);
    if ((row.machine == Machine::kX86) != is_64bit) return row.machine;
  }
  const Machine assumed = is_64bit ? Machine::kX64 : Machine::kX86;
  facts.notes.push_back("MachineImageType of the header is " + HexText(image_type) + "; taken as " +
                        MachineName(assumed));
  return assumed;
}

template <typename Descriptor, typename Run, typename Count>
void ReadRuns(const std::uint8_t (&block)[kPhysicalMemoryBlockSize], CrashDumpHeader& header) {
  const ByteView view(block, kPhysicalMemoryBlockSize);
  const Descriptor descriptor = view.TryRead<Descriptor>(0).value_or(Descriptor{});
  header.run_count = Written<std::uint32_t>(descriptor.NumberOfRuns);
  header.page_total = Written<Count>(descriptor.NumberOfPages);
  for (std::uint64_t at = sizeof(Descriptor); const auto run = view.TryRead<Run>(at); at += sizeof(Run)) {
    if (!Written<Count>(run->BasePage) || !Written<Count>(run->PageCount)) break;
    header.run_slots.push_back({run->BasePage, run->PageCount, {}});
  }
}

/// FNV-1a, 64 bits.
class Fingerprint {
 public:
  void Add(std::uint64_t value) {
    for (int i = 0; i < 8; ++i) hash_ = (hash_ ^ (value >> (8 * i) & 0xFF)) * 0x100000001B3;
  }
  [[nodiscard]] std::uint64_t value() const { return hash_; }

 private:
  std::uint64_t hash_ = 0xCBF29CE484222325;
};

/// Nothing where the header does not say where RAM lies: processors alone tell no machine from another.
std::optional<std::uint64_t> MachineFingerprint(const CrashDumpHeader& header) {
  const std::uint32_t runs = header.run_count.value_or(0);
  if (runs == 0 || runs > header.run_slots.size()) return std::nullopt;
  Fingerprint fingerprint;
  fingerprint.Add(header.facts.origin.processors.value_or(0));
  for (std::uint32_t i = 0; i < runs; ++i) {
    fingerprint.Add(header.run_slots[i].first);
    fingerprint.Add(header.run_slots[i].count);
  }
  return fingerprint.value();
}

template <typename Header>
void ReadOrigin(const Header& wire, CrashDumpHeader& header) {
  DumpOrigin& origin = header.facts.origin;
  origin.system_time = Written<std::uint64_t>(wire.SystemTime);
  origin.up_time = Written<std::uint64_t>(wire.SystemUpTime);
  origin.processors = Written<std::uint32_t>(wire.NumberProcessors);
  origin.machine_fingerprint = MachineFingerprint(header);
}

template <typename Word, typename Header>
Result<void> ReadFacts(const Header& wire, CrashDumpHeader& header) {
  ImageFacts& facts = header.facts;
  Result<Machine> machine =
      MachineOf(wire.MachineImageType, header.is_64bit, offsetof(Header, MachineImageType), facts);
  if (!machine) return tl::unexpected(machine.error());
  facts.machine = *machine;
  header.attributes = Written<std::uint32_t>(wire.Attributes).value_or(0);
  if ((header.attributes & kDumpAttributeEncrypted) != 0)
    return Fail(ErrorKind::kUnsupported, "encrypted crash dump: decrypt it first with the key it was written with",
                offsetof(Header, Attributes), 0, header.attributes);
  facts.build = Written<std::uint32_t>(wire.MinorVersion);
  if (const auto base = Written<Word>(wire.DirectoryTableBase); base && *base != 0)
    facts.directory_table_base = PhysAddr{*base};
  facts.loaded_module_list = VirtAddr{Written<Word>(wire.PsLoadedModuleList).value_or(0)};
  facts.debugger_data_block = VirtAddr{Written<Word>(wire.KdDebuggerDataBlock).value_or(0)};
  if (const auto code = Written<std::uint32_t>(wire.BugCheckCode); code && *code != 0) {
    facts.bugcheck = BugCheckRecord{*code, {}};
    for (std::size_t i = 0; i < 4; ++i)
      facts.bugcheck->parameters[i] = Written<Word>(wire.BugCheckParameter[i]).value_or(0);
  }
  ReadOrigin(wire, header);
  header.dump_type_offset = offsetof(Header, DumpType);
  header.dump_type = Written<std::uint32_t>(wire.DumpType);
  header.secondary_state = Written<std::uint32_t>(wire.SecondaryDataState).value_or(0);
  header.required_dump_space = Written<std::uint64_t>(wire.RequiredDumpSpace);
  return {};
}

}  // namespace

bool IsCrashDump(ByteView bytes) {
  const auto signature = bytes.TryRead<Le32>(0);
  const auto valid = bytes.TryRead<Le32>(4);
  return signature && valid && *signature == kDumpSignature && (*valid == kValidDump32 || *valid == kValidDump64);
}

Result<CrashDumpHeader> ReadCrashDumpHeader(ByteView bytes) {
  CrashDumpHeader header;
  header.is_64bit = bytes.TryRead<Le32>(4).value_or(Le32{}) == kValidDump64;
  Result<void> read;
  if (header.is_64bit) {
    const Result<DumpHeader64> wire = bytes.Read<DumpHeader64>(0, "crash dump header (PAGEDU64)");
    if (!wire) return tl::unexpected(wire.error());
    header.size = sizeof(DumpHeader64);
    ReadRuns<PhysicalMemoryDescriptor64, PhysicalMemoryRun64, std::uint64_t>(wire->PhysicalMemoryBlock, header);
    read = ReadFacts<std::uint64_t>(*wire, header);
  } else {
    const Result<DumpHeader32> wire = bytes.Read<DumpHeader32>(0, "crash dump header (PAGEDUMP)");
    if (!wire) return tl::unexpected(wire.error());
    header.size = sizeof(DumpHeader32);
    ReadRuns<PhysicalMemoryDescriptor32, PhysicalMemoryRun32, std::uint32_t>(wire->PhysicalMemoryBlock, header);
    if (wire->PaeEnabled <= 1) header.pae_enabled = wire->PaeEnabled;
    read = ReadFacts<std::uint32_t>(*wire, header);
  }
  if (!read) return tl::unexpected(read.error());
  return header;
}

}  // namespace poolblame

// Which reader a crash dump goes to, by its DumpType; the types we do not read are refused by name.
#include "parser/image/crash_dump.h"

#include "parser/format/crash_dump.h"
#include "parser/format/page_table.h"
#include "parser/image/page_table_walk.h"
#include "parser/image/translate.h"

namespace poolblame {
namespace {

struct DumpTypeRow {
  DumpType type;
  Result<ImageParts> (*open)(ByteView, CrashDumpHeader);  // nullptr: refused
  const char* refusal;
};

constexpr DumpTypeRow kDumpTypes[] = {
    {DumpType::kFull, OpenFullDump, nullptr},
    {DumpType::kSummary, OpenSummaryDump, nullptr},
    {DumpType::kHeaderOnly, nullptr,
     "header-only crash dump: it holds no memory; set Windows to write a kernel or complete memory dump"},
    {DumpType::kTriage, OpenTriageDump, nullptr},
    {DumpType::kBitmapFull, OpenBitmapDump, nullptr},
    {DumpType::kBitmapKernel, OpenBitmapDump, nullptr},
    {DumpType::kAutomatic, OpenBitmapDump, nullptr},
    {DumpType::kRdmpKernel, OpenRdmp, nullptr},
    {DumpType::kRdmpKernelUser, OpenRdmp, nullptr},
    {DumpType::kRdmpComplete, OpenRdmp, nullptr},
};

// Windows 8 and later run x86 with PAE only.
constexpr std::uint32_t kFirstPaeOnlyBuild = 9200;

/// Nothing in an x64 header says how many levels the page tables have. True where no address that it names is mapped by
/// four of them, and one is by five: addresses that four levels can say are five's, too.
bool NeedsFiveLevels(const PageMap& pages, const ImageFacts& facts) {
  const PhysAddr root = *facts.directory_table_base;
  const auto maps_one = [&](const PagingMode& mode) {
    const auto is_mapped = [&](VirtAddr address) {
      return address.value != 0 && TranslateBy(pages, mode, root, address).mapping_size != 0;
    };
    return is_mapped(facts.loaded_module_list) || is_mapped(facts.debugger_data_block);
  };
  return !maps_one(kPagingX64) && maps_one(kPagingX64La57);
}

/// What kind of dump the header says this is, beside its type. Not asked of a header that a guest left among the notes
/// of an ELF core: there the machine stood still.
void TellAttributes(CrashDumpHeader& header) {
  ImageFacts& facts = header.facts;
  const auto has = [&](std::uint32_t bit) { return (header.attributes & bit) != 0; };
  const bool by_code = facts.bugcheck && facts.bugcheck->code == kBugCheckLiveDump;
  facts.is_live = has(kDumpAttributeLive) || by_code;
  if (facts.is_live)
    facts.notes.push_back(
        "live dump: nobody crashed. Unless the machine stood still while its memory was copied, pages and lists may be "
        "torn: what lies in two places may be of two moments");
  if (has(kDumpAttributeFiltered))
    facts.notes.push_back("active memory dump: Windows left out the pages that it held to be of no use");
  if (has(kDumpAttributeFileTooSmall))
    NoteTruncation(facts, "the header says that the file had no room for all that was to be in it");
  constexpr std::uint32_t kFailed = 0xC0000000;  // severity "error" of an NTSTATUS
  if (header.secondary_state >= kFailed)
    facts.notes.push_back("Windows failed to write all secondary data of drivers (status " +
                          HexText(header.secondary_state) + "); memory is not affected");
}

}  // namespace

void ApplyOptions(const OpenOptions& options, ImageFacts& facts) {
  if (options.build && facts.build && *options.build != *facts.build)
    facts.notes.push_back("--build " + std::to_string(*options.build) + " is used instead of the header's " +
                          std::to_string(*facts.build));
  if (options.build) facts.build = options.build;
  facts.is_build_given = options.build.has_value();
  if (options.machine && *options.machine != facts.machine)
    facts.notes.push_back(std::string("--machine ") + MachineName(*options.machine) + " is ignored: the header says " +
                          MachineName(facts.machine));
}

Result<ImageParts> OpenCrashDump(ByteView bytes, const OpenOptions& options) {
  Result<CrashDumpHeader> header = ReadCrashDumpHeader(bytes);
  if (!header) return tl::unexpected(header.error());
  ApplyOptions(options, header->facts);
  TellAttributes(*header);
  // Dumps older than Windows 2000 have no DumpType; they are full.
  const auto type = static_cast<DumpType>(header->dump_type.value_or(static_cast<std::uint32_t>(DumpType::kFull)));
  const std::uint64_t offset = header->dump_type_offset;
  for (const DumpTypeRow& row : kDumpTypes) {
    if (row.type != type) continue;
    if (row.open == nullptr)
      return Fail(ErrorKind::kUnsupported, row.refusal, offset, 0, static_cast<std::uint32_t>(type));
    return row.open(bytes, std::move(*header));
  }
  return Fail(ErrorKind::kUnsupported,
              "crash dump of unknown type " + std::to_string(static_cast<std::uint32_t>(type)) +
                  ": the types read are 1, 2 and 4 to 10",
              offset, 0, static_cast<std::uint32_t>(type));
}

bool LooksLikePae(const PageMap& pages, PhysAddr directory_table_base) {
  if (directory_table_base.page_offset() != 0) return true;  // only a PDPT may lie inside a page
  const ByteView table = pages.Page(ToPfn(directory_table_base));
  if (table.empty()) return false;
  // Four valid entries with nothing but address bits beside Valid: a PDPT. A page directory has W, A, D there.
  constexpr std::uint64_t kPdptReserved = 0x1E6;
  for (std::uint64_t i = 0; i < 4; ++i) {
    const std::uint64_t entry = *table.TryRead<Le64>(i * 8);
    if ((entry & kEntryValid) == 0 || (entry & kPdptReserved) != 0) return false;
  }
  return true;
}

void SettleTableBase(const CrashDumpHeader& header, const PageMap& pages, ImageFacts& facts) {
  if (!facts.directory_table_base) return;
  PhysAddr& base = *facts.directory_table_base;
  if (facts.machine != Machine::kX86) {
    base = PhysAddr{base.value & PagingOf(facts.machine, PageTableForm::kUsual)->root_mask};
    if (facts.machine == Machine::kX64 && NeedsFiveLevels(pages, facts)) facts.form = PageTableForm::kLa57;
    return;
  }
  const PhysAddr pdpt{base.value & kPagingPae.root_mask};
  bool is_pae = false;
  if (header.pae_enabled) {
    is_pae = *header.pae_enabled == 1;
  } else {
    is_pae = (facts.build && *facts.build >= kFirstPaeOnlyBuild) || LooksLikePae(pages, pdpt);
    facts.notes.push_back(std::string("PaeEnabled of the header was never written; the page tables are taken as ") +
                          (is_pae ? "PAE" : "not PAE"));
  }
  facts.form = is_pae ? PageTableForm::kPae : PageTableForm::kUsual;
  base = is_pae ? pdpt : PhysAddr{base.value & kPagingX86.root_mask};
}

}  // namespace poolblame

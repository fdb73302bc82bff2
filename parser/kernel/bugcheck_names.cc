// Names of bug checks, and the search for the row that explains one.
// Source: the list of Microsoft's public bug check reference and the public bugcodes.h.
#include <algorithm>
#include <array>

#include "parser/kernel/bugcheck_table.h"

namespace poolblame {
namespace {

// clang-format off
constexpr std::array kNames = std::to_array<BugCheckName>({
    {0x1, "APC_INDEX_MISMATCH"},
    {0xA, "IRQL_NOT_LESS_OR_EQUAL"},
    {0x12, "TRAP_CAUSE_UNKNOWN"},
    {0x18, "REFERENCE_BY_POINTER"},
    {0x19, "BAD_POOL_HEADER"},
    {0x1A, "MEMORY_MANAGEMENT"},
    {0x1C, "PFN_SHARE_COUNT"},
    {0x1E, "KMODE_EXCEPTION_NOT_HANDLED"},
    {0x20, "KERNEL_APC_PENDING_DURING_EXIT"},
    {0x22, "FILE_SYSTEM"},
    {0x23, "FAT_FILE_SYSTEM"},
    {0x24, "NTFS_FILE_SYSTEM"},
    {0x26, "CDFS_FILE_SYSTEM"},
    {0x27, "RDR_FILE_SYSTEM"},
    {0x2E, "DATA_BUS_ERROR"},
    {0x34, "CACHE_MANAGER"},
    {0x35, "NO_MORE_IRP_STACK_LOCATIONS"},
    {0x3B, "SYSTEM_SERVICE_EXCEPTION"},
    {0x3D, "INTERRUPT_EXCEPTION_NOT_HANDLED"},
    {0x3F, "NO_MORE_SYSTEM_PTES"},
    {0x40, "TARGET_MDL_TOO_SMALL"},
    {0x41, "MUST_SUCCEED_POOL_EMPTY"},
    {0x44, "MULTIPLE_IRP_COMPLETE_REQUESTS"},
    {0x48, "CANCEL_STATE_IN_COMPLETED_IRP"},
    {0x4A, "IRQL_GT_ZERO_AT_SYSTEM_SERVICE"},
    {0x4E, "PFN_LIST_CORRUPT"},
    {0x50, "PAGE_FAULT_IN_NONPAGED_AREA"},
    {0x51, "REGISTRY_ERROR"},
    {0x5C, "HAL_INITIALIZATION_FAILED"},
    {0x67, "CONFIG_INITIALIZATION_FAILED"},
    {0x6B, "PROCESS1_INITIALIZATION_FAILED"},
    {0x74, "BAD_SYSTEM_CONFIG_INFO"},
    {0x76, "PROCESS_HAS_LOCKED_PAGES"},
    {0x77, "KERNEL_STACK_INPAGE_ERROR"},
    {0x7A, "KERNEL_DATA_INPAGE_ERROR"},
    {0x7B, "INACCESSIBLE_BOOT_DEVICE"},
    {0x7E, "SYSTEM_THREAD_EXCEPTION_NOT_HANDLED"},
    {0x7F, "UNEXPECTED_KERNEL_MODE_TRAP"},
    {0x80, "NMI_HARDWARE_FAILURE"},
    {0x8E, "KERNEL_MODE_EXCEPTION_NOT_HANDLED"},
    {0x93, "INVALID_KERNEL_HANDLE"},
    {0x96, "INVALID_WORK_QUEUE_ITEM"},
    {0x9C, "MACHINE_CHECK_EXCEPTION"},
    {0x9F, "DRIVER_POWER_STATE_FAILURE"},
    {0xA0, "INTERNAL_POWER_ERROR"},
    {0xA5, "ACPI_BIOS_ERROR"},
    {0xB8, "ATTEMPTED_SWITCH_FROM_DPC"},
    {0xBE, "ATTEMPTED_WRITE_TO_READONLY_MEMORY"},
    {0xC1, "SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION", 4},
    {0xC2, "BAD_POOL_CALLER"},
    {0xC4, "DRIVER_VERIFIER_DETECTED_VIOLATION"},
    {0xC5, "DRIVER_CORRUPTED_EXPOOL"},
    {0xC6, "DRIVER_CAUGHT_MODIFYING_FREED_POOL"},
    {0xC7, "TIMER_OR_DPC_INVALID"},
    {0xC8, "IRQL_UNEXPECTED_VALUE"},
    {0xC9, "DRIVER_VERIFIER_IOMANAGER_VIOLATION"},
    {0xCA, "PNP_DETECTED_FATAL_ERROR"},
    {0xCB, "DRIVER_LEFT_LOCKED_PAGES_IN_PROCESS"},
    {0xCC, "PAGE_FAULT_IN_FREED_SPECIAL_POOL"},
    {0xCD, "PAGE_FAULT_BEYOND_END_OF_ALLOCATION"},
    {0xCE, "DRIVER_UNLOADED_WITHOUT_CANCELLING_PENDING_OPERATIONS"},
    {0xD0, "DRIVER_CORRUPTED_MMPOOL"},
    {0xD1, "DRIVER_IRQL_NOT_LESS_OR_EQUAL"},
    {0xD3, "DRIVER_PORTION_MUST_BE_NONPAGED"},
    {0xD5, "DRIVER_PAGE_FAULT_IN_FREED_SPECIAL_POOL"},
    {0xD6, "DRIVER_PAGE_FAULT_BEYOND_END_OF_ALLOCATION"},
    {0xD7, "DRIVER_UNMAPPING_INVALID_VIEW"},
    {0xD8, "DRIVER_USED_EXCESSIVE_PTES"},
    {0xDA, "SYSTEM_PTE_MISUSE"},
    {0xDB, "DRIVER_CORRUPTED_SYSPTES"},
    {0xDE, "POOL_CORRUPTION_IN_FILE_AREA"},
    {0xE2, "MANUALLY_INITIATED_CRASH"},
    {0xE3, "RESOURCE_NOT_OWNED"},
    {0xE4, "WORKER_INVALID"},
    {0xE6, "DRIVER_VERIFIER_DMA_VIOLATION"},
    {0xEA, "THREAD_STUCK_IN_DEVICE_DRIVER"},
    {0xEC, "SESSION_HAS_VALID_SPECIAL_POOL_ON_EXIT"},
    {0xED, "UNMOUNTABLE_BOOT_VOLUME"},
    {0xEF, "CRITICAL_PROCESS_DIED"},
    {0xF4, "CRITICAL_OBJECT_TERMINATION"},
    {0xF5, "FLTMGR_FILE_SYSTEM"},
    {0xF7, "DRIVER_OVERRAN_STACK_BUFFER"},
    {0xFC, "ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY"},
    {0xFE, "BUGCODE_USB_DRIVER"},
    {0x101, "CLOCK_WATCHDOG_TIMEOUT"},
    {0x109, "CRITICAL_STRUCTURE_CORRUPTION"},
    {0x10D, "WDF_VIOLATION"},
    {0x10E, "VIDEO_MEMORY_MANAGEMENT_INTERNAL"},
    {0x113, "VIDEO_DXGKRNL_FATAL_ERROR"},
    {0x116, "VIDEO_TDR_FAILURE"},
    {0x117, "VIDEO_TDR_TIMEOUT_DETECTED"},
    {0x119, "VIDEO_SCHEDULER_INTERNAL_ERROR"},
    {0x122, "WHEA_INTERNAL_ERROR"},
    {0x124, "WHEA_UNCORRECTABLE_ERROR"},
    {0x12B, "FAULTY_HARDWARE_CORRUPTED_PAGE"},
    {0x133, "DPC_WATCHDOG_VIOLATION"},
    {0x139, "KERNEL_SECURITY_CHECK_FAILURE"},
    {0x13A, "KERNEL_MODE_HEAP_CORRUPTION"},
    {0x13C, "INVALID_IO_BOOST_STATE"},
    {0x144, "BUGCODE_USB3_DRIVER"},
    {0x149, "REFS_FILE_SYSTEM"},
    {0x14F, "PDC_WATCHDOG_TIMEOUT"},
    {0x154, "UNEXPECTED_STORE_EXCEPTION"},
    {0x161, "LIVE_SYSTEM_DUMP"},
    {0x18B, "SECURE_KERNEL_ERROR"},
    {0x1C7, "STORE_DATA_STRUCTURE_CORRUPTION"},
    {0x1C8, "MANUALLY_INITIATED_POWER_BUTTON_HOLD"},
    {0x1CA, "SYNTHETIC_WATCHDOG_TIMEOUT"},
    {0xC0000218, "STATUS_CANNOT_LOAD_REGISTRY_FILE"},
    {0xC000021A, "STATUS_SYSTEM_PROCESS_TERMINATED"},
    {0xC0000221, "STATUS_IMAGE_CHECKSUM_MISMATCH"},
    {0xDEADDEAD, "MANUALLY_INITIATED_CRASH1"},
});
// clang-format on

static_assert(std::ranges::is_sorted(kNames, {}, &BugCheckName::code));

const BugCheckRow* FindIn(std::span<const BugCheckRow> rows, std::uint32_t code, std::uint64_t sub_code,
                          std::optional<std::uint32_t> build) {
  const BugCheckRow* any = nullptr;
  for (const BugCheckRow& row : rows) {
    if (row.code != code) continue;
    if (row.last_build != 0 && (!build || *build > row.last_build)) continue;
    if (row.sub_code == sub_code) return &row;
    if (row.sub_code == kAnySubCode) any = &row;
  }
  return any;
}

}  // namespace

std::span<const BugCheckName> BugCheckNames() { return kNames; }

const BugCheckName* FindBugCheckName(std::uint32_t code) {
  const auto found = std::ranges::lower_bound(kNames, code, {}, &BugCheckName::code);
  return found != kNames.end() && found->code == code ? &*found : nullptr;
}

const BugCheckRow* FindBugCheckRow(std::uint32_t code, const BugCheckArguments& arguments) {
  const BugCheckName* name = FindBugCheckName(code);
  const std::uint64_t sub_code = arguments.p[(name != nullptr ? name->selector : 1) - 1];
  for (const auto rows :
       {PoolBugChecks(), SpecialPoolBugChecks(), VerifierBugChecks(), HeapBugChecks(), MemoryBugChecks()}) {
    if (const BugCheckRow* row = FindIn(rows, code, sub_code, arguments.build)) return row;
  }
  return nullptr;
}

}  // namespace poolblame

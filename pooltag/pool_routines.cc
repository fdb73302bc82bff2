// Source: the prototypes in the WDK's documentation (learn.microsoft.com/windows-hardware/drivers/ddi, headers wdm.h,
// ntddk.h, ntifs.h, ndis.h, fltkernel.h, winddi.h, video.h), a page a routine. POOL_FLAGS is a ULONG64, so that the
// tag of ExAllocatePool2 and 3 lies one stack slot further on x86. Left out: routines whose tag is not a pool tag
// (ObReferenceObjectWithTag) or is a member of a structure (NDIS_NET_BUFFER_POOL_PARAMETERS).
#include "pooltag/pool_routines.h"

#include <algorithm>
#include <array>

namespace poolblame {
namespace {

constexpr auto kAllocates = TagVerb::kAllocates;
constexpr auto kFrees = TagVerb::kFrees;
constexpr auto kInitialises = TagVerb::kInitialises;
constexpr std::string_view kKernel = "ntoskrnl.exe", kNdis = "ndis.sys", kFilter = "fltmgr.sys";
constexpr std::string_view kGraphics = "win32k.sys", kVideo = "videoprt.sys";

constexpr auto kRoutines = std::to_array<PoolRoutine>({
    {"ExAllocatePoolWithTag", kKernel, kAllocates, 3, 3},
    {"ExAllocatePoolWithQuotaTag", kKernel, kAllocates, 3, 3},
    {"ExAllocatePoolWithTagPriority", kKernel, kAllocates, 3, 3},
    {"ExAllocatePool2", kKernel, kAllocates, 3, 4},
    {"ExAllocatePool3", kKernel, kAllocates, 3, 4},
    {"ExAllocateCacheAwareRundownProtection", kKernel, kAllocates, 2, 2},
    {"MmAllocateMappingAddress", kKernel, kAllocates, 2, 2},
    {"FsRtlAllocateExtraCreateParameter", kKernel, kAllocates, 5, 5},
    {"ExFreePoolWithTag", kKernel, kFrees, 2, 2},
    {"ExFreePool2", kKernel, kFrees, 2, 2},
    {"MmFreeMappingAddress", kKernel, kFrees, 2, 2},
    {"ExInitializeNPagedLookasideList", kKernel, kInitialises, 6, 6},
    {"ExInitializePagedLookasideList", kKernel, kInitialises, 6, 6},
    {"ExInitializeLookasideListEx", kKernel, kInitialises, 7, 7},
    {"FsRtlInitExtraCreateParameterLookasideList", kKernel, kInitialises, 4, 4},
    {"NdisAllocateMemoryWithTag", kNdis, kAllocates, 3, 3},
    {"NdisAllocateMemoryWithTagPriority", kNdis, kAllocates, 3, 3},
    {"NdisFreeMemoryWithTagPriority", kNdis, kFrees, 3, 3},
    {"NdisInitializeNPagedLookasideList", kNdis, kInitialises, 6, 6},
    {"FltAllocatePoolAlignedWithTag", kFilter, kAllocates, 4, 4},
    {"FltFreePoolAlignedWithTag", kFilter, kFrees, 3, 3},
    {"EngAllocMem", kGraphics, kAllocates, 3, 3},
    {"VideoPortAllocatePool", kVideo, kAllocates, 4, 4},
});

}  // namespace

const PoolRoutine* FindPoolRoutine(std::string_view name) {
  const auto row =
      std::find_if(kRoutines.begin(), kRoutines.end(), [&](const PoolRoutine& r) { return r.name == name; });
  return row == kRoutines.end() ? nullptr : &*row;
}

bool ExportsPoolRoutines(std::string_view driver) {
  return std::any_of(kRoutines.begin(), kRoutines.end(), [&](const PoolRoutine& r) { return r.exporter == driver; });
}

}  // namespace poolblame

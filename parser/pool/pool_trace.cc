#include "parser/pool/pool_trace.h"

#include <algorithm>
#include <array>
#include <optional>

#include "parser/base/little_endian.h"
#include "parser/format/pool_trace.h"

namespace poolblame {
namespace {

constexpr std::uint64_t kMostImage = 32 << 20;  // bytes; ntoskrnl has 9 to 18 MiB
constexpr std::uint64_t kMostBlock = 1U << 30;  // bytes of one allocation
constexpr std::uint32_t kFewestRecords = 4;     // in a row make a log
constexpr std::uint32_t kMostRecordBytes = 0x1A8;

const PoolTraceLayout* FindLayout(const System& system) {
  if (!system.build) return nullptr;
  const bool is_64bit = PointerSize(system.machine) == 8;
  const auto row = std::ranges::find_if(kPoolTraceLayouts, [&](const PoolTraceLayout& layout) {
    return layout.is_64bit == is_64bit && *system.build >= layout.first_build && *system.build <= layout.last_build;
  });
  return row == kPoolTraceLayouts.end() ? nullptr : &*row;
}

enum class RecordKind { kCall, kEmpty, kOther };

class LogReader {
 public:
  LogReader(const AddressSpace& space, const System& system, const PoolTraceLayout& layout)
      : space_(space), system_(system), layout_(layout), pointer_(layout.is_64bit ? 8 : 4) {}

  [[nodiscard]] bool LooksLikeLog(VirtAddr at) const {
    if (at < space_.kernel_base() || at.value % pointer_ != 0) return false;
    PoolTrace trace;
    for (std::uint32_t i = 0; i < kFewestRecords; ++i)
      if (ReadRecord(at + std::uint64_t{i} * layout_.record_bytes, trace) != RecordKind::kCall) return false;
    return true;
  }
  /// All calls from `at` on to the first bytes that are no record.
  [[nodiscard]] std::vector<PoolTrace> ReadLog(VirtAddr at) const {
    std::vector<PoolTrace> traces;
    for (std::uint64_t i = 0; i < PoolTraceLog::kMostRecords; ++i) {
      PoolTrace trace;
      const RecordKind kind = ReadRecord(at + i * layout_.record_bytes, trace);
      if (kind == RecordKind::kOther) break;
      if (kind == RecordKind::kCall) traces.push_back(trace);
    }
    return traces;
  }

 private:
  [[nodiscard]] RecordKind ReadRecord(VirtAddr at, PoolTrace& trace) const {
    std::array<std::uint8_t, kMostRecordBytes> bytes{};
    if (space_.Read(at, {bytes.data(), layout_.record_bytes}) != Presence::kPresent) return RecordKind::kOther;
    const ByteView record(bytes.data(), layout_.record_bytes);
    if (std::ranges::all_of(record, [](std::uint8_t byte) { return byte == 0; })) return RecordKind::kEmpty;
    trace = {{Field(record, kTraceAddress)}, Field(record, kTraceSize), {Field(record, kTraceThread)}, {}};
    const auto is_kernel = [&](VirtAddr a) { return a >= space_.kernel_base() && a.value % pointer_ == 0; };
    if (!is_kernel(trace.address) || !is_kernel(trace.thread) || trace.bytes == 0 || trace.bytes > kMostBlock)
      return RecordKind::kOther;
    return FindCaller(record, trace) ? RecordKind::kCall : RecordKind::kOther;
  }
  /// False where a frame is no code of a module.
  [[nodiscard]] bool FindCaller(ByteView record, PoolTrace& trace) const {
    std::uint32_t frames = 0;
    bool outside = false;
    for (; frames < layout_.frames; ++frames) {
      const VirtAddr frame{Field(record, kTraceStack + frames)};
      if (frame.value == 0) break;
      const Module* module = system_.ModuleAt(frame);
      if (module == nullptr) return false;
      const bool is_kernel = module == &system_.modules.front();
      if (frames == 0 || (!outside && !is_kernel)) trace.caller = frame;
      outside = outside || !is_kernel;
    }
    return frames > 0;
  }
  [[nodiscard]] std::uint64_t Field(ByteView record, std::uint32_t index) const {
    const std::uint64_t at = std::uint64_t{index} * pointer_;
    return layout_.is_64bit ? std::uint64_t{record.TryRead<Le64>(at).value_or(Le64{})}
                            : std::uint64_t{record.TryRead<Le32>(at).value_or(Le32{})};
  }

  const AddressSpace& space_;
  const System& system_;
  const PoolTraceLayout& layout_;
  std::uint32_t pointer_;
};

/// The log that a pointer of the kernel's image leads to.
std::optional<VirtAddr> FindLog(const AddressSpace& space, const Module& kernel, std::uint32_t pointer,
                                const LogReader& reader) {
  std::uint32_t pointers = 0;
  for (std::uint64_t offset = 0; offset < std::min(kernel.size, kMostImage); offset += kPageSize) {
    const PageBytes page = space.Page(kernel.base + offset);
    if (page.presence != Presence::kPresent) continue;
    for (std::uint32_t at = 0; at < kPageSize; at += pointer) {
      const VirtAddr value{pointer == 8 ? std::uint64_t{page.bytes.TryRead<Le64>(at).value_or(Le64{})}
                                        : std::uint64_t{page.bytes.TryRead<Le32>(at).value_or(Le32{})}};
      const bool leads_outside = value >= space.kernel_base() && value - kernel.base >= kernel.size;
      // The log takes whole pages.
      if (!leads_outside || value.page_offset() != 0 || ++pointers > PoolTraceLog::kMostPointers) continue;
      if (reader.LooksLikeLog(value)) return value;
    }
  }
  return std::nullopt;
}

}  // namespace

PoolTraceLog::PoolTraceLog(const AddressSpace& space, const System& system) {
  const PoolTraceLayout* layout = FindLayout(system);
  if (layout == nullptr || system.modules.empty() || system.modules.front().unloaded) return;
  const Module& kernel = system.modules.front();  // the kernel loads itself first
  if (kernel.base < space.kernel_base() || kernel.base.page_offset() != 0) return;
  const LogReader reader(space, system, *layout);
  const auto log = FindLog(space, kernel, layout->is_64bit ? 8 : 4, reader);
  if (!log) return;
  traces_ = reader.ReadLog(*log);
  std::stable_sort(traces_.begin(), traces_.end(),
                   [](const PoolTrace& a, const PoolTrace& b) { return a.address < b.address; });
}

std::span<const PoolTrace> PoolTraceLog::Of(VirtAddr address) const {
  const auto begin = std::lower_bound(traces_.begin(), traces_.end(), address,
                                      [](const PoolTrace& trace, VirtAddr a) { return trace.address < a; });
  const auto end = std::upper_bound(begin, traces_.end(), address,
                                    [](VirtAddr a, const PoolTrace& trace) { return a < trace.address; });
  return {begin, end};
}

}  // namespace poolblame

#include "parser/pool/pool_trace.h"

#include <algorithm>
#include <array>
#include <iterator>
#include <optional>

#include "parser/base/little_endian.h"
#include "parser/format/pool_trace.h"
#include "parser/pool/kernel_image.h"

namespace poolblame {
namespace {

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

struct CodeRange {
  VirtAddr base{};
  std::uint64_t size = 0;
  [[nodiscard]] bool Holds(VirtAddr address) const { return address >= base && address - base < size; }
};

class LogReader {
 public:
  LogReader(const AddressSpace& space, const System& system, const PoolTraceLayout& layout)
      : space_(space), layout_(layout), pointer_(layout.is_64bit ? 8 : 4) {
    for (const Module& module : system.modules)
      if (!module.unloaded) images_.push_back({module.base, module.size});
    if (!images_.empty()) kernel_ = images_.front();
    std::sort(images_.begin(), images_.end(), [](const CodeRange& a, const CodeRange& b) { return a.base < b.base; });
  }

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
      if (!IsCode(frame)) return false;
      const bool is_kernel = kernel_.Holds(frame);
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

  [[nodiscard]] bool IsCode(VirtAddr address) const {
    const auto behind = std::upper_bound(images_.begin(), images_.end(), address,
                                         [](VirtAddr a, const CodeRange& image) { return a < image.base; });
    return behind != images_.begin() && std::prev(behind)->Holds(address);
  }

  const AddressSpace& space_;
  const PoolTraceLayout& layout_;
  std::uint32_t pointer_;
  std::vector<CodeRange> images_;  // of loaded modules, by base: each record asks for up to 50 addresses
  CodeRange kernel_;
};

/// Page-aligned addresses outside of the kernel's image that its pointers on this page lead to: the log takes whole
/// pages.
std::vector<VirtAddr> PointersOut(const AddressSpace& space, const Module& kernel, ByteView page) {
  const std::uint32_t pointer = PointerSize(space.machine());
  std::vector<VirtAddr> out;
  for (std::uint32_t at = 0; at < kPageSize; at += pointer) {
    const VirtAddr value{pointer == 8 ? std::uint64_t{page.TryRead<Le64>(at).value_or(Le64{})}
                                      : std::uint64_t{page.TryRead<Le32>(at).value_or(Le32{})}};
    const bool leads_outside = value >= space.kernel_base() && value - kernel.base >= kernel.size;
    if (leads_outside && value.page_offset() == 0) out.push_back(value);
  }
  return out;
}

/// The log that a pointer of the kernel's image leads to.
std::optional<VirtAddr> FindLog(const AddressSpace& space, const System& system, const LogReader& reader) {
  std::optional<VirtAddr> log;
  std::uint32_t pointers = 0;
  LookThroughKernel(space, system, [&](VirtAddr, ByteView bytes) {
    for (const VirtAddr value : PointersOut(space, system.modules.front(), bytes)) {
      if (++pointers > PoolTraceLog::kMostPointers) return true;
      if (reader.LooksLikeLog(value)) log = value;
      if (log) return true;
    }
    return false;
  });
  return log;
}

}  // namespace

PoolTraceLog::PoolTraceLog(const AddressSpace& space, const System& system) {
  const PoolTraceLayout* layout = FindLayout(system);
  if (layout == nullptr) return;
  const LogReader reader(space, system, *layout);
  const auto log = FindLog(space, system, reader);
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

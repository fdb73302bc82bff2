#include "parser/image/system_process.h"

#include <algorithm>
#include <array>
#include <cstring>
#include <span>
#include <utility>

#include "parser/base/little_endian.h"
#include "parser/format/page_table.h"
#include "parser/format/process_object.h"
#include "parser/image/page_table_walk.h"
#include "parser/image/translate.h"

namespace poolblame {
namespace {

constexpr std::array kReadings32 = {PageTableReading{Machine::kX86, PageTableForm::kUsual},
                                    PageTableReading{Machine::kX86, PageTableForm::kPae}};

/// What looks like a process: where it lies, where it says that it lies, and what it names as its tables.
struct ProcessObject {
  PhysAddr place{};
  VirtAddr address{};
  std::uint64_t table_base = 0;
};

/// Calls `visit` for all that looks like a process of `layout` and begins on this page. The first comparison fails for
/// 4,095 words of chance in 4,096 and for all zeros, so it is what a scan costs.
template <typename Wire, typename Visitor>
void ForEachObject(ByteView page, PhysAddr start, const ProcessObjectLayout& layout, Visitor&& visit) {
  for (std::uint64_t at = 0; at + layout.table_base_at + sizeof(Wire) <= page.size(); at += layout.alignment) {
    const std::uint64_t head = *page.TryRead<Wire>(at + layout.profile_list_at);
    if ((head ^ (at + layout.profile_list_at)) % kPageSize != 0) continue;
    if (*page.TryRead<Wire>(at + layout.profile_list_at + sizeof(Wire)) != head) continue;
    if (page[at] != kProcessObjectType) continue;
    visit(ProcessObject{start + at, VirtAddr{head - layout.profile_list_at},
                        *page.TryRead<Wire>(at + layout.table_base_at)});
  }
}

/// Page tables that a process names, in one reading.
struct NamedTables {
  const PageMap& pages;
  const PagingMode& mode;
  PhysAddr root{};

  [[nodiscard]] bool LeadTo(const ProcessObject& object) const {
    if (object.address.value < mode.kernel_base) return false;
    const Translation place = TranslateBy(pages, mode, root, object.address);
    return place.presence == Presence::kPresent && place.physical == object.place;
  }

  /// The name may lie on another page than the object's begin, wherever that is in memory.
  [[nodiscard]] bool LeadToName(VirtAddr object) const {
    std::array<char, kProcessNameTo + kSystemProcessName.size()> bytes{};
    std::size_t read = 0;
    while (read < bytes.size()) {
      const VirtAddr next = object + read;
      const std::size_t piece = std::min<std::size_t>(bytes.size() - read, kPageSize - next.page_offset());
      const Translation place = TranslateBy(pages, mode, root, next);
      if (place.presence != Presence::kPresent) break;
      std::memcpy(bytes.data() + read, pages.Page(ToPfn(place.physical)).data() + next.page_offset(), piece);
      read += piece;
    }
    for (std::size_t at = kProcessNameFrom; at + kSystemProcessName.size() <= read; at += kProcessNameAlignment)
      if (std::string_view(bytes.data() + at, kSystemProcessName.size()) == kSystemProcessName) return true;
    return false;
  }
};

class ProcessSearch {
 public:
  ProcessSearch(const PageMap& pages, Machine machine) : pages_(pages), machine_(machine) {}

  void Run() {
    pages_.ForEachStoredRun(0, pages_.stored_count(), [&](const PageRun& run) {
      const ByteView bytes = pages_.Bytes(run);
      for (std::uint64_t i = 0; i < run.count && !done(); ++i)
        Search({bytes.data() + i * kPageSize, kPageSize}, ToPhysAddr(run.first + i));
    });
  }

  [[nodiscard]] std::vector<SystemProcess> TakeFound() { return std::move(found_); }

 private:
  [[nodiscard]] bool done() const { return tried_ >= kMostProcessObjects || found_.size() >= kMostSystemProcesses; }

  void Search(ByteView page, PhysAddr start) {
    if (machine_ != Machine::kX86)
      ForEachObject<Le64>(page, start, kProcessObject64, [&](const ProcessObject& o) { Try(o, kReadings64); });
    if (machine_ == Machine::kX86 || machine_ == Machine::kUnknown)
      ForEachObject<Le32>(page, start, kProcessObject32, [&](const ProcessObject& o) { Try(o, kReadings32); });
  }

  void Try(const ProcessObject& object, std::span<const PageTableReading> readings) {
    if (done()) return;
    ++tried_;
    SystemProcess process;
    for (const PageTableReading& reading : readings) {
      if (machine_ != Machine::kUnknown && machine_ != reading.machine) continue;
      const PagingMode& mode = *PagingOf(reading.machine, reading.form);
      const NamedTables tables{pages_, mode, PhysAddr{object.table_base & mode.root_mask}};
      if (!tables.LeadTo(object) || !tables.LeadToName(object.address)) continue;
      process.table_base = tables.root;
      process.readings.push_back(reading);
    }
    const auto is_known = [&](const SystemProcess& other) { return other.table_base == process.table_base; };
    if (!process.readings.empty() && std::none_of(found_.begin(), found_.end(), is_known)) found_.push_back(process);
  }

  const PageMap& pages_;
  Machine machine_;
  std::uint32_t tried_ = 0;
  std::vector<SystemProcess> found_;
};

}  // namespace

std::vector<SystemProcess> FindSystemProcess(const PageMap& pages, Machine machine) {
  ProcessSearch search(pages, machine);
  search.Run();
  return search.TakeFound();
}

}  // namespace poolblame

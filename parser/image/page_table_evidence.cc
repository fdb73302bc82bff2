#include "parser/image/page_table_evidence.h"

#include <algorithm>
#include <array>
#include <utility>

#include "parser/base/little_endian.h"
#include "parser/format/page_table.h"
#include "parser/format/pe_image.h"
#include "parser/format/shared_user_data.h"
#include "parser/image/page_table_walk.h"
#include "parser/image/translate.h"

namespace poolblame {
namespace {

std::uint16_t PeMachineOf(Machine machine) {
  return machine == Machine::kArm64 ? kImageFileMachineArm64 : kImageFileMachineAmd64;
}

/// One table under one reading.
struct Subject {
  const PageMap& pages;
  PhysAddr root{};
  PageTableReading reading;

  [[nodiscard]] const PagingMode& mode() const { return *PagingOf(reading.machine, reading.form); }
};

/// 1 where the shared page is what it must be, of this machine.
std::uint32_t AskSharedData(const Subject& subject) {
  const Translation place = TranslateBy(subject.pages, subject.mode(), subject.root, kSharedUserData64);
  if (place.presence != Presence::kPresent) return 0;
  const auto shared = subject.pages.Page(ToPfn(place.physical)).TryRead<SharedUserData>(place.physical.page_offset());
  return shared && shared->sane() && shared->ImageNumberLow == PeMachineOf(subject.reading.machine) ? 1 : 0;
}

bool BeginsImageOf(Machine machine, ByteView page) {
  const auto dos = page.TryRead<Le16>(0);
  if (!dos || *dos != kImageDosSignature) return false;
  const auto at = page.TryRead<Le32>(kImageNtHeaderAt);
  const auto headers = at ? page.TryRead<ImageNtHeaders>(*at) : std::nullopt;
  return headers && headers->Signature == kImageNtSignature && headers->Machine == PeMachineOf(machine);
}

/// Drivers of this machine. They and the kernel lie above this address on every 64-bit Windows.
std::uint32_t AskImages(const Subject& subject) {
  constexpr VirtAddr kLowestDriver{0xFFFFF80000000000};
  std::uint32_t seen = 0, images = 0;
  PageTableWalk walk(subject.pages, subject.mode(), subject.root);
  walk.RunFrom(kLowestDriver, [&](VirtAddr, Pfn first, std::uint64_t) {
    images += BeginsImageOf(subject.reading.machine, subject.pages.Page(first)) ? 1 : 0;
    return ++seen < kMostEvidencePages;
  });
  return images;
}

/// Valid entries of the top table's kernel half that a processor of this machine has marked as accessed, where the
/// other would have something else. An ARM64 entry without its mark faults when it is used.
std::uint32_t AskEntries(const Subject& subject) {
  const bool is_arm64 = subject.reading.machine == Machine::kArm64;
  const ByteView table = subject.pages.Page(ToPfn(subject.root));
  std::uint32_t marked = 0;
  for (std::uint64_t at = kPageSize / 2; at < table.size(); at += sizeof(Le64)) {
    const std::uint64_t entry = table.TryRead<Le64>(at).value_or(Le64{});
    if ((entry & kEntryValid) == 0) continue;
    const bool x64_mark = (entry & kEntryAccessed) != 0, arm64_mark = (entry & kArm64Accessed) != 0;
    marked += x64_mark != arm64_mark && arm64_mark == is_arm64 ? 1 : 0;
  }
  return marked;
}

/// A table of the last level has an entry that was used, and none that leads where the image has no memory.
bool LooksLikeTable(const PageMap& pages, ByteView page) {
  std::uint32_t used = 0;
  for (std::uint64_t at = 0; at < page.size(); at += sizeof(Le64)) {
    const std::uint64_t entry = *page.TryRead<Le64>(at);
    if ((entry & kEntryValid) == 0) continue;
    if ((entry & kPagingX64.frame_mask) / kPageSize > pages.highest_pfn() * 2 + 1) return false;
    used += (entry & kEntryAccessed) != 0 ? 1 : 0;
  }
  return used > 0;
}

/// 1 where what four levels lead to is mostly tables and the reading has five, or the other way round.
std::uint32_t AskDepth(const Subject& subject) {
  constexpr std::uint32_t kSample = 256;
  std::uint32_t seen = 0, tables = 0;
  PageTableWalk(subject.pages, kPagingX64, subject.root).Run([&](VirtAddr, Pfn first, std::uint64_t count) {
    const ByteView page = subject.pages.Page(first);
    if (count != 1 || page.empty()) return true;
    tables += LooksLikeTable(subject.pages, page) ? 1 : 0;
    return ++seen < kSample;
  });
  const bool is_deeper = tables * 2 > seen;
  return is_deeper == (subject.reading.form == PageTableForm::kLa57) ? 1 : 0;
}

// Each says how much there is for a reading; only those with the most go on to the next.
constexpr std::array<std::uint32_t (*)(const Subject&), 4> kQuestions = {AskSharedData, AskImages, AskEntries,
                                                                         AskDepth};

}  // namespace

std::vector<PageTableReading> ReadingsOf(const PageMap& pages, PhysAddr root, Machine machine) {
  std::vector<PageTableReading> allowed;
  for (const PageTableReading& reading : kReadings64)
    if (machine == Machine::kUnknown || machine == reading.machine) allowed.push_back(reading);
  return LikeliestOf(pages, root, std::move(allowed));
}

std::vector<PageTableReading> LikeliestOf(const PageMap& pages, PhysAddr root, std::vector<PageTableReading> left) {
  for (const auto ask : kQuestions) {
    if (left.size() < 2) break;
    std::vector<std::uint32_t> answers;
    answers.reserve(left.size());
    for (const PageTableReading& reading : left) answers.push_back(ask({pages, root, reading}));
    const std::uint32_t most = *std::max_element(answers.begin(), answers.end());
    std::vector<PageTableReading> best;
    for (std::size_t i = 0; i < left.size(); ++i)
      if (answers[i] == most) best.push_back(left[i]);
    left = std::move(best);
  }
  return left;
}

}  // namespace poolblame

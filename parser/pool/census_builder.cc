#include "parser/pool/census_builder.h"

#include <algorithm>
#include <utility>

#include "parser/pool/layout_vote.h"
#include "parser/pool/ordered_chunks.h"
#include "parser/pool/page_class.h"
#include "parser/pool/segment_census.h"
#include "parser/pool/slush_check.h"

namespace poolblame {
namespace {

constexpr std::uint64_t kStatisticsChunk = 256;  // pages: a chunk's tag table stays under a megabyte
constexpr std::uint64_t kVotingPages = 1 << 16;  // 256 MiB of an image say which Windows it is
constexpr std::uint64_t kVotesEnough = 512;      // pages that voted
constexpr std::size_t kMaxExamined = 4096;       // some 4 s of work; more broken pages are told by their number

}  // namespace

CensusBuilder::CensusBuilder(const AddressSpace& space, const System& system, const ScanOptions& options)
    : space_(space), system_(system), options_(options), source_(space) {}

PoolCensus CensusBuilder::Build() {
  const ImageFacts& facts = space_.image().facts();
  census_.pages_in_image = std::max<std::uint64_t>(facts.pages_promised, source_.page_count());
  census_.pages_unreadable = census_.pages_in_image - source_.page_count();
  BigPageTable big = ReadBigPageTable(space_, system_);
  census_.big_pages = std::move(big.live);
  census_.big_last_owners = std::move(big.last_owners);
  census_.joined_pages = source_.Joined();
  ChooseLayout();
  std::vector<FoundPage> special;
  if (UsesSegmentHeap(system_.build) && !options_.forced_layout && census_.layout != nullptr &&
      TakeSegmentCensus(space_, system_, options_, source_, census_, special)) {
    census_.big_allocations = census_.big_pages.size();
    ExamineSlush();
    MoveFindings();
    ExamineSpecial(special);
    AskForNamedPages(nullptr);
    TellLeftOut();
    return std::move(census_);
  }
  if (census_.layout != nullptr) {
    const HeaderReader reader(*census_.layout);
    Scan(reader);
    std::vector<VirtAddr> pool_addresses;
    const Suspects suspects = CollectHealthy(reader, pool_addresses);
    ExamineSpecial(suspects.special);
    NameAllocator();
    if (census_.allocator != "segment-heap") {
      Examine(reader, suspects, pool_addresses);
      ExamineSlush();
      TellUnrecognised();
      AskForNamedPages(&reader);
      NameAllocator();
    }
  }
  if (census_.allocator == "segment-heap") {
    AddNotJudged("pool of this image is the segment heap, which is not judged by classic pool's rules", std::nullopt);
    AskForNamedPages(nullptr);
  }
  FinishFindings();
  return std::move(census_);
}

void CensusBuilder::ChooseLayout() {
  if (options_.forced_layout) {
    census_.layout = FindPoolHeaderLayout(*options_.forced_layout);
    census_.layout_source = LayoutSource::kOption;
    if (census_.layout != nullptr) return;
    census_.notes.push_back("no pool layout is called '" + *options_.forced_layout + "'; it was chosen from the image");
  }
  if (UsesSegmentHeap(system_.build)) {
    // Read with the last classic layout, whose header is the same, to count what is there.
    census_.layout = FindPoolHeaderLayout(system_.machine == Machine::kX86 ? "nt62-x86" : "nt62-x64");
    census_.layout_source = LayoutSource::kHeader;
    census_.allocator = "segment-heap";
    return;
  }
  auto candidates = CandidateLayouts(system_.machine, system_.build);
  if (candidates.size() == 1) {
    census_.layout = candidates.front();
    census_.layout_source = LayoutSource::kHeader;
    return;
  }
  VoteOnLayout(std::move(candidates), LayoutSource::kInferred);
}

void CensusBuilder::VoteOnLayout(std::vector<const PoolHeaderLayout*> candidates, LayoutSource source) {
  LayoutVote vote(candidates);
  std::uint64_t voted = 0;
  source_.Sample(kVotingPages, [&](ByteView page) {
    if (vote.Add(page.data())) ++voted;
    return voted < kVotesEnough;
  });
  const LayoutVote::Result winner = vote.Winner();
  census_.layout = winner.layout;
  census_.layout_source = source;
  census_.layout_margin = winner.margin;
  if (winner.layout == nullptr && vote.segment_pages() > 0) census_.allocator = "segment-heap";
  // No page voted: read with the likeliest row, so that a lone damaged page is still looked at.
  if (winner.layout == nullptr && vote.segment_pages() == 0 && !candidates.empty()) census_.layout = candidates.back();
}

void CensusBuilder::Scan(const HeaderReader& reader) {
  scan_ = source_.Scan(reader, options_.threads, options_.progress);
  source_.MapBack(scan_.found);
  census_.pages_read = scan_.pages_read;
  census_.segment_heap_pages = scan_.segment_heap_pages;
  census_.trust = LearnTrust(scan_.tally);
  if (scan_.overflow > 0)
    AddNotJudged(
        std::to_string(scan_.overflow) + " pool pages beyond the limit of " + std::to_string(PageScan::kMaxFoundPages),
        std::nullopt);
}

CensusBuilder::Suspects CensusBuilder::CollectHealthy(const HeaderReader& reader,
                                                      std::vector<VirtAddr>& pool_addresses) {
  struct Part {
    HealthyPages healthy;
    Suspects suspects;
    std::vector<VirtAddr> addresses;
    std::uint64_t stale = 0;
  };
  const std::uint64_t total = scan_.found.size();
  const std::uint64_t chunks = (total + kStatisticsChunk - 1) / kStatisticsChunk;
  const FreeLinkChecker checker(space_, reader.layout());
  const auto collect = [&](std::uint64_t chunk) {
    Part part;
    const std::uint64_t end = std::min(total, (chunk + 1) * kStatisticsChunk);
    for (std::uint64_t i = chunk * kStatisticsChunk; i < end; ++i) {
      const FoundPage& found = scan_.found[i];
      const auto address = source_.Address(found.where);
      if (found.kind == FoundKind::kFreedSpecial) {  // its page is unmapped by the free
        part.suspects.special.push_back(found);
        continue;
      }
      if (IsInsideBigAllocation(found)) continue;
      if (source_.IsStale(found.where)) {
        part.stale += found.kind == FoundKind::kWeak ? 0 : 1;
        continue;
      }
      if (found.kind == FoundKind::kWeak || found.kind == FoundKind::kSpecial) {
        (found.kind == FoundKind::kWeak ? part.suspects.weak : part.suspects.special).push_back(found);
        continue;
      }
      if (address) part.addresses.push_back(*address);
      if (found.kind == FoundKind::kSuspect || NeedsSecondLook(found.oddities, census_.trust))
        part.suspects.strong.push_back(found);
      else
        part.healthy.Add(source_.Bytes(found.where).data(), found, address, reader, &checker);
    }
    return part;
  };
  HealthyPages healthy;
  Suspects suspects;
  const auto append = [](auto& to, const auto& from) { to.insert(to.end(), from.begin(), from.end()); };
  RunChunksInOrder(ThreadsFor(options_.threads, chunks), chunks, collect, [&](std::uint64_t, Part&& part) {
    healthy.Append(std::move(part.healthy));
    append(suspects.strong, part.suspects.strong);
    append(suspects.weak, part.suspects.weak);
    append(suspects.special, part.suspects.special);
    append(pool_addresses, part.addresses);
    census_.stale_pages += part.stale;
  });
  std::sort(pool_addresses.begin(), pool_addresses.end());
  TrustTally tally = scan_.tally;
  tally.Add(healthy.links);
  census_.trust = LearnTrust(tally);
  scan_.tally = tally;
  const std::vector<FoundPage> with_broken_links = healthy.with_broken_links;
  std::move(healthy).MoveTo(census_);
  ReportBrokenLinks(reader, with_broken_links);
  return suspects;
}

void CensusBuilder::ReportBrokenLinks(const HeaderReader& reader, const std::vector<FoundPage>& pages) {
  for (const FoundPage& found : pages) {
    auto page = ExaminePage(source_.Page(found.where), source_.Address(found.where), space_, reader, Knowledge(),
                            PageTrust::kNamed);
    if (page) AddFinding(std::move(*page), found.where);
  }
}

void CensusBuilder::Examine(const HeaderReader& reader, const Suspects& suspects,
                            const std::vector<VirtAddr>& pool_addresses) {
  const auto is_pool_at = [&](VirtAddr address) {
    return std::binary_search(pool_addresses.begin(), pool_addresses.end(), address);
  };
  std::size_t examined = 0, left_out = 0;
  const auto examine = [&](const FoundPage& found, PageTrust trust) {
    if (examined >= kMaxExamined) {
      ++left_out;
      return;
    }
    ++examined;
    auto page =
        ExaminePage(source_.Page(found.where), source_.Address(found.where), space_, reader, Knowledge(), trust);
    if (!page) {
      if (source_.all_claimed_pool())
        AddNotJudged("page is not recognisable as classic pool", source_.Address(found.where));
      return;
    }
    CountBlocks(*page);
    if (!page->has_findings()) census_.second_look_pages.push_back({nullptr, page->address, found.where});
    AddFinding(std::move(*page), found.where);
  };
  const PageTrust by_container = source_.all_claimed_pool() ? PageTrust::kNamed : PageTrust::kUnknown;
  for (const FoundPage& found : suspects.strong) {
    const auto address = source_.Address(found.where);
    const bool beside = address && (is_pool_at(*address - kPageSize) ||
                                    FindBigAllocation(census_.big_pages, *address - kPageSize) != nullptr);
    if (by_container != PageTrust::kUnknown || !beside)
      examine(found, by_container);
    else if (LeadsBackToItsStart(source_.Bytes(found.where).data(), reader, Knowledge()))
      examine(found, PageTrust::kChained);
    else
      examine(found, PageTrust::kBesidePool);
  }
  for (const FoundPage& found : suspects.weak) {
    const auto address = source_.Address(found.where);
    if (source_.all_claimed_pool()) {
      examine(found, PageTrust::kClaimed);
      continue;
    }
    if (!address) continue;
    // A page of two blocks that lost one header has nothing left but its first: at the edge of a pool that has to do.
    const int neighbours = (is_pool_at(*address - kPageSize) ? 1 : 0) + (is_pool_at(*address + kPageSize) ? 1 : 0);
    if (neighbours == 2 ||
        (neighbours == 1 && StartsWithKnownBlock(source_.Bytes(found.where).data(), reader, Knowledge())))
      examine(found, PageTrust::kNamed);
  }
  if (left_out > 0)
    AddNotJudged(std::to_string(left_out) + " damaged pages beyond the limit of " + std::to_string(kMaxExamined),
                 std::nullopt);
}

// Somebody said that all pages of this file are pool: those that do not even look like it are told, not dropped.
void CensusBuilder::TellUnrecognised() {
  if (!source_.all_claimed_pool()) return;
  auto found = scan_.found.begin();
  for (std::uint64_t where = 0; where < source_.page_count(); ++where) {
    while (found != scan_.found.end() && found->where < where) ++found;
    if (found != scan_.found.end() && found->where == where) continue;
    AddNotJudged("page is not recognisable as classic pool", source_.Address(where));
  }
}

void CensusBuilder::ExamineSlush() {
  for (PoolPage& page : DamagedSlush(space_, census_.big_pages, *census_.layout)) {
    const std::uint64_t where = page.pfn.value_or(page.address->value);
    AddFinding(std::move(page), where);
  }
}

void CensusBuilder::CountBlocks(const PoolPage& page) {
  for (const PoolBlock& block : page.blocks)
    ++(block.state == BlockState::kAllocated ? census_.allocated : census_.free);
  census_.pool_blocks += page.blocks.size();
  ++census_.pool_pages;
  if (page.leading_bytes > 0) ++census_.big_allocations;
}

// All of the page belongs to a big allocation: what looks like headers in it is data, or old.
bool CensusBuilder::IsInsideBigAllocation(const FoundPage& found) const {
  const auto address = source_.Address(found.where);
  const BigAllocation* big = address ? FindBigAllocation(census_.big_pages, *address) : nullptr;
  return big != nullptr && *address - big->address + kPageSize <= big->bytes;
}

void CensusBuilder::AddFinding(PoolPage&& page, std::uint64_t where) {
  if (!page.has_findings()) return;
  if (findings_.size() < PoolCensus::kMaxFindings)
    findings_.emplace_back(where, std::move(page));
  else
    AddNotJudged("more damaged pages than the report can hold", page.address);
}

void CensusBuilder::MoveFindings() {
  std::stable_sort(findings_.begin(), findings_.end(), [](const auto& a, const auto& b) { return a.first < b.first; });
  for (auto& [where, page] : findings_) census_.findings.push_back(std::move(page));
  findings_.clear();
}

void CensusBuilder::FinishFindings() {
  MoveFindings();
  TellLeftOut();
  // What was counted so far are the tails of big allocations that pages of blocks begin with.
  if (!census_.big_pages.empty()) census_.big_allocations = census_.big_pages.size();
  if (census_.pool_pages == 0 && census_.layout_source == LayoutSource::kInferred) census_.layout = nullptr;
  if (census_.allocator == "segment-heap") census_.layout = nullptr;
}

void CensusBuilder::NameAllocator() {
  if (UsesSegmentHeap(system_.build) && !options_.forced_layout)
    census_.allocator = "segment-heap";
  else if (census_.segment_heap_pages > census_.pool_pages + findings_.size())
    census_.allocator = "segment-heap";
  else if (census_.pool_pages > 0)
    census_.allocator = "classic";
  else
    census_.allocator = census_.special_pool_pages > 0 ? "special" : "unknown";
}

void CensusBuilder::AddNotJudged(std::string reason, std::optional<VirtAddr> address) {
  if (census_.not_judged.size() < PoolCensus::kMaxNotJudged)
    census_.not_judged.push_back({std::move(reason), address});
  else
    ++not_judged_left_out_;
}

void CensusBuilder::TellLeftOut() {
  if (not_judged_left_out_ > 0)
    census_.not_judged.push_back({std::to_string(not_judged_left_out_) + " more of these", std::nullopt});
}

}  // namespace poolblame

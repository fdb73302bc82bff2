#include "parser/pool/census_statistics.h"

#include <algorithm>
#include <iterator>
#include <utility>

namespace poolblame {
namespace {

void CountBlock(const BlockSample& block, bool paged, TagStatistics& tag) {
  if (block.state == BlockState::kFree) {
    ++tag.free;
    return;
  }
  // A block on a lookaside list still is what it was; it counts as free, its size says nothing about live blocks.
  if (block.state == BlockState::kLookaside) {
    ++tag.free;
  } else {
    ++tag.allocated;
    tag.bytes += block.size;
    const auto size = tag.sizes.find(block.size);
    if (size != tag.sizes.end())
      ++size->second;
    else if (tag.sizes.size() < TagStatistics::kMaxSizesPerTag)
      tag.sizes.emplace(block.size, 1);
  }
  (paged ? tag.seen_paged : tag.seen_nonpaged) = true;
}

}  // namespace

void HealthyPages::Add(const std::uint8_t* page, const FoundPage& found, std::optional<VirtAddr> address,
                       const HeaderReader& reader, const FreeLinkChecker* checker) {
  ++pages;
  references.push_back({page, address, found.where});
  bool broken = false;
  NeighbourWalk neighbours;
  std::uint64_t touching = 0;
  bool paged = false;
  ForEachBlock(page, reader, [&](std::uint32_t place, const QuickHeader& header) {
    ++blocks;
    ++(header.state == BlockState::kAllocated ? allocated : free);
    const std::uint32_t offset = place * reader.unit(), size = header.size * reader.unit();
    const VirtAddr at = address ? *address + offset : VirtAddr{};
    const bool in_use = header.state == BlockState::kAllocated;
    const bool in_paged_pool = IsPagedPoolType(reader.layout(), static_cast<std::uint16_t>(header.type));
    TagStatistics& tag = AddSample(PoolTag{header.tag}, {page + offset, at, size, header.state}, in_paged_pool);
    if (in_use) paged = in_paged_pool;  // a free block's type says nothing of its pool
    neighbours.Next(in_use ? &tag : nullptr, {paged, 0}, touching);
    NoteTracked(PoolTag{header.tag}, {nullptr, at, size, header.state}, header.type);
    if (checker == nullptr || !address) return;
    NoteSelfLink(*checker, page, *address, offset, size, header.state);
    const LinkCheck check = checker->Check(page, *address, offset, size, header.state);
    FreeLinkChecker::Tally(check, links);
    broken = broken || check.finding.has_value();
  });
  pairs.pairs[{paged, 0}] += touching;
  if (broken && with_broken_links.size() < PoolCensus::kMaxFindings) with_broken_links.push_back(found);
}

TagStatistics& HealthyPages::AddSample(PoolTag tag, const BlockSample& sample, bool paged) {
  TagStatistics& statistics = tags[tag.name()];
  CountBlock(sample, paged, statistics);
  if (sample.header != nullptr && statistics.samples.size() < TagStatistics::kMaxSamplesPerTag)
    statistics.samples.push_back(sample);
  return statistics;
}

void NeighbourWalk::Next(TagStatistics* in_use, const Neighbourhood& where, std::uint64_t& pairs) {
  if (begun_) ++pairs;
  if (below_ != nullptr) below_->neighbours.Count(where, below_ == in_use);
  begun_ = true;
  below_ = in_use;
}

void HealthyPages::NoteSelfLink(const FreeLinkChecker& checker, const std::uint8_t* page, VirtAddr address,
                                std::uint32_t offset, std::uint32_t size, BlockState state) {
  constexpr std::uint32_t kLargestListed = 0x200;  // bytes; classic lookaside lists end there, or at half of it
  if (state != BlockState::kAllocated || size > kLargestListed || self_linked.size() >= PoolCensus::kMaxFindings)
    return;
  if (checker.LeadsToItself(page, checker.EntryOf(address, offset), offset, size))
    self_linked.push_back(address + offset);
}

void HealthyPages::NoteTracked(PoolTag tag, const BlockSample& sample, std::uint32_t pool_type) {
  const bool in_use = sample.state == BlockState::kAllocated && sample.address.value != 0;
  if (in_use && (pool_type & kPoolTypeVerifier) != 0 && tracked.size() < PoolCensus::kMaxTracked)
    tracked.push_back({sample.address, sample.size, tag});
}

void HealthyPages::Append(HealthyPages&& later) {
  pages += later.pages;
  blocks += later.blocks;
  allocated += later.allocated;
  free += later.free;
  links.Add(later.links);
  for (auto& [tag, statistics] : later.tags) {
    const auto [it, is_new] = tags.try_emplace(tag);
    if (is_new)
      it->second = std::move(statistics);
    else
      MergeTagStatistics(it->second, statistics);
  }
  pairs.Add(later.pairs);
  const auto append = [](auto& to, auto& from, std::size_t cap) {
    const std::size_t room = cap - std::min(cap, to.size());
    const auto end = from.begin() + static_cast<std::ptrdiff_t>(std::min(room, from.size()));
    to.insert(to.end(), from.begin(), end);
  };
  append(references, later.references, PoolCensus::kMaxHealthyPages);
  append(self_linked, later.self_linked, PoolCensus::kMaxFindings);
  append(charged, later.charged, PoolCensus::kMaxCharged);
  append(tracked, later.tracked, PoolCensus::kMaxTracked);
  append(with_broken_links, later.with_broken_links, PoolCensus::kMaxFindings);
}

void HealthyPages::MoveTo(PoolCensus& census) && {
  census.pool_pages = pages;
  census.pool_blocks = blocks;
  census.allocated = allocated;
  census.free = free;
  census.tags = std::move(tags);
  census.pairs = std::move(pairs);
  census.healthy_pages = std::move(references);
  census.self_linked = std::move(self_linked);
  census.charged = std::move(charged);
  census.tracked = std::move(tracked);
}

void MergeTagStatistics(TagStatistics& statistics, const TagStatistics& later) {
  statistics.allocated += later.allocated;
  statistics.free += later.free;
  statistics.bytes += later.bytes;
  statistics.neighbours.Add(later.neighbours);
  statistics.seen_paged = statistics.seen_paged || later.seen_paged;
  statistics.seen_nonpaged = statistics.seen_nonpaged || later.seen_nonpaged;
  for (const auto& [size, count] : later.sizes) {
    const auto known = statistics.sizes.find(size);
    if (known != statistics.sizes.end())
      known->second += count;
    else if (statistics.sizes.size() < TagStatistics::kMaxSizesPerTag)
      statistics.sizes.emplace(size, count);
  }
  for (const BlockSample& sample : later.samples)
    if (statistics.samples.size() < TagStatistics::kMaxSamplesPerTag) statistics.samples.push_back(sample);
}

}  // namespace poolblame

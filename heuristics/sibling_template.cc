#include "heuristics/sibling_template.h"

#include <algorithm>

#include "pooltag/tag_database.h"

namespace poolblame {

std::optional<SiblingTemplate> SiblingTemplate::Learn(const std::vector<Bytes>& payloads) {
  if (payloads.size() < kFewestSiblings) return std::nullopt;
  SiblingTemplate learned;
  learned.siblings_ = payloads.size();
  const std::size_t size = std::min(payloads.front().size(), kBytesLookedAt);
  learned.value_.assign(payloads.front().begin(), payloads.front().begin() + static_cast<std::ptrdiff_t>(size));
  learned.mask_.assign(size, 0xFF);
  for (const Bytes& payload : payloads)
    for (std::size_t i = 0; i < size; ++i)
      if (payload[i] != learned.value_[i]) learned.mask_[i] = 0;
  learned.constant_bytes_ = static_cast<std::size_t>(std::count(learned.mask_.begin(), learned.mask_.end(), 0xFF));
  constexpr std::size_t kFewestConstants = 16;
  if (learned.constant_bytes_ < kFewestConstants) return std::nullopt;
  return learned;
}

std::optional<PayloadRange> SiblingTemplate::Deviation(Bytes payload) const {
  std::size_t differing = 0, first = 0, last = 0;
  for (std::size_t i = 0; i < mask_.size(); ++i) {
    if (((payload[i] ^ value_[i]) & mask_[i]) == 0) continue;
    if (differing++ == 0) first = i;
    last = i;
  }
  constexpr std::size_t kFewest = 3;
  if (differing < kFewest || differing * 2 > constant_bytes_) return std::nullopt;
  return PayloadRange{static_cast<std::uint32_t>(first), static_cast<std::uint32_t>(last + 1)};
}

std::size_t SiblingTemplate::TellingBytesBefore(std::uint32_t offset) const {
  std::size_t telling = 0;
  for (std::size_t i = 0; i < std::min<std::size_t>(offset, mask_.size()); ++i) telling += (value_[i] & mask_[i]) != 0;
  return telling;
}

TemplateTable LearnTemplates(const PoolCensus& census) {
  TemplateTable table;
  if (census.layout == nullptr) return table;
  for (const auto& [tag, statistics] : census.tags) {
    if (TagDatabase::IsGeneric(tag)) continue;
    std::map<std::uint32_t, std::vector<Bytes>> by_size;
    for (const BlockSample& sample : statistics.samples)
      if (sample.state == BlockState::kAllocated && sample.size > census.layout->header_size)
        by_size[sample.size].push_back(
            Bytes(sample.header + census.layout->header_size, sample.size - census.layout->header_size));
    for (const auto& [size, payloads] : by_size)
      if (auto learned = SiblingTemplate::Learn(payloads)) table.emplace(std::pair{tag, size}, std::move(*learned));
  }
  return table;
}

}  // namespace poolblame

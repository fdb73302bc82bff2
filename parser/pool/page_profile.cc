#include "parser/pool/page_profile.h"

namespace poolblame {
namespace {

using Votes = std::map<std::uint32_t, std::uint32_t>;

// The value at least two thirds agree on.
std::optional<std::uint32_t> Majority(const Votes& votes) {
  std::uint32_t total = 0, best = 0, value = 0;
  for (const auto& [candidate, count] : votes) {
    total += count;
    if (count > best) {
      best = count;
      value = candidate;
    }
  }
  if (total == 0 || best * 3 < total * 2) return std::nullopt;
  return value;
}

// Text, or a fill: its sizes say the same as its tag. Every place of it agrees with the place that it leads to.
bool IsTextOrFill(const QuickHeader& header) { return IsText(header.ulong1) || header.ulong1 == header.tag; }

// Places of headers that agree with a neighbour: the walk from the page start as far as it goes, and links anywhere.
std::array<bool, 512> VouchedPlaces(const std::uint8_t* page, const HeaderReader& reader) {
  std::array<bool, 512> vouched{};
  const std::uint32_t end = reader.units_in_page();
  for (std::uint32_t place = 0; place < end; ++place) {
    const QuickHeader header = reader.At(page, place);
    if (header.state == BlockState::kUnknown || header.size == 0 || header.size > end - place) continue;
    if (IsTextOrFill(header)) continue;
    const std::uint32_t next = place + header.size;
    if (next == end) continue;
    const QuickHeader answer = reader.At(page, next);
    if (answer.previous != header.size || answer.state == BlockState::kUnknown) continue;
    if (!TagIsPrintable(header.tag) && !TagIsPrintable(answer.tag)) continue;
    vouched[place] = vouched[next] = true;
  }
  return vouched;
}

}  // namespace

std::uint64_t ImageKnowledge::BlocksWithTag(std::uint32_t tag) const {
  if (tags == nullptr) return 0;
  const auto found = tags->find(PoolTag{tag}.name());
  return found == tags->end() ? 0 : found->second.allocated + found->second.free;
}

std::optional<std::uint32_t> PageProfile::CommonAllocatedType(const HeaderReader& reader) const {
  std::optional<std::uint32_t> best;
  for (std::uint32_t type = 0; type < type_votes.size(); ++type) {
    if (type_votes[type] == 0 || reader.StateOf(type) != BlockState::kAllocated) continue;
    if (!best || type_votes[type] > type_votes[*best]) best = type;
  }
  return best;
}

bool PageProfile::FitsType(std::uint32_t type, const HeaderReader& reader) const {
  const BlockState state = reader.StateOf(type);
  if (state == BlockState::kUnknown) return false;
  if (state == BlockState::kFree) return true;
  if (verifier_unused && (type & kPoolTypeVerifier) != 0) return false;
  if (aligned_unused && IsCacheAlignedPoolType(reader.layout(), static_cast<std::uint16_t>(type))) return false;
  if (paged && IsPagedPoolType(reader.layout(), static_cast<std::uint16_t>(type)) != *paged) return false;
  return !session || ((type & kPoolTypeSession) != 0) == *session;
}

std::uint32_t PageProfile::OthersWithTag(std::uint32_t tag, std::uint32_t place) const {
  const auto found = tags.find(tag);
  if (found == tags.end()) return 0;
  return found->second - (vouched_places[place] ? 1 : 0);
}

PageProfile ProfilePage(const std::uint8_t* page, const HeaderReader& reader, const ImageKnowledge& knowledge) {
  PageProfile profile;
  Votes index, paged, session;
  profile.verifier_unused = knowledge.trust.verifier_unused;
  profile.aligned_unused = knowledge.trust.aligned_unused;
  profile.vouched_places = VouchedPlaces(page, reader);
  for (std::uint32_t place = 0; place < reader.units_in_page(); ++place) {
    if (!profile.vouched_places[place]) continue;
    const QuickHeader header = reader.At(page, place);
    ++profile.vouched;
    ++index[header.index];
    ++profile.type_votes[header.type & 0xFF];
    if (header.state == BlockState::kFree) continue;
    ++profile.tags[header.tag];
    ++paged[IsPagedPoolType(reader.layout(), static_cast<std::uint16_t>(header.type)) ? 1 : 0];
    ++session[header.type & kPoolTypeSession];
  }
  if (knowledge.trust.pool_index_uniform) profile.index = Majority(index);
  if (const auto value = Majority(paged); value && knowledge.trust.paged_bit_uniform) profile.paged = *value != 0;
  if (const auto value = Majority(session); value && knowledge.trust.session_bit_uniform) profile.session = *value != 0;
  return profile;
}

}  // namespace poolblame

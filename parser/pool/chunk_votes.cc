#include "parser/pool/chunk_votes.h"

#include <algorithm>
#include <map>

#include "parser/base/little_endian.h"
#include "parser/format/segment_heap.h"
#include "parser/pool/segment_pool_header.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kWidestPair = 0x100;         // units between two headers that are compared
constexpr std::size_t kMostFinalists = 32;           // keys whose chains are counted
constexpr std::uint64_t kAllocatedBit = 1ULL << 48;  // of the key: told from what stands behind the headers

/// A word with its address taken out, and where it stands.
struct Masked {
  std::uint64_t word = 0;
  std::uint32_t offset = 0;
};

std::uint16_t Part(std::uint64_t word, unsigned shift) { return static_cast<std::uint16_t>(word >> shift); }

/// Words that may be encoded headers: small numbers and kernel pointers are not, nor what stands there twice, because
/// each header is encoded with its own address.
std::vector<Masked> CandidateWords(const ChunkBytes& piece) {
  std::map<std::uint64_t, std::uint32_t> times;
  for (std::uint32_t offset = 0; offset + 8 <= piece.bytes.size(); offset += kChunkUnit)
    ++times[piece.bytes.TryRead<Le64>(offset).value_or(Le64{})];
  std::vector<Masked> out;
  for (std::uint32_t offset = 0; offset + 8 <= piece.bytes.size(); offset += kChunkUnit) {
    const std::uint64_t word = piece.bytes.TryRead<Le64>(offset).value_or(Le64{});
    if (Part(word, 48) == 0 || Part(word, 48) == 0xFFFF || times[word] > 1) continue;
    out.push_back({word ^ (piece.address + offset).value, offset});
  }
  return out;
}

/// If the two are neighbours, this is the key but for the Allocated bit; its lowest part is the left header's, whose
/// MemoryCost is 0 for a chunk in use.
std::uint64_t KeyOfPair(const Masked& a, const Masked& b) {
  const std::uint64_t gap = (b.offset - a.offset) / kChunkUnit;
  const std::uint64_t key = std::uint64_t{Part(a.word, 48)} << 48 | (std::uint64_t{Part(b.word, 32)} ^ gap) << 32 |
                            (std::uint64_t{Part(a.word, 16)} ^ gap) << 16 | Part(a.word, 0);
  return key & ~kAllocatedBit;
}

void VoteOfPairs(const std::vector<Masked>& words, std::map<std::uint64_t, std::uint64_t>& counts) {
  constexpr std::size_t kMostPairs = 8192;  // of a page of the smallest chunks; what has more is data
  std::size_t pairs = 0;
  for (std::size_t i = 0; i < words.size(); ++i) {
    for (std::size_t j = i + 1; j < words.size(); ++j) {
      if ((words[j].offset - words[i].offset) / kChunkUnit > kWidestPair) break;
      // Above the Allocated bit both are the key's own.
      if (Part(words[i].word, 49) != Part(words[j].word, 49)) continue;
      if (++pairs > kMostPairs) return;
      ++counts[KeyOfPair(words[i], words[j])];
    }
  }
}

/// What speaks for one key, and whether its chunks are in use or free when it is taken as it stands.
struct Support {
  std::uint64_t links = 0;
  std::int64_t in_use = 0;  // less those that look free
};

class ChainCounter {
 public:
  ChainCounter(const ChunkBytes& piece, const std::vector<Masked>& words) : piece_(piece), words_(words) {}

  void Count(std::uint64_t key, Support& support) const {
    for (const Masked& from : words_) {
      const ChunkSizes a = Sizes(from, key);
      if (a.rest != 0 || a.Allocated > 1 || a.UnsafeSize < 2 || a.MemoryCost != 0) continue;
      const Masked* to = At(from.offset + a.UnsafeSize * kChunkUnit);
      if (to == nullptr) continue;
      const ChunkSizes b = Sizes(*to, key);
      if (b.rest != 0 || b.Allocated > 1 || b.UnsafePrevSize != a.UnsafeSize || b.UnsafeSize < 2) continue;
      const bool stated = StatesSize(from.offset, a.UnsafeSize);
      support.links += stated ? 2 : 1;
      if (stated) support.in_use += a.Allocated == 1 ? 1 : -1;
      if (HoldsTreeNode(from.offset)) support.in_use += a.Allocated == 1 ? -1 : 1;
    }
  }

 private:
  static ChunkSizes Sizes(const Masked& m, std::uint64_t key) { return DecodeChunk(m.word, key, 0); }
  [[nodiscard]] const Masked* At(std::uint32_t offset) const {
    const auto at = std::lower_bound(words_.begin(), words_.end(), offset,
                                     [](const Masked& m, std::uint32_t wanted) { return m.offset < wanted; });
    return at != words_.end() && at->offset == offset ? &*at : nullptr;
  }
  /// A block in use behind this chunk header says how large it is, with or without that header.
  [[nodiscard]] bool StatesSize(std::uint32_t offset, std::uint32_t units) const {
    const auto stated = UnitsStatedAt(piece_.bytes, offset + kChunkHeaderBytes);
    return stated && *stated <= units && *stated + 2 >= units;
  }
  /// The links of a free chunk lie over its POOL_HEADER: none, or a kernel address.
  [[nodiscard]] bool HoldsTreeNode(std::uint32_t offset) const {
    const auto is_link = [&](std::uint32_t at) {
      const auto value = piece_.bytes.TryRead<Le64>(offset + at);
      return value && (*value == 0 || *value >= HeapLowest(piece_.address.value));
    };
    return is_link(kChunkTreeNode) && is_link(kChunkHeaderBytes);
  }

  const ChunkBytes& piece_;
  const std::vector<Masked>& words_;
};

std::vector<std::uint64_t> Finalists(const std::map<std::uint64_t, std::uint64_t>& counts) {
  std::vector<std::pair<std::uint64_t, std::uint64_t>> by_votes;
  for (const auto& [key, votes] : counts)
    if (votes > 1) by_votes.emplace_back(votes, key);
  std::stable_sort(by_votes.begin(), by_votes.end(), [](const auto& a, const auto& b) { return a.first > b.first; });
  std::vector<std::uint64_t> keys;
  for (std::size_t i = 0; i < std::min(by_votes.size(), kMostFinalists); ++i) keys.push_back(by_votes[i].second);
  return keys;
}

}  // namespace

std::optional<KeyVote> VoteForHeapKeyByChunks(const std::vector<ChunkBytes>& pieces) {
  std::vector<std::vector<Masked>> words;
  std::map<std::uint64_t, std::uint64_t> counts;
  for (const ChunkBytes& piece : pieces) {
    words.push_back(CandidateWords(piece));
    VoteOfPairs(words.back(), counts);
  }
  KeyVote best;
  for (const std::uint64_t key : Finalists(counts)) {
    Support support;
    for (std::size_t i = 0; i < pieces.size(); ++i) ChainCounter(pieces[i], words[i]).Count(key, support);
    if (support.links > best.votes)
      best = {support.in_use < 0 ? key | kAllocatedBit : key, support.links, best.votes};
    else
      best.second = std::max(best.second, support.links);
  }
  if (best.votes < kFewestChunkVotes || best.margin() < 2) return std::nullopt;
  return best;
}

}  // namespace poolblame

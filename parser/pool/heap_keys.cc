#include "parser/pool/heap_keys.h"

#include <tuple>

#include "parser/base/little_endian.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kWidestPair = 0x100;  // units between two headers that are compared

/// A word with its address taken out, and where it stands.
struct Masked {
  std::uint64_t word = 0;
  std::uint32_t offset = 0;
};

std::uint16_t Part(std::uint64_t word, unsigned shift) { return static_cast<std::uint16_t>(word >> shift); }

/// Words that may be encoded headers: small numbers and kernel pointers are not.
std::vector<Masked> CandidateWords(const ChunkBytes& piece) {
  std::vector<Masked> out;
  for (std::uint32_t offset = 0; offset + 8 <= piece.bytes.size(); offset += kChunkUnit) {
    const std::uint64_t word = piece.bytes.TryRead<Le64>(offset).value_or(Le64{});
    if (Part(word, 48) == 0 || Part(word, 48) == 0xFFFF) continue;
    out.push_back({word ^ (piece.address + offset).value, offset});
  }
  return out;
}

/// If the two are neighbours, this is the key's upper three parts; its lowest is the left header's, whose MemoryCost is
/// 0 for a chunk in use.
std::uint64_t KeyOfPair(const Masked& a, const Masked& b) {
  const std::uint64_t gap = (b.offset - a.offset) / kChunkUnit;
  constexpr std::uint64_t kInUse = 1;
  return (std::uint64_t{Part(a.word, 48)} ^ kInUse) << 48 | (std::uint64_t{Part(b.word, 32)} ^ gap) << 32 |
         (std::uint64_t{Part(a.word, 16)} ^ gap) << 16 | Part(a.word, 0);
}

}  // namespace

std::optional<KeyVote> KeyBallot::Winner() const {
  std::optional<KeyVote> best;
  for (const auto& [key, votes] : counts_) {
    if (!best) {
      best = KeyVote{key, votes, 0};
    } else if (votes > best->votes) {
      best = KeyVote{key, votes, best->votes};
    } else if (votes > best->second) {
      best->second = votes;
    }
  }
  return best;
}

std::optional<KeyVote> VoteForHeapKey(const std::vector<PageSegment>& segments, const SegmentHeapLayout& layout) {
  KeyBallot ballot;
  for (const PageSegment& segment : segments)
    if (segment.context)
      ballot.Vote(segment.signature ^ segment.address.value ^ segment.context->value ^ layout.segment_signature);
  return ballot.Winner();
}

std::optional<KeyVote> VoteForHeapKeyByChunks(const std::vector<ChunkBytes>& pieces) {
  KeyBallot ballot;
  for (const ChunkBytes& piece : pieces) {
    const std::vector<Masked> words = CandidateWords(piece);
    for (std::size_t i = 0; i < words.size(); ++i) {
      for (std::size_t j = i + 1; j < words.size(); ++j) {
        if ((words[j].offset - words[i].offset) / kChunkUnit > kWidestPair) break;
        // Above the Allocated bit both are the key's own.
        if (Part(words[i].word, 49) != Part(words[j].word, 49)) continue;
        ballot.Vote(KeyOfPair(words[i], words[j]));
      }
    }
  }
  return ballot.Winner();
}

}  // namespace poolblame

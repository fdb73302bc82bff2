#include "parser/pool/page_tiling.h"

#include <algorithm>
#include <array>
#include <optional>

#include "parser/pool/header_channel.h"
#include "parser/pool/header_claims.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kFragTag = 0x67617246;  // `Frag`: the first block behind the tail of a big allocation

using Matrix = std::array<ChannelState, 2>;  // [in][out]

Matrix Compose(const Matrix& a, const Matrix& b) {
  Matrix out;
  for (std::size_t in = 0; in < 2; ++in)
    for (std::size_t to = 0; to < 2; ++to) out[in][to] = std::min(a[in][0] + b[0][to], a[in][1] + b[1][to]);
  return out;
}

ChannelState Apply(const ChannelState& state, const Matrix& m) {
  return {std::min(state[0] + m[0][0], state[1] + m[1][0]), std::min(state[0] + m[0][1], state[1] + m[1][1])};
}

constexpr ChannelState kClean = {0, cost::kNever};
constexpr ChannelState kInRun = {cost::kNever, 0};
constexpr std::size_t kEqual = 0, kDiffers = 1;

// One place with the prices of its header, for either outcome of each size byte.
struct Node {
  std::uint16_t place = 0;
  HeaderChannel channel;
  Matrix front[2][2];  // [byte 0 differs][byte 1 differs]
  Matrix back[2][2];   // [byte 2 differs][byte 3 differs], the tag included
};

Match AsMatch(std::size_t differs, Match otherwise) { return differs == kDiffers ? Match::kDiffers : otherwise; }

Node MakeNode(std::uint16_t place, HeaderChannel channel) {
  Node node{place, std::move(channel), {}, {}};
  const HeaderChannel& c = node.channel;
  // The match of byte 1 and 3 where the sizes agree: what index and type say on their own.
  const Match index = c.MatchFront(c.header().previous)[1];
  const Match type = c.MatchBack(c.header().size)[1];
  for (std::size_t low : {kEqual, kDiffers}) {
    for (std::size_t high : {kEqual, kDiffers}) {
      const Symbol b0 = c.Byte(0, AsMatch(low, Match::kEqual)), b1 = c.Byte(1, AsMatch(high, index));
      const Symbol b2 = c.Byte(2, AsMatch(low, Match::kEqual)), b3 = c.Byte(3, AsMatch(high, type));
      for (std::size_t in = 0; in < 2; ++in) {
        const ChannelState start = in == 0 ? kClean : kInRun;
        node.front[low][high][in] = Step(Step(start, b0), b1);
        node.back[low][high][in] = Step(Step(Step(start, b2), b3), c.Tag());
      }
    }
  }
  return node;
}

const Matrix& Front(const Node& node, std::uint32_t previous) {
  const auto match = node.channel.MatchFront(previous);
  return node.front[match[0] == Match::kDiffers][match[1] == Match::kDiffers];
}

const Matrix& Back(const Node& node, std::uint32_t size) {
  const auto match = node.channel.MatchBack(size);
  return node.back[match[0] == Match::kDiffers][match[1] == Match::kDiffers];
}

// Places that something on the page speaks for.
std::vector<std::uint16_t> WitnessedPlaces(const std::uint8_t* page, const HeaderReader& reader) {
  const std::uint32_t end = reader.units_in_page();
  std::array<bool, 512> witnessed{};
  const auto point_from = [&](std::uint32_t place, const QuickHeader& header) {
    if (header.size != 0 && header.size < end - place) witnessed[place + header.size] = true;
    if (header.previous != 0 && header.previous <= place) witnessed[place - header.previous] = true;
  };
  witnessed[0] = true;
  point_from(0, reader.At(page, 0));
  for (std::uint32_t place = 0; place < end; ++place) {
    const QuickHeader header = reader.At(page, place);
    if (!reader.LooksLikeBlock(header, place)) continue;
    witnessed[place] = true;
    point_from(place, header);
  }
  // Once more from what was pointed at: a header with a spoiled type or tag still knows its sizes.
  const auto first_round = witnessed;
  for (std::uint32_t place = 0; place < end; ++place)
    if (first_round[place]) point_from(place, reader.At(page, place));
  std::vector<std::uint16_t> places;
  for (std::uint32_t place = 0; place < end; ++place)
    if (witnessed[place]) places.push_back(static_cast<std::uint16_t>(place));
  return places;
}

std::optional<float> LeadingCost(const Node& node, const HeaderReader& reader) {
  const QuickHeader& header = node.channel.header();
  if (node.place == 0 || header.state == BlockState::kUnknown || header.size == 0) return std::nullopt;
  if (header.size > reader.units_in_page() - node.place) return std::nullopt;
  if (header.tag == kFragTag) return cost::kLeadingFrag;
  if (header.tag == PoolTag::kFree && header.state == BlockState::kFree && header.previous == 0)
    return cost::kLeadingFree;
  return std::nullopt;
}

class Search {
 public:
  Search(const std::uint8_t* page, const HeaderReader& reader, const PageProfile& profile,
         const ImageKnowledge& knowledge)
      : end_(reader.units_in_page()), unit_(reader.unit()) {
    for (const std::uint16_t place : WitnessedPlaces(page, reader))
      nodes_.push_back(MakeNode(place, HeaderChannel(page, place, reader, profile, knowledge)));
    forward_.assign(nodes_.size(), {cost::kNever, cost::kNever});
    backward_ = forward_;
    const std::vector<Claim> claims = FindClaims(page, reader);
    for (std::size_t i = 0; i < nodes_.size(); ++i) Enter(i, reader, claims);
    PriceDenials(claims);
  }

  PageTiling Run() {
    Forward();
    Backward();
    PageTiling tiling = Trace();
    tiling.margin = Margin(tiling);
    return tiling;
  }

 private:
  // Where a tiling may start: at the page's first byte, or behind the tail of a big allocation, which then denies what
  // the headers before it claim.
  void Enter(std::size_t i, const HeaderReader& reader, const std::vector<Claim>& claims) {
    if (nodes_[i].place == 0) {
      start_ = forward_[i] = Apply(kClean, Front(nodes_[i], 0));
    } else if (const auto leading = LeadingCost(nodes_[i], reader)) {
      float price = *leading;
      for (const Claim& claim : claims)
        if (claim.from < nodes_[i].place) price += claim.price;
      forward_[i] = {price, cost::kNever};
      leading_.push_back({i, price});
    }
  }

  // For each pair of boundaries the claims that a block between them denies: those of headers inside it, and those
  // that its own header is part of and that lead elsewhere. A block whose own header says "free, and this long" may
  // well hold stale headers.
  void PriceDenials(const std::vector<Claim>& claims) {
    std::vector<float> before(end_ + 1, 0);  // price of all claims from places below
    for (const Claim& claim : claims) before[claim.from + 1] += claim.price;
    for (std::size_t place = 1; place <= end_; ++place) before[place] += before[place - 1];
    const std::size_t stride = nodes_.size() + 1;
    denied_.assign(nodes_.size() * stride, 0);
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const std::uint32_t from = nodes_[i].place;
      const QuickHeader& header = nodes_[i].channel.header();
      const auto own = std::equal_range(claims.begin(), claims.end(), Claim{from, 0, 0},
                                        [](const Claim& x, const Claim& y) { return x.from < y.from; });
      for (std::size_t k = i + 1; k <= nodes_.size(); ++k) {
        const std::uint32_t to = k == nodes_.size() ? end_ : nodes_[k].place;
        const bool free_and_this_long = header.state == BlockState::kFree && header.size == to - from;
        float& price = denied_[i * stride + k];
        const bool answered = k < nodes_.size() && nodes_[k].channel.header().previous == to - from;
        const float share = answered ? cost::kStaleShare : cost::kStaleShareAlone;
        price = (before[to] - before[from + 1]) * (free_and_this_long ? share : 1);
        for (auto claim = own.first; claim != own.second; ++claim)
          if (claim->to != to) price += claim->price;
      }
    }
  }
  [[nodiscard]] float Denied(std::size_t i, std::size_t k) const { return denied_[i * (nodes_.size() + 1) + k]; }

  [[nodiscard]] std::uint32_t Size(std::size_t i, std::size_t k) const { return nodes_[k].place - nodes_[i].place; }
  [[nodiscard]] Matrix Edge(std::size_t i, std::size_t k) const {
    const std::uint32_t size = Size(i, k);
    Matrix back = Back(nodes_[i], size);
    for (ChannelState& row : back) row = Cross(row, size * unit_);
    Matrix edge = Compose(back, Front(nodes_[k], size));
    for (ChannelState& row : edge)
      for (float& price : row) price += Denied(i, k);
    return edge;
  }
  [[nodiscard]] ChannelState Last(std::size_t i) const {  // cost from the middle of header i to the end of the page
    const Matrix& m = Back(nodes_[i], end_ - nodes_[i].place);
    const float denied = Denied(i, nodes_.size());
    return {std::min(m[0][0], m[0][1]) + denied, std::min(m[1][0], m[1][1]) + denied};
  }

  void Forward() {
    for (std::size_t k = 1; k < nodes_.size(); ++k) {
      for (std::size_t i = 0; i < k; ++i) {
        const ChannelState reached = Apply(forward_[i], Edge(i, k));
        forward_[k] = {std::min(forward_[k][0], reached[0]), std::min(forward_[k][1], reached[1])};
      }
    }
  }

  void Backward() {
    for (std::size_t i = nodes_.size(); i-- > 0;) {
      ChannelState best = Last(i);
      for (std::size_t k = i + 1; k < nodes_.size(); ++k) {
        const Matrix edge = Edge(i, k);
        for (std::size_t in = 0; in < 2; ++in)
          best[in] = std::min({best[in], edge[in][0] + backward_[k][0], edge[in][1] + backward_[k][1]});
      }
      backward_[i] = best;
    }
  }

  [[nodiscard]] static float Through(const ChannelState& state, const Matrix& edge, const ChannelState& rest) {
    const ChannelState reached = Apply(state, edge);
    return std::min(reached[0] + rest[0], reached[1] + rest[1]);
  }
  [[nodiscard]] static float Join(const ChannelState& a, const ChannelState& b) {
    return std::min(a[0] + b[0], a[1] + b[1]);
  }

  // The cheapest way from the start: at every node the next edge that keeps the total.
  PageTiling Trace() {
    PageTiling tiling;
    std::size_t at = 0;
    float total = Join(start_, backward_[0]);
    ChannelState state = start_;
    for (const auto& [node, entry] : leading_) {
      if (entry + backward_[node][0] >= total) continue;
      total = entry + backward_[node][0];
      at = node;
      state = {entry, cost::kNever};
      tiling.leading_tail = true;
    }
    tiling.cost = total;
    for (;;) {
      tiling.places.push_back(nodes_[at].place);
      path_.push_back(at);
      float best = Join(state, Last(at));
      std::size_t next = nodes_.size();
      for (std::size_t k = at + 1; k < nodes_.size(); ++k) {
        const float through = Through(state, Edge(at, k), backward_[k]);
        if (through < best) {
          best = through;
          next = k;
        }
      }
      if (next == nodes_.size()) return tiling;
      state = Apply(state, Edge(at, next));
      at = next;
    }
  }

  // Any other tiling has an edge (or an entry) that the best one has not: the cheapest way through one of those.
  [[nodiscard]] double Margin(const PageTiling& tiling) const {
    float second = cost::kNever;
    for (std::size_t i = 0; i < nodes_.size(); ++i) {
      const auto on_path = std::find(path_.begin(), path_.end(), i);
      const bool is_last = on_path != path_.end() && std::next(on_path) == path_.end();
      const std::size_t follows = on_path == path_.end() || is_last ? nodes_.size() : *std::next(on_path);
      if (!is_last) second = std::min(second, Join(forward_[i], Last(i)));
      for (std::size_t k = i + 1; k < nodes_.size(); ++k) {
        if (follows == k) continue;
        second = std::min(second, Through(forward_[i], Edge(i, k), backward_[k]));
      }
    }
    if (path_.front() != 0) second = std::min(second, Join(start_, backward_[0]));
    for (const auto& [node, entry] : leading_)
      if (node != path_.front()) second = std::min(second, entry + backward_[node][0]);
    if (second >= cost::kNever / 2) return kNoOtherTiling;
    return std::clamp(static_cast<double>(second) - tiling.cost, 0.0, kNoOtherTiling);
  }

  std::uint32_t end_, unit_;
  std::vector<Node> nodes_;
  std::vector<ChannelState> forward_, backward_;
  std::vector<float> denied_;  // [place][next place], the page end last
  std::vector<std::size_t> path_;
  ChannelState start_{};
  std::vector<std::pair<std::size_t, float>> leading_;
};

}  // namespace

PageTiling TilePage(const std::uint8_t* page, const HeaderReader& reader, const PageProfile& profile,
                    const ImageKnowledge& knowledge) {
  return Search(page, reader, profile, knowledge).Run();
}

}  // namespace poolblame

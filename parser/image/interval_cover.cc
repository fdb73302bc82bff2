#include "parser/image/interval_cover.h"

#include <algorithm>
#include <set>

namespace poolblame {
namespace {

struct Edge {
  std::uint64_t at;
  bool opens;
  std::size_t source;
};

std::vector<Edge> EdgesOf(const std::vector<Interval>& intervals) {
  std::vector<Edge> edges;
  edges.reserve(intervals.size() * 2);
  for (const Interval& interval : intervals) {
    if (interval.begin >= interval.end) continue;
    edges.push_back({interval.begin, true, interval.source});
    edges.push_back({interval.end, false, interval.source});
  }
  std::sort(edges.begin(), edges.end(), [](const Edge& a, const Edge& b) { return a.at < b.at; });
  return edges;
}

void Append(std::vector<Interval>& pieces, const Interval& piece) {
  if (!pieces.empty() && pieces.back().end == piece.begin && pieces.back().source == piece.source) {
    pieces.back().end = piece.end;
    return;
  }
  pieces.push_back(piece);
}

}  // namespace

std::vector<Interval> CutOverlaps(const std::vector<Interval>& intervals) {
  const std::vector<Edge> edges = EdgesOf(intervals);
  std::vector<Interval> pieces;
  std::set<std::size_t> open;
  std::uint64_t position = 0;
  for (const Edge& edge : edges) {
    if (!open.empty() && edge.at > position) Append(pieces, {position, edge.at, *open.begin()});
    position = edge.at;
    if (edge.opens) {
      open.insert(edge.source);
    } else {
      open.erase(edge.source);
    }
  }
  return pieces;
}

}  // namespace poolblame

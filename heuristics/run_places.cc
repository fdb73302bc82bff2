#include "heuristics/run_places.h"

#include <algorithm>
#include <cmath>

namespace poolblame {
namespace {

constexpr std::uint32_t kMostRightWords = 32;  // more says nothing new

/// From shares that add up to anything to logs of shares that add up to `whole`.
void Normalise(RunPlaces& places, double whole) {
  double sum = 0;
  for (const RunPlace& place : places) sum += place.log_share;
  for (RunPlace& place : places) place.log_share = std::log(whole * place.log_share / sum);
}

}  // namespace

std::optional<RunWindow> RunWindowOf(const Scene& scene, const SceneBlock& below, const SceneBlock& above) {
  RunWindow w;
  w.bytes = Bytes(scene.bytes);
  w.word = scene.pointer_size();
  w.middle = below.end;
  w.data = above.payload();
  const std::uint32_t most = kMostRightWords * w.word;
  if (below.payload() > below.end || w.data > above.end || above.end > w.bytes.size()) return std::nullopt;
  if (w.data < w.middle || w.data - w.middle > most) return std::nullopt;
  w.begin = below.payload();
  w.end = w.data + std::min(most, (above.end - w.data) / w.word * w.word);
  if ((w.middle - w.begin) % w.word != 0 || (w.data - w.middle) % w.word != 0) return std::nullopt;
  for (std::uint32_t at = w.begin; at < w.end; at += w.word) w.classes.push_back(ClassOf(w.bytes.subspan(at, w.word)));
  return w;
}

double ReachShare(std::uint32_t bytes) {
  constexpr double kHalf = 16;
  return 1 / (bytes + kHalf);
}

/// Who overruns a buffer has mostly filled it, with or without some fields in front; else he writes its last element,
/// the one behind it, or appends to what is there.
RunPlaces OverrunStarts(const RunWindow& w) {
  constexpr double kWhole = 0.5, kBehindFields = 0.08, kLastElement = 0.14, kOneTooMany = 0.18, kAppends = 0.1;
  constexpr std::uint32_t kEdge = 16;  // bytes: of fields, and of an element
  RunPlaces places;
  const std::uint32_t left = w.left_words(), edge = kEdge / w.word;
  for (std::uint32_t i = 0; i <= left; ++i) {
    double share = kAppends / (left + 1);
    if (i == 0) share += kWhole;
    if (i > 0 && i <= edge) share += kBehindFields / edge;
    if (i == left) share += kOneTooMany;
    if (i + edge >= left) share += kLastElement / (edge + 1);
    places.push_back({i, share});
  }
  Normalise(places, 1);
  return places;
}

/// Not normalised to the places there are: to reach so far is part of what has to be explained.
RunPlaces OverrunStops(const RunWindow& w, std::uint32_t header_size) {
  constexpr std::uint32_t kKnown = 8;  // header bytes that the damage is known to fill
  RunPlaces places;
  const auto add = [&](std::uint32_t word, std::uint32_t bytes, std::uint32_t reach) {
    places.push_back({word, std::log(bytes * ReachShare(reach) / kSumOfReaches)});
  };
  const std::uint32_t last_header = w.data - header_size;
  for (std::uint32_t bytes = kKnown; bytes < header_size; bytes += w.word)
    add((last_header + bytes - w.begin) / w.word, w.word, last_header + bytes - w.middle);
  add(w.data_word(), 1, w.data - w.middle);
  for (std::uint32_t i = w.data_word() + 1; i <= w.words(); ++i) add(i, w.word, w.OffsetOf(i) - w.middle);
  return places;
}

/// Reaches below a buffer are shorter: a negative index, a header in front, a loop that runs one too many.
RunPlaces UnderrunStarts(const RunWindow& w, std::uint32_t header_size) {
  const auto share = [](std::uint32_t bytes) { return ReachShare(bytes) * ReachShare(bytes) / ReachShare(0); };
  RunPlaces places;
  for (std::uint32_t i = 0; i < w.left_words(); ++i)
    places.push_back({i, std::log(w.word * share(w.data - w.OffsetOf(i)))});
  places.push_back({w.left_words(), std::log(header_size * share(w.data - w.middle - header_size / 2))});
  return places;
}

/// A negative offset stops where the data begins or inside it; a loop that runs down began somewhere in the data.
RunPlaces UnderrunStops(const RunWindow& w) {
  constexpr double kAtData = 0.5;
  if (w.data_word() == w.words()) return {{w.data_word(), 0}};
  RunPlaces places;
  for (std::uint32_t i = w.data_word() + 1; i <= w.words(); ++i)
    places.push_back({i, w.word * ReachShare(w.OffsetOf(i) - w.data)});
  Normalise(places, 1 - kAtData);
  places.push_back({w.data_word(), std::log(kAtData)});
  return places;
}

}  // namespace poolblame

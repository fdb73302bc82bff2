#include "heuristics/run_places.h"

#include <algorithm>
#include <cmath>

namespace poolblame {
namespace {

constexpr std::uint32_t kMostRightWords = 96;  // more says nothing new

/// From shares that add up to anything to logs of shares that add up to `whole`.
void Normalise(RunPlaces& places, double whole) {
  double sum = 0;
  for (const RunPlace& place : places) sum += place.log_share;
  for (RunPlace& place : places) place.log_share = std::log(whole * place.log_share / sum);
}

/// Stretches of places that are looked at as one: bytes near the header, words elsewhere.
struct Step {
  std::uint32_t at, bytes;
};
std::vector<Step> Steps(const RunWindow& w, std::uint32_t begin, std::uint32_t end) {
  constexpr std::uint32_t kNear = 16;
  std::vector<Step> steps;
  for (std::uint32_t at = begin; at < end;) {
    const bool near = at + kNear >= w.left_bytes() && at < w.data_byte() + kNear;
    steps.push_back({at, near ? 1 : w.word - at % w.word});
    at += steps.back().bytes;
  }
  return steps;
}

}  // namespace

std::optional<RunWindow> RunWindowOf(const Scene& scene, const SceneBlock& below, const SceneBlock& above) {
  RunWindow w;
  w.bytes = Bytes(scene.bytes);
  w.word = scene.pointer_size();
  w.address = scene.physical ? 0 : scene.base;
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
  constexpr double kFirst = 4;
  return 1 / (bytes + kFirst);
}

/// Who overruns a buffer has mostly filled it, with or without some fields in front; else he writes its last element,
/// the one behind it, or appends to what is there.
RunPlaces OverrunStarts(const RunWindow& w) {
  constexpr double kWhole = 0.5, kBehindFields = 0.08, kLastElement = 0.14, kOneTooMany = 0.18, kAppends = 0.1;
  constexpr std::uint32_t kEdge = 16;  // bytes: of fields, and of an element
  const std::uint32_t left = w.left_bytes();
  RunPlaces places;
  for (const Step& step : Steps(w, 0, left)) {
    double share = step.bytes * kAppends / (left + 1);
    if (step.at == 0) share += kWhole;
    if (step.at > 0 && step.at <= kEdge) share += step.bytes * kBehindFields / kEdge;
    if (step.at + kEdge >= left) share += step.bytes * kLastElement / kEdge;
    places.push_back({step.at, share});
  }
  places.push_back({left, kOneTooMany + kAppends / (left + 1)});
  Normalise(places, 1);
  return places;
}

/// Not normalised to the places there are: to reach so far is part of what has to be explained.
RunPlaces OverrunStops(const RunWindow& w, std::uint32_t header_size) {
  RunPlaces places;
  for (const Step& step : Steps(w, w.data_byte() - header_size + kCheckedHeader, w.bytes_in_all() + 1))
    places.push_back({step.at, std::log(step.bytes * ReachShare(step.at - w.left_bytes()) / kSumOfReaches)});
  return places;
}

/// Reaches below a buffer are shorter: a negative index, a header in front, a loop that runs one too many.
RunPlaces UnderrunStarts(const RunWindow& w, std::uint32_t header_size) {
  constexpr double kHalf = 16;
  const auto share = [](std::uint32_t bytes) { return kHalf / ((bytes + kHalf) * (bytes + kHalf)); };
  const std::uint32_t left = w.left_bytes(), data = w.data_byte();
  RunPlaces places;
  for (const Step& step : Steps(w, 0, left)) places.push_back({step.at, std::log(step.bytes * share(data - step.at))});
  places.push_back({left, std::log(header_size * share(data - left - header_size / 2))});
  return places;
}

/// A negative offset stops where the data begins or inside it; a loop that runs down began somewhere in the data.
RunPlaces UnderrunStops(const RunWindow& w) {
  constexpr double kAtData = 0.5;
  const std::uint32_t data = w.data_byte();
  if (data == w.bytes_in_all()) return {{data, 0}};
  RunPlaces places;
  for (const Step& step : Steps(w, data + 1, w.bytes_in_all() + 1))
    places.push_back({step.at, step.bytes * ReachShare(step.at - data)});
  Normalise(places, 1 - kAtData);
  places.push_back({data, std::log(kAtData)});
  return places;
}

}  // namespace poolblame

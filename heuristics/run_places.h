// The memory around a damaged header as words, and where writes start and stop there when nothing is known of what it
// holds: priors of written_run.h.
#pragma once

#include <cstdint>
#include <optional>
#include <vector>

#include "heuristics/content.h"
#include "heuristics/scene.h"

namespace poolblame {

/// Words of the block below, of the damaged header or headers, and of the block above.
struct RunWindow {
  Bytes bytes;  // of the scene
  std::uint32_t word = 8;
  std::uint32_t begin = 0, middle = 0, data = 0, end = 0;  // scene offsets; the header is between `middle` and `data`
  std::vector<WordClass> classes;                          // of all words
  std::uint64_t address = 0;     // of the scene's first byte; 0 where only the physical is known
  bool header_is_sound = false;  // written over or not, the words between `middle` and `data` say nothing
  [[nodiscard]] std::uint32_t words() const { return static_cast<std::uint32_t>(classes.size()); }
  [[nodiscard]] std::uint32_t left_words() const { return (middle - begin) / word; }
  [[nodiscard]] std::uint32_t data_word() const { return (data - begin) / word; }
  [[nodiscard]] std::uint32_t left_bytes() const { return middle - begin; }
  [[nodiscard]] std::uint32_t data_byte() const { return data - begin; }
  [[nodiscard]] std::uint32_t bytes_in_all() const { return words() * word; }
  [[nodiscard]] std::uint32_t OffsetOf(std::uint32_t index) const { return begin + index * word; }
  [[nodiscard]] bool IsSilent(std::uint32_t index) const {
    return header_is_sound && index >= left_words() && index < data_word();
  }
  [[nodiscard]] std::uint64_t AddressOf(std::uint32_t index) const {
    return address == 0 ? 0 : address + OffsetOf(index);
  }
  [[nodiscard]] Bytes Word(std::uint32_t index) const { return bytes.subspan(OffsetOf(index), word); }
};

/// Nothing when the blocks are not a stretch of whole words, or headers and blocks between them are longer than a
/// window.
std::optional<RunWindow> RunWindowOf(const Scene& scene, const SceneBlock& below, const SceneBlock& above);

/// A place in a window, in bytes from its first, with the log of its share.
struct RunPlace {
  std::uint32_t at;
  double log_share;
};
using RunPlaces = std::vector<RunPlace>;

RunPlaces OverrunStarts(const RunWindow& window);
RunPlaces OverrunStops(const RunWindow& window, std::uint32_t header_size);
RunPlaces UnderrunStarts(const RunWindow& window, std::uint32_t header_size);
RunPlaces UnderrunStops(const RunWindow& window);

/// How often a write reaches this far out of its buffer, for each byte; not normalised.
double ReachShare(std::uint32_t bytes);
/// Bytes of a header that are checked, and that the damage is known to fill: sizes, type and tag.
inline constexpr std::uint32_t kCheckedHeader = 8;
/// Of all reaches up to 300 bytes: longer ones are copies of whole buffers.
inline constexpr double kSumOfReaches = 4.47;

}  // namespace poolblame

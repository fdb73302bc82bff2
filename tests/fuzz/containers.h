// The containers that are fuzzed, each with the recipe of a small healthy image and of a damaged one. One row feeds
// the libFuzzer target, the committed seeds and the hostile driver, so a container cannot be in one and not in another.
#pragma once

#include <cstdint>
#include <optional>
#include <span>
#include <string>
#include <string_view>

#include "parser/base/byte_view.h"
#include "parser/image/image.h"

namespace poolblame::fuzz {

/// Bytes that keep a mutated input in its container: without them most mutants would die at the first magic.
struct Stamp {
  std::uint32_t offset = 0;
  std::string_view bytes;
};

enum class Packing { kNone, kZstd, kGzip, kBzip2, kXz, kZip, kSevenZip, kCabinet, kTar };

struct Container {
  std::string_view name;    // "full-x64": the libFuzzer target is fuzz_<name>, its seeds lie in corpus/<name>
  std::string_view recipe;  // for samples::BuildSample
  std::span<const Stamp> stamps;
  OpenOptions options;  // what the container cannot say itself
  Packing packing = Packing::kNone;
};

std::span<const Container> Containers();
/// The row of that name, or nullptr.
const Container* FindContainer(std::string_view name);

/// Overwrites the stamps that fit into `size` bytes.
void ApplyStamps(const Container& container, std::uint8_t* bytes, std::size_t size);

}  // namespace poolblame::fuzz

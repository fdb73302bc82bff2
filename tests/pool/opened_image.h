// Images in memory, for tests that scan one: from a recipe of the sample builder, or from pages written in the test.
#pragma once

#include <gtest/gtest.h>

#include <cstdint>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "parser/image/image.h"
#include "parser/pool/pool_census.h"
#include "samples/builder.h"
#include "tests/pool/page_builder.h"

namespace poolblame::test {

struct Opened {
  std::vector<std::uint8_t> bytes;
  std::optional<Image> image;
  samples::Truth truth;
};

inline Opened FromRecipe(const std::string& recipe) {
  Opened opened;
  auto built = samples::BuildSample(recipe);
  EXPECT_TRUE(built.has_value()) << recipe;
  if (!built) return opened;
  opened.bytes = std::move(built->bytes);
  opened.truth = built->truth;
  auto image = Image::FromBytes({opened.bytes.data(), opened.bytes.size()}, "sample", {});
  EXPECT_TRUE(image.has_value()) << recipe;
  if (image) opened.image.emplace(std::move(*image));
  return opened;
}

/// Pages at consecutive addresses, as `--base` gives them.
inline Opened FromPages(const std::vector<PageBuilder>& pages, std::uint64_t base, Machine machine,
                        std::optional<std::uint32_t> build) {
  Opened opened;
  for (const PageBuilder& page : pages) opened.bytes.insert(opened.bytes.end(), page.data(), page.data() + 4096);
  OpenOptions options;
  options.base = VirtAddr{base};
  options.machine = machine;
  options.build = build;
  auto image = Image::FromBytes({opened.bytes.data(), opened.bytes.size()}, "pages", options);
  EXPECT_TRUE(image.has_value());
  if (image) opened.image.emplace(std::move(*image));
  return opened;
}

inline PoolCensus Scan(const Opened& opened, const ScanOptions& options = {}) {
  const AddressSpace space(*opened.image);
  return ScanPool(space, ReadSystem(space), options);
}

}  // namespace poolblame::test

#include "tests/fuzz/container_image.h"

#include <cstdio>
#include <cstdlib>

#include "samples/builder.h"
#include "tests/fuzz/pack.h"

namespace poolblame::fuzz {

std::vector<std::uint8_t> BuildContainer(const Container& container, const std::string& words) {
  const std::string recipe = std::string(container.recipe) + " " + words;
  const auto built = samples::BuildSample(recipe);
  if (built) return Pack(built->bytes, container.packing);
  std::fprintf(stderr, "\"%s\" does not build: %s\n", recipe.c_str(), built.error().what.c_str());
  std::exit(70);
}

}  // namespace poolblame::fuzz

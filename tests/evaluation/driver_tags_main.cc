// poolblame_driver_tags: how often do the drivers' images say whose a tag is? Exit status: 0; 1 when an image could not
// be made; 2 usage.
#include <fmt/format.h>

#include <CLI/CLI.hpp>

#include "tests/evaluation/driver_tags.h"

int main(int argc, char** argv) {
  CLI::App app("Draws images with whole drivers in them and counts how often a tag's driver is told from its code.");
  std::uint32_t images = 60;
  std::uint64_t seed = 1000;
  app.add_option("--images", images, "how many images to draw")->check(CLI::Range(1, 100000));
  app.add_option("--seed", seed, "of the first one");
  try {
    app.parse(argc, argv);
  } catch (const CLI::ParseError& error) {
    return app.exit(error) == 0 ? 0 : 2;
  }
  const poolblame::evaluation::DriverTagScore score = poolblame::evaluation::ScoreDriverTags(images, seed);
  fmt::print("seed {}, {}", seed, score.Table());
  return score.failed == 0 ? 0 : 1;
}

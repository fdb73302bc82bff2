// Somebody else's program: touches each installed library, so that a missing header or symbol shows here.
#include <cstdio>

#include "heuristics/report.h"
#include "parser/image/image.h"
#include "samples/builder.h"

int main() {
  const poolblame::PoolTag tag = poolblame::PoolTag::FromText("Proc");
  const auto image = poolblame::Image::FromBytes({}, "empty", {});
  std::printf("%s is %s; an empty file is %s; %s\n", tag.text().c_str(), tag.hex().c_str(),
              image ? "an image" : "no image", poolblame::samples::Truth{}.kind.c_str());
  return poolblame::TagDatabase::IsGeneric(tag) ? 1 : 0;
}

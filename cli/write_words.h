// The culprit's write in two lines: how far it ran, and from where to where. "A..B" is somewhere from A to B.
#pragma once

#include "cli/text_writer.h"
#include "heuristics/report.h"

namespace poolblame::cli {

void WriteExtentLines(TextWriter& out, const WriteExtent& write);

}  // namespace poolblame::cli

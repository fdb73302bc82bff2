// A page of special pool as a picture: header, filler, data, slop, and which bytes are wrong.
#pragma once

#include <string>
#include <vector>

#include "cli/style.h"
#include "cli/text_writer.h"
#include "parser/pool/special_pool.h"

namespace poolblame::cli {

/// Heading, picture, legend; then at most `dump_rows` rows of bytes around the wrong ones.
void WriteSpecialPicture(TextWriter& out, const SpecialPoolPage& page, std::size_t dump_rows);

/// What the header says, in one line.
std::string SpecialBlockText(const SpecialPoolBlock& block);

/// Every check that the page failed, as sentences; empty for a sound page.
std::vector<std::string> FailedSpecialChecks(const SpecialPoolBlock& block);

}  // namespace poolblame::cli

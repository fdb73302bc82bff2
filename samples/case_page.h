// Pages rebuilt from public debugger transcripts: their page maps and bytes, written down as text files in
// samples/cases. A case is facts (addresses, header fields, hex) with a link to where they were published and the truth
// its author stated; payload nobody published is zero, or invented where the case says so.
#pragma once

#include <string>

#include "parser/base/error.h"
#include "samples/builder.h"

namespace poolblame::samples {

/// True where a recipe is the text of a case file (its first line that is no comment begins with `case `).
bool IsCase(const std::string& text);

/// Builds the case's pages. Lines, in any order after `case NAME`:
///   machine x64|x86; build N; base ADDRESS; pages N; source URL…; proof TEXT (the last two are for people)
///   kind KIND; culprit ADDRESS "TAG"; victim ADDRESS "TAG"; damage BEGIN END; visible; header_hit
///   block ADDRESS SIZE PREVIOUS TYPE "TAG" [protected]   a header: sizes in bytes, type as stored
///   payload "TAG" OFFSET HEX                             bytes of every block of the tag, from its first payload byte
///   self "TAG" OFFSET                                    a LIST_ENTRY at that payload offset pointing at itself
///   fill ADDRESS SIZE BYTE; hex ADDRESS BYTES            laid over all else, in file order
/// kUsage names the line that does not fit.
Result<BuiltImage> BuildCase(const std::string& text);

}  // namespace poolblame::samples

// The sections that the report, `info` and `page` share.
#pragma once

#include "cli/analysis.h"
#include "cli/text_writer.h"

namespace poolblame::cli {

/// Code, name, parameters and the decoded sentence; nothing where the image carries no bug check.
void WriteBugCheck(TextWriter& out, const ImageReport& facts);
/// File, container, machine, Windows, pool layout.
void WriteSystem(TextWriter& out, const ImageReport& facts);
/// What was looked at and what was not.
void WriteCoverage(TextWriter& out, const ImageReport& facts);
/// All notes, or the first few and how many more there are.
void WriteNotes(TextWriter& out, const ImageReport& facts, bool all);

}  // namespace poolblame::cli

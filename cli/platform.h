// What differs between Linux and Windows, all of it. Nothing else in cli/ includes a system header.
#pragma once

#include <cstddef>
#include <cstdio>

namespace poolblame::cli {

/// True when a person looks at this stream.
bool IsTerminal(std::FILE* stream);
/// Columns of the terminal behind `stream`; 0 when there is none.
std::size_t TerminalColumns(std::FILE* stream);
/// Makes sure that a terminal understands colour sequences and that bytes are written as they are.
void PrepareStreams();
/// A number that no other running process has, for the names of temporary files.
unsigned long ProcessNumber();

}  // namespace poolblame::cli

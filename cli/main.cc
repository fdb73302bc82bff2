// The program: everything else is in the library, where tests reach it.
#include "cli/command_line.h"
#include "cli/platform.h"

int main(int argc, char** argv) {
  poolblame::cli::PrepareStreams();
  return static_cast<int>(poolblame::cli::RunCommandLine(argc, argv));
}

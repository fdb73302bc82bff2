// What a script learns without reading a line. Ours, after diff and grep: 0 is "nothing wrong", 1 is "found something".
#pragma once

namespace poolblame::cli {

enum class ExitStatus {
  kClean = 0,         // no corruption, all expectations met
  kFound = 1,         // corruption found, or an expectation missed (`tag`: a tag nobody knows; `find`: no such block;
                      // `usage`: a pool over a --limit, or a leak suspect)
  kUsage = 2,         // the command line makes no sense
  kUnreadable = 3,    // an image could not be read, or a result could not be written
  kInconclusive = 4,  // nothing wrong was seen, but what had to be looked at is not in the image
  kDefect = 70,       // a defect of poolblame itself; sysexits' EX_SOFTWARE
};

/// The table above in words, for --help.
inline constexpr const char* kExitStatusHelp =
    "Exit status:\n"
    "  0   nothing wrong: no corruption\n"
    "  1   corruption found (correlate: a common culprit; tag: in no table; find: no such block;\n"
    "      usage: a pool over a --limit, a leak suspect)\n"
    "  2   the command line makes no sense\n"
    "  3   an image or a report could not be read, or a result could not be written\n"
    "  4   inconclusive: what had to be looked at is not in the image (correlate: too few dumps)\n"
    "  70  a defect of poolblame\n";

}  // namespace poolblame::cli

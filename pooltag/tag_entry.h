// One answer to "whose tag is it?".
#pragma once

#include <string>

namespace poolblame {

struct TagEntry {
  std::string pattern;    // as the table writes it: "Ntf?", "CM*", "Proc"
  std::string driver;     // "ntfs.sys"; empty when unknown
  std::string component;  // "NTFS"
  std::string vendor;
  std::string note;
  std::string source;  // "tag-database" or "pooltag.txt": REPORT.md's owner.source
};

}  // namespace poolblame

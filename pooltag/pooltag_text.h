// Reads a pooltag.txt as WinDbg's triage folder, the WDK and poolmon carry it.
//
// Grammar, as the files in the world have it (they were written by hand for twenty years):
//   * bytes are Latin-1; lines end with LF or CRLF; blank lines say nothing;
//   * a line whose first word is `rem` (any case), or that starts with `//`, is a comment;
//   * `TAG - binary - description`; the spaces on one side of a hyphen may be missing, the third field too;
//   * TAG is one to four characters, padded with spaces; inner spaces count (`Dh 0`), and a leading one counts when
//     the field is exactly four columns wide (` BIG - …`); `*` at the end is any rest, `?` any one character;
//   * lines indented by more than kMaxIndent are continuations of a description.
// Source: the public copies of pooltag.txt in the Windows 2003 resource kit and in System Informer; the `!pool` and
// poolmon pages of Microsoft's driver documentation.
#pragma once

#include <cstddef>
#include <string_view>
#include <utility>
#include <vector>

#include "parser/base/byte_view.h"
#include "pooltag/tag_entry.h"
#include "pooltag/tag_pattern.h"

namespace poolblame {

struct PoolTagText {
  std::vector<std::pair<TagPattern, TagEntry>> rows;  // file order, duplicates kept
  std::size_t skipped_lines = 0;                      // neither blank, comment nor record
};

/// Never fails: what cannot be read as a record is counted. Entries are printable UTF-8 (control characters become
/// '.'), each field at most kMaxFieldBytes bytes of the file, at most kMaxRows rows.
PoolTagText ParsePoolTagText(ByteView text);

}  // namespace poolblame

// Reads a pooltag.txt as WinDbg's triage folder, the WDK and poolmon carry it, and a localtag.txt, which poolmon makes
// of the drivers of a machine (`poolmon /c`).
//
// Grammar, as the files in the world have it (they were written by hand for twenty years):
//   * bytes are Latin-1; lines end with LF or CRLF; blank lines say nothing;
//   * a line whose first word is `rem` (any case), or that starts with `//`, is a comment;
//   * `TAG - binary - description`; the spaces on one side of a hyphen may be missing, the third field too;
//   * TAG is one to four characters, padded with spaces; inner spaces count (`Dh 0`), and a leading one counts when
//     the field is exactly four columns wide (` BIG - …`); `*` at the end is any rest, `?` any one character;
//   * `binary` may be several driver files (`a.sys, b.sys`): a row for each;
//   * lines indented by more than kMaxIndent are continuations of a description and left out.
// Of localtag.txt Microsoft documents only that it is text that lists local drivers and the tags they assign, and no
// copy was at hand. So it is read by the same rules, and the hyphen may be missing where a line is a tag and driver
// files. Source: the public copies of pooltag.txt in the Windows 2003 resource kit and in System Informer; the `!pool`
// and PoolMon pages of Microsoft's driver documentation.
#pragma once

#include <string>
#include <string_view>

#include "parser/base/byte_view.h"
#include "pooltag/tag_entry.h"

namespace poolblame {

/// Never fails: what cannot be read as a record is counted. Entries are printable UTF-8 (control characters become
/// '.'), each field at most kMostTagField bytes of the file, at most kMostTagRows rows.
TagRows ParsePoolTagText(ByteView text);

/// Latin-1 as UTF-8, at most kMostTagField bytes of it, without anything that a terminal would act on.
std::string PrintableField(std::string_view field);

}  // namespace poolblame

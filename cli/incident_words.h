// How an incident is said in one line, and how its blocks and suspects are. The rule that no driver is accused of a bit
// flip, or on insufficient evidence, is kept here for everything a person reads.
#pragma once

#include <string>

#include "heuristics/report.h"

namespace poolblame::cli {

/// The answer: "overrun by 'Abcd' (foo.sys) at 0x…: strong, 91 %". Safe for a terminal.
std::string Headline(const Incident& incident);

/// "'Abcd' at 0x…, 96 bytes, allocated, page offset 0xa40". Safe for a terminal.
std::string BlockText(const BlockReference& block);

/// "underrun by 'Ntff' at 0x… (ntfs.sys)", "hardware (bit flip)", "cause unknown". Safe for a terminal.
std::string SuspectText(const Incident& incident, const Suspect& suspect);

/// "foo.sys, Foo Inc. (its code holds this tag)"; empty where no driver may be named. Safe for a terminal.
std::string OwnerText(const Incident& incident, const Suspect& suspect);

/// The tag between quotes, "tag 0x9b817303" where it is not made of printable characters, "no tag" for 0.
std::string TagText(PoolTag tag);

/// "the header of a VS subsegment", …; empty for kNone.
std::string StructureWords(HeapStructureKind kind);

/// True when the first suspect is a block and the incident may accuse it.
bool NamesCulprit(const Incident& incident);

}  // namespace poolblame::cli

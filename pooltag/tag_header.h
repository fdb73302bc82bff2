// Reads the tags that a C or C++ source defines, as ReactOS' tag.h and the headers of the Windows driver samples do:
//   #define TAG_FOO 'ooF '          #define FOO_POOL_TAG (ULONG)'gaTF'      #define FOO_TAG ((ULONG)'gaTF')
//   static const ULONG kTag = 'gaTF';      constexpr ULONG kTag{'gaTF'};   enum { FOO_TAG = 'gaTF', BAR_TAG = '…' };
// A constant of several characters has the first one in the highest byte, so that 'corP' lies in memory as `Proc`
// (Microsoft, C language reference, "Multicharacter constants"); escapes are those of C.
//
// Four characters are a tag whatever the name; two or three only where the name says so, since 'MZ' is a signature and
// 'BUS' may be either; one is none. Compared, assigned, passed or computed constants define nothing. Left out: byte
// swaps and macros that put a tag together of letters, whose order only their definition tells; those are counted as
// skipped.
#pragma once

#include "parser/base/byte_view.h"
#include "pooltag/tag_entry.h"

namespace poolblame {

/// Never fails: definitions of what should be a tag and cannot be read are counted. The name of the constant is the
/// entry's component; no driver, which a header does not tell. At most kMostTagRows rows.
TagRows ParseTagHeader(ByteView source);

}  // namespace poolblame

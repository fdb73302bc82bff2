// Tags that do not say whose a block is. A tag belongs here only by a documented fact about who passes it, never
// because it is common: each row has its reason.
#include <algorithm>
#include <array>
#include <string_view>

#include "pooltag/tag_database.h"

namespace poolblame {
namespace {

struct GenericTag {
  std::string_view tag;
  std::string_view reason;
};

constexpr std::array<GenericTag, 10> kGenericTags = {{
    {"None", "ExAllocatePool: the caller gave no tag"},
    {"Ddk ", "what the headers of the Windows driver kit pass for a caller without a tag"},
    {"Wdm ", "the same in the older WDM headers"},
    {"FxDr", "the framework's tag for a KMDF driver whose service name is too short to make one"},
    {"Free", "written into the fragment that a split leaves over"},
    {"Frag", "the unused end of a big allocation's last page, given back as a block"},
    {"BIG ", "where the tracking table of big allocations is full, the charge goes here"},
    {" BIG", "the same, as the pool code of Windows NT wrote it"},
    {"Io  ", "the I/O manager's buffers: it allocates them for any driver's request"},
    {std::string_view("\0\0\0\0", 4), "no tag at all; 0xC2/0x9B refuses to allocate with it"},
}};

}  // namespace

std::string_view TagDatabase::GenericReason(PoolTag tag) {
  const auto row = std::find_if(kGenericTags.begin(), kGenericTags.end(), [tag](const GenericTag& generic) {
    return PoolTag::FromText(generic.tag) == tag.name();
  });
  return row == kGenericTags.end() ? std::string_view() : row->reason;
}

}  // namespace poolblame

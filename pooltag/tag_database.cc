#include "pooltag/tag_database.h"

namespace poolblame {

TagDatabase TagDatabase::BuiltIn() { return {}; }
void TagDatabase::AddPoolTagText(ByteView /*text*/) {}
std::vector<TagEntry> TagDatabase::Find(PoolTag /*tag*/) const { return {}; }
bool TagDatabase::IsGeneric(PoolTag /*tag*/) { return false; }

}  // namespace poolblame

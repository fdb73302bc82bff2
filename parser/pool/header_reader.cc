#include "parser/pool/header_reader.h"

namespace poolblame {

HeaderReader::HeaderReader(const PoolHeaderLayout& layout)
    : layout_(&layout), is_64bit_(layout.is_64bit), unit_shift_(layout.is_64bit ? 4 : 3) {
  for (std::uint16_t type = 0; type < states_.size(); ++type) states_[type] = StateOfPoolType(layout, type);
}

}  // namespace poolblame

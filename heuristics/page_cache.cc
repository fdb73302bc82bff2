#include "heuristics/page_cache.h"

#include <utility>

namespace poolblame {

std::shared_ptr<const PoolPage> PageCache::PoolPageAt(VirtAddr address) {
  const std::uint64_t key = address.page().value;
  if (const auto known = pages_.find(key); known != pages_.end()) return known->second;
  std::shared_ptr<const PoolPage> page;
  if (auto read = ReadPoolPage(space_, system_, census_, address.page()))
    page = std::make_shared<const PoolPage>(std::move(*read));
  if (order_.size() == kMostPages) {
    pages_.erase(order_.front());
    order_.pop_front();
  }
  order_.push_back(key);
  pages_.emplace(key, page);
  return page;
}

}  // namespace poolblame

#include "cli/usage_view.h"

#include <algorithm>
#include <functional>
#include <utility>

#include "pooltag/name_match.h"

namespace poolblame::cli {
namespace {

using Less = std::function<bool(const UsageRow&, const UsageRow&)>;

/// Descending by what `value` gives.
template <typename Value>
Less By(Value value) {
  return [value](const UsageRow& a, const UsageRow& b) { return value(a) > value(b); };
}

/// The rows of one pool first, by bytes, as !poolused sorts.
Less OnePoolFirst(UsageType type) {
  return By([type](const UsageRow& row) { return std::pair(row.type == type, row.bytes()); });
}

const std::vector<std::pair<std::string, Less>>& Orders() {
  static const std::vector<std::pair<std::string, Less>> kOrders = {
      {"bytes", By([](const UsageRow& row) { return row.bytes(); })},
      {"allocs", By([](const UsageRow& row) { return row.tracked ? row.tracked->allocs : row.blocks; })},
      {"frees", By([](const UsageRow& row) { return row.tracked ? row.tracked->frees : 0; })},
      {"diff", By([](const UsageRow& row) { return row.outstanding(); })},
      {"each", By(BytesEach)},
      {"seen", By([](const UsageRow& row) { return row.blocks; })},
      {"tag", [](const UsageRow&, const UsageRow&) { return false; }},  // the order they come in
      {"type", [](const UsageRow& a, const UsageRow& b) { return a.type < b.type; }},
      {"driver", [](const UsageRow& a, const UsageRow& b) { return a.owner.driver < b.owner.driver; }},
      {"nonpaged", OnePoolFirst(UsageType::kNonPaged)},
      {"paged", OnePoolFirst(UsageType::kPaged)},
  };
  return kOrders;
}

}  // namespace

std::uint64_t BytesEach(const UsageRow& row) {
  return row.outstanding() > 0 ? row.bytes() / static_cast<std::uint64_t>(row.outstanding()) : 0;
}

const std::vector<std::string>& UsageSortWords() {
  static const std::vector<std::string> kWords = [] {
    std::vector<std::string> words;
    for (const auto& [word, order] : Orders()) words.push_back(word);
    return words;
  }();
  return kWords;
}

std::optional<TagPattern> ParseTagPattern(const std::string& typed) { return TagPattern::FromText(typed, true); }

bool IsWanted(PoolTag tag, const Owner& owner, const UsageView& view) {
  return (!view.tag || view.tag->Matches(tag)) && (view.driver.empty() || IsDriver(owner.driver, view.driver));
}

std::vector<const UsageRow*> RowsOf(const Usage& usage, const UsageView& view) {
  std::vector<const UsageRow*> rows;
  for (const UsageRow& row : usage.rows)
    if (IsWanted(row.tag, row.owner, view)) rows.push_back(&row);
  const auto order =
      std::find_if(Orders().begin(), Orders().end(), [&](const auto& named) { return named.first == view.sort; });
  if (order != Orders().end())
    std::stable_sort(rows.begin(), rows.end(),
                     [&](const UsageRow* a, const UsageRow* b) { return order->second(*a, *b); });
  return rows;
}

std::vector<const UsageRow*> ExecutableRows(const Usage& usage) {
  std::vector<const UsageRow*> rows;
  for (const UsageRow& row : usage.rows)
    if (row.executable_bytes > 0) rows.push_back(&row);
  std::stable_sort(rows.begin(), rows.end(),
                   [](const UsageRow* a, const UsageRow* b) { return a->executable_bytes > b->executable_bytes; });
  return rows;
}

}  // namespace poolblame::cli

#include "pooltag/name_match.h"

#include "parser/base/ascii.h"

namespace poolblame {

bool FitsWildcards(const std::string& name, const std::string& typed) {
  // Only the last star is ever gone back to: what an earlier one took could be taken by the later as well.
  std::size_t at = 0, star = std::string::npos, resume = 0, i = 0;
  while (i < name.size()) {
    if (at < typed.size() && typed[at] == '*') {
      star = at++;
      resume = i;
    } else if (at < typed.size() && (typed[at] == '?' || Lower(typed[at]) == Lower(name[i]))) {
      ++at;
      ++i;
    } else if (star != std::string::npos) {
      at = star + 1;
      i = ++resume;
    } else {
      return false;
    }
  }
  return typed.find_first_not_of('*', at) == std::string::npos;
}

bool IsDriver(const std::string& driver, const std::string& typed) {
  return !driver.empty() && (FitsWildcards(driver, typed) || FitsWildcards(driver, typed + ".sys"));
}

bool IsVendor(const std::string& vendor, const std::string& typed) {
  if (vendor.empty()) return false;
  if (typed.find_first_of("*?") != std::string::npos) return FitsWildcards(vendor, typed);
  return Lower(vendor).find(Lower(typed)) != std::string::npos;
}

}  // namespace poolblame

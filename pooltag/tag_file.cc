#include "pooltag/tag_file.h"

#include "pooltag/pooltag_text.h"
#include "pooltag/tag_header.h"

namespace poolblame {

TagRows ReadTagFile(ByteView bytes, std::string_view name, std::string_view driver) {
  TagRows as_text = ParsePoolTagText(bytes), as_header = ParseTagHeader(bytes);
  // Where neither has a row, definitions that could not be read say that it is a header all the same.
  const bool is_header =
      as_header.rows.size() > as_text.rows.size() || (as_text.rows.empty() && as_header.skipped_lines > 0);
  TagRows rows = is_header ? std::move(as_header) : std::move(as_text);
  for (auto& [pattern, entry] : rows.rows) {
    entry.file = name;
    if (entry.driver.empty()) entry.driver = driver;
  }
  return rows;
}

}  // namespace poolblame

#include "cli/write_words.h"

#include <fmt/format.h>

#include <optional>
#include <string>

namespace poolblame::cli {
namespace {

std::string BytesText(std::uint64_t least, std::optional<std::uint64_t> most) {
  if (!most) return "at least " + Counted(least, "byte");
  return least == *most ? Counted(least, "byte") : fmt::format("{} to {}", Grouped(least), Counted(*most, "byte"));
}

std::string PlaceText(std::optional<std::uint64_t> earliest, std::uint64_t latest) {
  if (!earliest) return "a place before this image's memory";
  if (*earliest == latest) return AddressText(latest);
  return fmt::format("{}..{}", AddressText(*earliest), AddressText(latest));
}

}  // namespace

void WriteExtentLines(TextWriter& out, const WriteExtent& write) {
  std::string text = fmt::format("{} {}", BytesText(write.least_outside(), write.most_outside()),
                                 write.upwards ? "behind the block's end" : "below the block's data");
  text += fmt::format(", {} in all", BytesText(write.least_length(), write.most_length()));
  if (write.stride) text += fmt::format(", records of {}", Counted(*write.stride, "byte"));
  if (write.slack) text += fmt::format("; {} of the block were not asked for", Counted(*write.slack, "byte"));
  if (write.blocks_run_over > 1) text += fmt::format("; {} blocks are hit", write.blocks_run_over);
  out.Sentence("  write    ", text);
  out.Sentence("           ", fmt::format("from {} to {}", PlaceText(write.start_earliest, write.start_latest),
                                          PlaceText(write.end_earliest, write.end_latest)));
}

}  // namespace poolblame::cli

#include "cli/fleet_input.h"

#include <utility>

#include "cli/fleet_state.h"
#include "cli/report_reader.h"

namespace poolblame::cli {
namespace {

constexpr std::size_t kLongestDocument = std::size_t{8} << 20;  // some hundred times a large report
constexpr const char* kTooLong = "is longer than any report (8 MiB)";

/// The next line without its end; a longer one than any document is cut, and read to its end. False at the end.
bool NextLine(std::istream& in, std::string& line) {
  line.clear();
  std::streambuf& bytes = *in.rdbuf();
  int c = bytes.sbumpc();
  if (c == std::char_traits<char>::eof()) return false;
  for (; c != std::char_traits<char>::eof() && c != '\n'; c = bytes.sbumpc())
    if (line.size() <= kLongestDocument) line += static_cast<char>(c);
  if (!line.empty() && line.back() == '\r') line.pop_back();
  return true;
}

bool IsBlank(const std::string& line) { return line.find_first_not_of(" \t") == std::string::npos; }

Result<FleetEntry> ReadDocument(const ReadJson& json) {
  constexpr std::size_t kLongestSchema = 64;
  const std::string schema = TextOf(Member(json, "schema"), kLongestSchema);
  if (schema == kReportSchema) return ReadReport(json);
  if (schema == kFleetStateSchema) return ReadFleetState(json);
  return Fail(ErrorKind::kIo, schema.empty()
                                  ? "no report: it names no schema"
                                  : "schema '" + schema + "', not " + kReportSchema + " or " + kFleetStateSchema);
}

}  // namespace

void FleetInput::ReadAll(std::istream& in, const std::string& file) {
  std::string line, document;
  std::uint64_t number = 0, begin = 0;
  const auto finish = [&] {
    if (document.size() > kLongestDocument)
      Refuse(file, begin, kTooLong);
    else
      Take(document, file, begin);
    document.clear();
  };
  while (NextLine(in, line)) {
    ++number;
    if (document.empty() && IsBlank(line)) continue;
    // `--format json` begins with a brace alone on its line and ends with one.
    const bool begins_here = document.empty();
    if (begins_here) begin = number;
    if (document.size() <= kLongestDocument) document += line + "\n";
    const bool goes_on = begins_here ? line == "{" : line != "}";
    if (!goes_on) finish();
  }
  if (!document.empty()) finish();
}

void FleetInput::Take(const std::string& text, const std::string& file, std::uint64_t line) {
  const auto json = ParseJson(text);
  if (!json) return Refuse(file, line, "is no JSON document");
  Result<FleetEntry> entry = ReadDocument(*json);
  if (!entry) return Refuse(file, line, entry.error().what);
  ++read;
  fleet.Add(std::move(*entry));
}

void FleetInput::Refuse(const std::string& file, std::uint64_t line, std::string what) {
  ++unreadable_count;
  if (unreadable.size() < kMaxUnreadable) unreadable.push_back({file, line, std::move(what)});
}

}  // namespace poolblame::cli

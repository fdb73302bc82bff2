// Build tool: writes pooltags.tsv as a C++ source. A string literal in the source is the one way to carry a file in
// the program that needs neither an assembler nor a path at run time. Literals are kept under what every compiler
// takes, and comments and the last column (where a row comes from, for its reader) stay out of the program.
#include <cstdio>
#include <fstream>
#include <string>

namespace {

constexpr std::size_t kMaxLiteral = 8000;  // bytes; Visual C++ ends at 16380

std::string Escaped(const std::string& text) {
  std::string out;
  for (const char c : text) {
    if (c == '\t') {
      out += "\\t";
    } else if (c == '"' || c == '\\' || c == '?') {  // `??` would start a trigraph
      out += '\\';
      out += c;
    } else {
      out += c;
    }
  }
  return out;
}

}  // namespace

int main(int argc, char** argv) {
  if (argc != 3) return 2;
  std::ifstream in(argv[1]);
  std::ofstream out(argv[2]);
  out << "// Made from pooltags.tsv by generate_tag_table.cc.\n#include \"pooltag/builtin_table.h\"\n\n"
         "namespace poolblame {\nnamespace {\n\nconstexpr std::string_view kPieces[] = {\n";
  std::size_t piece = 0;
  for (std::string line; std::getline(in, line);) {
    if (line.empty() || line.rfind("# ", 0) == 0) continue;
    const std::string row = line.substr(0, line.rfind('\t'));
    if (piece + row.size() > kMaxLiteral) {
      out << "    ,\n";
      piece = 0;
    }
    out << "    \"" << Escaped(row) << "\\n\"\n";
    piece += row.size() + 1;
  }
  out << "};\n\n}  // namespace\n\nstd::span<const std::string_view> BuiltInTagTable() { return kPieces; }\n\n"
         "}  // namespace poolblame\n";
  out.flush();
  if (in.bad() || !out) {
    std::fprintf(stderr, "generate_tag_table: cannot read %s or write %s\n", argv[1], argv[2]);
    return 1;
  }
  return 0;
}

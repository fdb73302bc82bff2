#include "cli/symbol_file.h"

#include <algorithm>
#include <nlohmann/json.hpp>
#include <string_view>
#include <vector>

#include "parser/image/file_mapping.h"
#include "parser/image/unpack.h"

namespace poolblame::cli {
namespace {

constexpr std::uint64_t kMostText = std::uint64_t{1} << 28;    // a kernel's symbols are a tenth of it at most
constexpr std::size_t kMostDepth = 32;                         // ISF needs seven; stops a file of brackets
constexpr std::uint64_t kMostOffset = std::uint64_t{1} << 32;  // an image is smaller

/// Follows where in the document a value stands, and keeps those that are wanted: no tree of the whole is made.
class IsfHandler : public nlohmann::json_sax<nlohmann::json> {
 public:
  KernelSymbols symbols;
  bool is_isf = false;  // there is an object "symbols"
  std::string problem;

  bool null() override { return true; }
  bool boolean(bool) override { return true; }
  bool number_integer(std::int64_t) override { return true; }
  bool number_unsigned(std::uint64_t value) override {
    const bool wanted = path_.size() == 3 && path_[0] == "symbols" && path_[2] == "address" && value < kMostOffset;
    if (wanted && std::ranges::find(KernelSymbolNames(), path_[1]) != KernelSymbolNames().end())
      symbols.offsets[path_[1]] = value;
    return true;
  }
  bool number_float(double, const std::string&) override { return true; }
  bool string(std::string& value) override {
    if (path_ == std::vector<std::string>{"metadata", "windows", "pdb", "GUID"} && IsGuid(value)) symbols.guid = value;
    return true;
  }
  bool binary(binary_t&) override { return true; }
  bool start_object(std::size_t) override {
    if (path_.size() == 1 && path_[0] == "symbols") is_isf = true;
    return Descend();
  }
  bool key(std::string& name) override {
    path_.back() = std::move(name);
    return true;
  }
  bool end_object() override { return Ascend(); }
  bool start_array(std::size_t) override { return Descend(); }
  bool end_array() override { return Ascend(); }
  bool parse_error(std::size_t position, const std::string&, const nlohmann::json::exception&) override {
    problem = "no JSON at byte " + std::to_string(position);
    return false;
  }

 private:
  static bool IsGuid(std::string_view text) {
    constexpr std::size_t kDigits = 32;
    return text.size() == kDigits && text.find_first_not_of("0123456789abcdefABCDEF") == std::string_view::npos;
  }
  bool Descend() {
    path_.emplace_back();
    if (path_.size() <= kMostDepth) return true;
    problem = "nested more than " + std::to_string(kMostDepth) + " deep";
    return false;
  }
  bool Ascend() {
    path_.pop_back();
    return true;
  }

  std::vector<std::string> path_;  // the key of each open object; empty of an array
};

tl::unexpected<Error> Refuse(const std::string& name, const std::string& why) {
  return Fail(ErrorKind::kUnsupported, "symbols in " + name + ": " + why);
}

}  // namespace

Result<KernelSymbols> ParseSymbols(ByteView json, const std::string& name) {
  IsfHandler handler;
  if (!nlohmann::json::sax_parse(json.begin(), json.end(), &handler)) return Refuse(name, handler.problem);
  if (!handler.is_isf) return Refuse(name, "no symbol table of Volatility 3 (it has no \"symbols\")");
  if (handler.symbols.offsets.empty())
    return Refuse(name, "none of the kernel's variables: give ntkrnlmp's or its like");
  return std::move(handler.symbols);
}

Result<KernelSymbols> ReadSymbols(ByteView bytes, const std::string& name) {
  const Compression compression = CompressionOf(bytes);
  if (compression == Compression::kNone) {
    if (bytes.size() > kMostText) return Refuse(name, "more than 256 MiB of text");
    return ParseSymbols(bytes, name);
  }
  const Result<Unpacked> unpacked = Unpack(bytes, compression, kMostText);
  if (!unpacked) return Refuse(name, unpacked.error().what);
  if (unpacked->cut) return Refuse(name, *unpacked->cut);
  return ParseSymbols(unpacked->content.bytes(), name);
}

Result<KernelSymbols> ReadSymbolFile(const std::string& path) {
  const Result<FileMapping> file = FileMapping::Open(path);
  if (!file) return Fail(file.error().kind, "symbols in " + path + ": " + file.error().what);
  return ReadSymbols(file->bytes(), path);
}

}  // namespace poolblame::cli

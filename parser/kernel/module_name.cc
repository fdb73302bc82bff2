#include "parser/kernel/module_name.h"

#include <array>

#include "parser/base/ascii.h"
#include "parser/base/little_endian.h"

namespace poolblame {
namespace {

constexpr std::uint16_t kMaxNameBytes = 1024;  // a path has up to 260 characters

}  // namespace

std::string PrintableUtf16(ByteView text) {
  std::string out;
  for (std::uint64_t at = 0;; at += 2) {
    const auto unit = text.TryRead<Le16>(at);
    if (!unit || *unit == 0) return out;
    const std::uint16_t c = *unit;
    out += c < 0x7F && IsPrintable(static_cast<std::uint8_t>(c)) ? static_cast<char>(c) : '?';
  }
}

std::string ReadUnicodeString(const AddressSpace& space, VirtAddr address, const UnicodeStringLayout& layout) {
  const auto length = space.Read<Le16>(address + layout.length);
  const auto buffer = space.ReadPointer(address + layout.buffer);
  if (!length || !buffer || *length == 0 || *length % 2 != 0 || *length > kMaxNameBytes) return {};
  std::array<std::uint8_t, kMaxNameBytes> bytes{};
  if (space.Read(*buffer, {bytes.data(), std::size_t{*length}}) != Presence::kPresent) return {};
  return PrintableUtf16({bytes.data(), *length});
}

std::string_view LastComponent(std::string_view path) {
  const std::size_t separator = path.find_last_of("\\/");
  return separator == std::string_view::npos ? path : path.substr(separator + 1);
}

}  // namespace poolblame

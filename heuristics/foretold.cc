#include "heuristics/foretold.h"

namespace poolblame {
namespace {

constexpr std::uint32_t kCounterBytes = 4;  // of a dword; a wider counter's upper half seldom changes

}  // namespace

Foretold::Foretold(Bytes left, std::uint32_t lag, bool mirrored) : period_(left.last(lag)), mirrored_(mirrored) {
  constexpr std::size_t kRecords = 3;  // two steps that are alike
  if (lag % kCounterBytes != 0 || lag <= kCounterBytes || left.size() < kRecords * lag) return;
  const Bytes records = left.last(kRecords * lag);
  for (std::uint32_t at = 0; at < lag; at += kCounterBytes) {
    const std::uint32_t first = ValueAt(records.subspan(at)), second = ValueAt(records.subspan(lag + at)),
                        last = ValueAt(records.subspan(2 * lag + at));
    if (last != second && last - second == second - first) counters_.push_back({at, last, last - second});
  }
}

std::uint8_t Foretold::operator[](std::size_t i) const {
  const std::size_t at = i % period_.size(), record = i / period_.size() + 1;
  for (const Counter& counter : counters_)
    if (at >= counter.at && at < counter.at + kCounterBytes) {
      const auto value = static_cast<std::uint32_t>(counter.last + record * counter.step);
      return static_cast<std::uint8_t>(value >> ShiftOf(at - counter.at));
    }
  return period_[at];
}

std::uint32_t Foretold::ShiftOf(std::size_t byte) const {
  return static_cast<std::uint32_t>(8 * (mirrored_ ? kCounterBytes - 1 - byte : byte));
}

std::uint32_t Foretold::ValueAt(Bytes dword) const {
  std::uint32_t value = 0;
  for (std::uint32_t byte = 0; byte < kCounterBytes; ++byte)
    value |= static_cast<std::uint32_t>(dword[byte]) << ShiftOf(byte);
  return value;
}

}  // namespace poolblame

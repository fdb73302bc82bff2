#include "heuristics/fleet.h"

#include <algorithm>
#include <string_view>
#include <utility>

namespace poolblame {
namespace {

/// FNV-1a, 64 bits, over values one after the other.
class Digest {
 public:
  void Add(std::uint64_t value) {
    for (int i = 0; i < 8; ++i) AddByte(static_cast<std::uint8_t>(value >> (8 * i)));
  }
  void Add(std::string_view text) {
    for (const char c : text) AddByte(static_cast<std::uint8_t>(c));
    Add(text.size());
  }
  template <typename T>
  void Add(const std::optional<T>& value) {
    Add(std::uint64_t{value.has_value()});
    if (value) Add(static_cast<std::uint64_t>(*value));
  }
  [[nodiscard]] std::uint64_t value() const { return hash_; }

 private:
  void AddByte(std::uint8_t byte) { hash_ = (hash_ ^ byte) * 0x100000001B3; }

  std::uint64_t hash_ = 0xCBF29CE484222325;
};

void AddSuspect(const FleetSuspect& suspect, Digest& digest) {
  digest.Add(static_cast<std::uint64_t>(suspect.role));
  digest.Add(std::uint64_t{suspect.probability});
  digest.Add(std::uint64_t{suspect.tag.value});
  digest.Add(suspect.neighbours.below);
  digest.Add(std::uint64_t{suspect.blocks});
  digest.Add(suspect.distance);
}

void AddIncident(const FleetIncident& incident, Digest& digest) {
  digest.Add(incident.pairs);
  digest.Add(incident.page);
  digest.Add(incident.victim.size);
  for (const std::uint8_t byte : incident.bytes) digest.Add(std::uint64_t{byte});
  for (const FleetSuspect& suspect : incident.suspects) AddSuspect(suspect, digest);
}

std::string Hex(std::uint64_t value) {
  constexpr std::string_view kDigits = "0123456789abcdef";
  std::string text;
  for (int shift = 60; shift >= 0; shift -= 4) text += kDigits[value >> shift & 0xF];
  return text;
}

bool HasParameters(const CrashIdentity& crash) {
  return std::any_of(crash.parameters.begin(), crash.parameters.end(), [](std::uint64_t p) { return p != 0; });
}

}  // namespace

std::string IdentityOf(const FleetDump& dump) {
  const CrashIdentity& crash = dump.crash;
  Digest digest;
  digest.Add(crash.machine);
  digest.Add(crash.build);
  digest.Add(crash.system_time);
  digest.Add(crash.up_time);
  digest.Add(crash.code);
  for (const std::uint64_t parameter : crash.parameters) digest.Add(parameter);
  // A bug check's parameters are addresses of that boot. Without them a clock alone does not tell two crashes apart.
  if (crash.system_time && HasParameters(crash)) return "crash-" + Hex(digest.value());
  digest.Add(dump.machine_fingerprint);
  digest.Add(dump.pool_blocks);
  for (const FleetIncident& incident : dump.incidents) AddIncident(incident, digest);
  return "content-" + Hex(digest.value());
}

void Fleet::Add(FleetEntry entry) {
  std::string identity = IdentityOf(entry.dump);
  const auto [it, is_new] = entries_.try_emplace(std::move(identity), entry);
  if (is_new) return;
  FleetEntry& known = it->second;
  if (known.dump < entry.dump) known.dump = std::move(entry.dump);
  known.paths.merge(entry.paths);
  known.reports = std::min<std::uint64_t>(known.reports + entry.reports, UINT32_MAX);
}

void Fleet::Merge(Fleet other) {
  for (auto& [identity, entry] : other.entries_) Add(std::move(entry));
}

}  // namespace poolblame

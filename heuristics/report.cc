#include "heuristics/report.h"

#include <array>

namespace poolblame {

const char* FaultKindName(FaultKind kind) {
  static constexpr std::array<const char*, kFaultKindCount> kNames = {
      "overrun",  "underrun",   "use-after-free",    "double-free", "bad-free",      "free-list",
      "bit-flip", "wild-write", "nonlinear-overrun", "page-stomp",  "uninitialised", "unknown"};
  return kNames[static_cast<std::size_t>(kind)];
}

const char* ConfidenceName(Confidence confidence) {
  static constexpr std::array<const char*, 3> kNames = {"strong", "suspect", "insufficient"};
  return kNames[static_cast<std::size_t>(confidence)];
}

const char* SuspectRoleName(SuspectRole role) {
  static constexpr std::array<const char*, 3> kNames = {"block", "hardware", "unknown"};
  return kNames[static_cast<std::size_t>(role)];
}

const char* VoteStandingName(VoteStanding standing) {
  static constexpr std::array<const char*, 3> kNames = {"counts", "shadowed", "capped"};
  return kNames[static_cast<std::size_t>(standing)];
}

const char* VerdictName(Verdict verdict) {
  static constexpr std::array<const char*, 3> kNames = {"corrupt", "clean", "inconclusive"};
  return kNames[static_cast<std::size_t>(verdict)];
}

}  // namespace poolblame

#include "heuristics/signals/signals.h"

#include <array>

namespace poolblame {
namespace {

constexpr std::array kSignals = {
    SignalRow{"damage-extent", VoteDamageExtent},
    SignalRow{"content-continues", VoteContentContinues},
    SignalRow{"crossing-text", VoteCrossingText},
    SignalRow{"off-by-one-nul", VoteOffByOneNul},
    SignalRow{"pointer-into-owner", VotePointerIntoOwner},
    SignalRow{"sibling-bytes", VoteSiblingBytes},
    SignalRow{"underrun-content", VoteUnderrunContent},
    SignalRow{"written-run", VoteWrittenRun},
    SignalRow{"crossing-run", VoteCrossingRun},
    SignalRow{"sizes", VoteSizes},
    SignalRow{"count-over-capacity", VoteCountOverCapacity},
    SignalRow{"ownership", VoteOwnership},
    SignalRow{"free-suspect", VoteFreeSuspect},
    SignalRow{"allocator-state", VoteAllocatorState},
    SignalRow{"bit-distance", VoteBitDistance},
    SignalRow{"crash-context", VoteCrashContext},
    SignalRow{"foreign-content", VoteForeignContent},
    SignalRow{"verifier-record", VoteVerifierRecord},
};

}  // namespace

std::span<const SignalRow> AllSignals() { return kSignals; }

}  // namespace poolblame

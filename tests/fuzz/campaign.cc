#include "tests/fuzz/campaign.h"

#include <sys/mman.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <algorithm>
#include <csignal>
#include <cstdlib>
#include <ctime>

#include "tests/fuzz/allocation_meter.h"

namespace poolblame::fuzz {
namespace {

/// What the child leaves behind when it dies: lies in memory that both share.
struct Progress {
  std::uint64_t next = 0;
  std::uint64_t slowest_input = 0;
  double slowest_seconds = 0;
  double total_seconds = 0;
  std::uint64_t peak_bytes = 0;
  std::uint64_t held_bytes = 0;  // of the input that was over the limit
};

constexpr int kTooMuchMemory = 77;

double CpuSeconds() {
  timespec now{};
  clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// The kernel ends the child with SIGPROF when this much CPU time is used up, and with SIGALRM when it has only waited;
/// a tight limit of wall time would punish a busy machine.
void ArmLimits() {
  const itimerval cpu{{0, 0}, {kCpuSeconds, 0}}, wall{{0, 0}, {kWallSeconds, 0}};
  setitimer(ITIMER_PROF, &cpu, nullptr);
  setitimer(ITIMER_REAL, &wall, nullptr);
}

[[noreturn]] void RunChild(const Campaign& campaign, Progress& progress) {
  signal(SIGPROF, SIG_DFL);
  signal(SIGALRM, SIG_DFL);
  for (std::uint64_t i = progress.next; i < campaign.count; ++i) {
    progress.next = i;
    const ByteView bytes = campaign.input(i);
    const std::size_t before = LiveBytes();
    ResetPeak();
    ArmLimits();
    const double start = CpuSeconds();
    campaign.exercise(bytes);
    const double took = CpuSeconds() - start;
    progress.total_seconds += took;
    if (took > progress.slowest_seconds) {
      progress.slowest_seconds = took;
      progress.slowest_input = i;
    }
    const std::uint64_t held = PeakBytes() - before;
    progress.peak_bytes = std::max(progress.peak_bytes, held);
    if (held > kMemoryLimit) {
      progress.held_bytes = held;
      _exit(kTooMuchMemory);
    }
  }
  progress.next = campaign.count;
  _exit(0);
}

std::string Describe(int status, const Progress& progress) {
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGPROF)
    return "more than " + std::to_string(kCpuSeconds) + " s of CPU time";
  if (WIFSIGNALED(status) && WTERMSIG(status) == SIGALRM) return "no end within " + std::to_string(kWallSeconds) + " s";
  if (WIFSIGNALED(status)) return "signal " + std::to_string(WTERMSIG(status));
  if (WEXITSTATUS(status) == kTooMuchMemory) return "held " + std::to_string(progress.held_bytes) + " bytes";
  return "exit status " + std::to_string(WEXITSTATUS(status)) + " (a sanitizer's report is above)";
}

}  // namespace

Outcome Run(const Campaign& campaign) {
  void* shared = mmap(nullptr, sizeof(Progress), PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
  if (shared == MAP_FAILED) std::abort();
  Progress& progress = *new (shared) Progress;
  Outcome outcome;
  while (progress.next < campaign.count && outcome.failures.size() < Outcome::kMaxFailures) {
    const pid_t child = fork();
    if (child < 0) std::abort();
    if (child == 0) RunChild(campaign, progress);
    int status = 0;
    waitpid(child, &status, 0);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 0) break;
    outcome.failures.push_back({progress.next, Describe(status, progress)});
    ++progress.next;
  }
  outcome.tried = progress.next;
  outcome.slowest_input = progress.slowest_input;
  outcome.slowest_seconds = progress.slowest_seconds;
  outcome.total_seconds = progress.total_seconds;
  outcome.peak_bytes = progress.peak_bytes;
  munmap(shared, sizeof(Progress));
  return outcome;
}

}  // namespace poolblame::fuzz

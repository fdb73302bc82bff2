#include <cstdlib>
#include <sstream>
#include <string>

#include "cli/fleet_input.h"
#include "cli/fleet_state.h"
#include "cli/render_correlate.h"
#include "tests/fuzz/exercise.h"

namespace poolblame::fuzz {

void ExerciseReports(ByteView bytes) {
  cli::FleetInput input;
  std::istringstream in(std::string(bytes.begin(), bytes.end()));
  input.ReadAll(in, "reports");
  const TagDatabase tags;
  const std::string ranking = cli::RenderRankingJson(Correlate(input.fleet, tags));
  cli::FleetInput again;
  std::istringstream state(cli::FleetStateLines(input.fleet));
  again.ReadAll(state, "state");
  if (again.unreadable_count != 0 || cli::RenderRankingJson(Correlate(again.fleet, tags)) != ranking) std::abort();
}

}  // namespace poolblame::fuzz

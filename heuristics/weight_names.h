// What the rows and groups of the weight table are called where a person or a script reads them.
#pragma once

#include "heuristics/weights.h"

namespace poolblame {

/// "continues-stride": the enumerator's words.
const char* WeightName(Weight id);
/// "content".
const char* SignalGroupName(SignalGroup group);

}  // namespace poolblame

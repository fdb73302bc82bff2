#include "heuristics/report.h"

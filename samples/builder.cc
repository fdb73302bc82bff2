#include "samples/builder.h"

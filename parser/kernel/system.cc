#include "parser/kernel/system.h"

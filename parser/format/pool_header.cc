#include "parser/format/pool_header.h"

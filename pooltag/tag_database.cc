#include "pooltag/tag_database.h"

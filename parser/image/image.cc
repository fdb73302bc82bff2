#include "parser/image/image.h"

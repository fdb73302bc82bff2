#include "parser/pool/pool_page.h"

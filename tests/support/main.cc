#define CATCH_CONFIG_MAIN
#include "backstep/tests/support/catch.h"

// A place for what a debugger shares with the program it runs. Private.
#pragma once

#include <string>

#include "backstep/base/status.h"

namespace backstep::replay::host {

// Makes a folder that only this user enters: in $TMPDIR where that is a whole path, and short
// enough for a socket with a name of up to `name_max` bytes in the folder; else in /tmp. The caller
// removes it. Io: with path and reason.
Result<std::string> MakePrivateFolder(size_t name_max);

}  // namespace backstep::replay::host

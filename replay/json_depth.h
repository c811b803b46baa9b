// How deep a JSON text nests, before it is parsed. Values nest on the stack when they are compared,
// written and freed, so a recording may not choose how deep.
#pragma once

#include <cstddef>
#include <string_view>

namespace backstep::replay {

bool NestsDeeperThan(std::string_view json, size_t most);

}  // namespace backstep::replay

// RequestHash (redact.h) for a body that has been redacted already.
#pragma once

#include <string>
#include <vector>

#include "backstep/base/hash.h"
#include "backstep/schemas/call.h"

namespace backstep::recorder {

Hash128 HashOfRedacted(EffectKind kind, const std::string& name, const Body& body,
                       const std::vector<std::string>& volatile_fields);

}  // namespace backstep::recorder

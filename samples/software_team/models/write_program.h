// The two languages that the offline model writes. Texts inside a spec hold no quotation marks.
#pragma once

#include <string>
#include <vector>

#include "backstep/samples/software_team/models/spec.h"

namespace team {

std::string WriteCpp(const Spec& spec, const std::vector<std::string>& requirements);
// When `whole` goes up by one for `rest`, in the words of both languages.
const char* RoundsUp(Rounding rounding);
std::string WriteShell(const Spec& spec, const std::vector<std::string>& requirements);

}  // namespace team

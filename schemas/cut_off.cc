#include "backstep/schemas/cut_off.h"

namespace backstep {

std::string FormatActivation(const Position& position) {
  if (position.open.empty()) return {};
  const OpenActivation& activation = position.open.back();
  std::string text = activation.agent + "/" + std::to_string(activation.clock.value);
  for (size_t i = 0; i < activation.took.size(); ++i) {
    text += (i == 0 ? ", which took " : ", ") + activation.took[i];
  }
  return text;
}

std::string CutOffReason(const std::string& result, const Position& position) {
  return (result == "limit" ? "at a limit" : result) +
         (position.open.empty() ? "" : " in " + FormatActivation(position));
}

}  // namespace backstep

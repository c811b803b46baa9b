// What a form offers to inject a fault, and the fault file that its choices make.
#pragma once

#include <map>
#include <string>
#include <vector>

namespace backstep::replay {

struct FaultField {
  std::string name, meaning, default_value;
  bool number = false, required = false;
};

// One action that this version can do.
struct FaultChoice {
  std::string action;               // "a2a.drop"
  std::string hook;                 // the first hook that it serves: "a2a_send"
  std::string meaning;
  std::vector<FaultField> params;
  std::vector<FaultField> selectors;  // keys that mean something on that hook
};

// In the order of docs/faults.md. Thread-safe.
const std::vector<FaultChoice>& FaultChoices();
// Null: no such action.
const FaultChoice* FindFaultChoice(const std::string& action);

// The text of a fault file with this one fault; empty values are left out. What is wrong with a
// value is told when the file is parsed (CheckExperiment).
std::string FaultFileText(const std::string& action,
                          const std::map<std::string, std::string>& params,
                          const std::map<std::string, std::string>& selector);

}  // namespace backstep::replay

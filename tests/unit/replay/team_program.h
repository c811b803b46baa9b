// Three agents whose run depends on what a model and a tool answer.
#pragma once

#include <string>

#include "backstep/tests/unit/replay/script_program.h"

namespace backstep::testing {

// planner asks a model and tells coder and tester; coder asks a tool; tester asks a model.
struct Team {
  int live = 0;
  bool free = false;
  ScriptProgram program;

  explicit Team(const std::string& task = "build a parser") {
    program.behaviours = {
        {"planner", [this](replay::Step& step, std::string* state) {
           if (step.taken().empty()) return Status();
           *state += Ask(step, EffectKind::kLlm, "gpt", "plan " + step.taken()[0].body.bytes,
                         &live, free);
           step.Send(To("coder", "code " + *state));
           step.Send(To("tester", "watch"));
           return Status();
         }},
        {"coder", [this](replay::Step& step, std::string* state) {
           if (step.taken().empty()) return Status();
           *state += Ask(step, EffectKind::kTool, "compile", step.taken()[0].body.bytes, &live,
                         free);
           step.Send(To("tester", "test " + *state));
           return Status();
         }},
        {"tester", [this](replay::Step& step, std::string* state) {
           if (step.taken().empty()) return Status();
           const std::string& text = step.taken()[0].body.bytes;
           if (text == "watch") {
             *state += "w";
             return Status();
           }
           *state += Ask(step, EffectKind::kLlm, "gpt", "check " + text, &live, free);
           step.SetOutcome({state->find("bad") == std::string::npos ? Outcome::Kind::kOk
                                                                    : Outcome::Kind::kFailed,
                            std::nullopt, *state});
           return Status();
         }}};
    program.start = {To("planner", task)};
  }
};

}  // namespace backstep::testing

// The tools of the team. Each is a call to the outside through a step: recorded with its request
// and answer, and in a re-execution answered from there. What they answer never holds a path or a
// time: the same request gives the same answer, here and on another machine.
#pragma once

#include <optional>
#include <string>

#include "backstep/recorder/step.h"
#include "backstep/samples/software_team/tools/workspace.h"

namespace team {

// A source text and what it is written in: "c++" or "sh".
struct SourceCode {
  std::string language, text;
};

// How a tool call ended: its own words, or why there are none.
struct ToolAnswer {
  bool ok = false;          // the file was written, the program was built, it ran to its end
  std::string output;       // what the compiler said, what the program printed
  std::optional<backstep::CallError> error;
};

// The tools are stateless but for files: each gets all it needs in its request, so that one that
// runs for the first time in a re-execution finds what the earlier ones would have left.
class Tools {
 public:
  explicit Tools(Workspace* workspace) : workspace_(workspace) {}  // not owned

  // "c++" where this machine has a compiler, else "sh".
  std::string Language(backstep::recorder::Step& step) const;
  ToolAnswer WriteFile(backstep::recorder::Step& step, const std::string& name,
                       const std::string& text) const;
  // Builds the program (a script is only checked).
  ToolAnswer Build(backstep::recorder::Step& step, const SourceCode& source) const;
  // Runs it on `input`, building it first where it is not yet built.
  ToolAnswer Run(backstep::recorder::Step& step, const SourceCode& source,
                 const std::string& input) const;

 private:
  Workspace* workspace_;
};

}  // namespace team

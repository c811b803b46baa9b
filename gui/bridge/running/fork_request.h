// From the form "fork here" to an experiment, and to the command line that does the same.
#pragma once

#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/gui/bridge/model.h"
#include "backstep/gui/bridge/running/runner.h"
#include "backstep/gui/bridge/view_state.h"

namespace backstep::gui {

// A form for the step at the cursor; a fault is to hit its agent (empty: any).
ForkDraft DraftHere(ForkDraft::Kind kind, StepNumber cursor, const std::string& agent);
// Why the form as it stands does not run, in words that go into a sentence; empty: it does.
std::string WhyNotNow(const ForkDraft& draft, const Model& model);
// The form runs from its own beginning, and does not go on with a branch that paused.
void BeginAnew(ForkDraft* draft);
// InvalidArgument: what of the form is missing or wrong.
Result<RunRequest> MakeRunRequest(const ForkDraft& draft, const OpenFacts& facts);
// A command line in words, as a shell splits it: blanks, quotes and backslashes; nothing is
// expanded. InvalidArgument: a quote is not closed.
Result<std::vector<std::string>> SplitCommand(const std::string& line);
// Whether the form's own command line is run: it was chosen, or the recording has none.
bool RunsOther(const ForkDraft& draft, const OpenFacts& facts);
// Whether the person must have seen the whole command line before it runs.
bool WantsConfirmation(const ForkDraft& draft, const OpenFacts& facts);
// What is to be done in the form before the recorded program can be run unchanged; empty: nothing.
std::string WhyNoBaseline(const ForkDraft& draft, const OpenFacts& facts);
// The form runs another program; its fields begin as what was recorded.
void BeginOtherProgram(const OpenFacts& facts, ForkDraft* draft);
// The form runs the program at `path`, with the arguments that it has.
void SetProgram(const std::string& path, ForkDraft* draft);
// Where the form's program lies; `otherwise` where that is not known.
std::string FolderOfProgram(const ForkDraft& draft, const std::string& otherwise);
// The recorded command line as a shell takes it; empty: it is not known.
std::string CommandLineOf(const OpenFacts& facts);
// The branch that it forks.
std::string ParentOf(const ForkDraft& draft, const OpenFacts& facts);
// Unchanged, served and free.
RunRequest MakeBaselineRequest(const OpenFacts& facts);
// `backstep replay ...` that does what the form says; a fault goes through a file of its own.
std::string ReplayCommandLine(const ForkDraft& draft, const OpenFacts& facts);
// "agent/clock#ordinal"
std::string CallOf(const replay::Miss& miss);
// Makes the form go on with the paused branch of `report`: `draft->answer` answers its question,
// and no other.
void AnswerOnce(const replay::ReplayReport& report, ForkDraft* draft);
// The same, its question answered by `policy` ("live", "substitute"), which holds for such calls
// from there on.
void AnswerMiss(const replay::ReplayReport& report, const std::string& policy, ForkDraft* draft);
// Why a recording cannot be re-executed, and what to do about it; empty: it can.
std::string WhyNotRunnable(const OpenFacts& facts);
// The same of the one that is open; empty where none is.
std::string WhyNotRunnable(const Model& model);

}  // namespace backstep::gui

// Judgements about runs in files of their own, given beside the runs: AgentRx's shape.
#pragma once

#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backstep/recorder/adapters/core/importer.h"
#include "backstep/recorder/adapters/core/json_text.h"

namespace backstep::adapters {

// What the labels can name of a run.
struct LabelledRun {
  std::string path;              // of its file
  bool alone = true;             // no other run is in that file, so that its name means this one
  // its ids in the source, as text; of a task, other runs have them too
  std::vector<std::string> ids;
  std::string trial{};           // which run of its task it is; may be empty
  // The step of a 1-based number; none: the run has no such step.
  std::vector<StepIndex> steps{};
};

// The label files of an import, read when they are first asked for. One thread.
class LabelBook {
 public:
  // Annotates every step that a label which fits this run names, and hands the run on. A label fits
  // the run that it names: by the line of a LINKS.tsv beside it (or one folder up), by its own
  // name, by its trajectory_id. One that has the id of a task alone fits the run of that task, and
  // of the trial it names, one of whose agents it blames, where there is one such run: runs are
  // held back from the first of these on, until Finish. Errors are those of Sink::Session.
  Status Session(LabelledRun run, SessionDraft draft, Sink& sink);
  // Hands on the runs held back. What fits several of them is told, and put on none.
  Status Finish(Sink& sink);

 private:
  enum class Fit : uint8_t { kNone, kTask, kTrial, kNamed };
  struct Judgement {
    std::string file, id, link;  // link: the end of the path of the run's file; may be empty
    std::string trial;           // which it names; may be empty
    size_t number = 0;           // of those in its file, from 0
    bool numbered = false;       // the id is a number, as tasks have
    bool named = false;          // it has found the run it names
    Json value;
    std::vector<std::pair<size_t, Fit>> candidates{};  // runs that are held back
  };
  struct Held {
    LabelledRun run;
    SessionDraft draft;
  };
  void Load(Sink& sink);
  void LoadFile(const std::string& path, Sink& sink);
  void LoadLinks(const std::string& path);
  void Resolve(const Judgement& judgement, Sink& sink);
  static void Land(const Judgement& judgement, const LabelledRun& run, Sink& sink,
                   SessionDraft* draft);
  static void AnnotateAll(const Judgement& judgement, const LabelledRun& run, Sink& sink,
                          SessionDraft* draft);
  static Fit FitOf(const Judgement& judgement, const LabelledRun& run, const SessionDraft& draft);
  static Fit FitOfTask(const Judgement& judgement, const LabelledRun& run,
                       const SessionDraft& draft);

  bool loaded_ = false;
  std::vector<Judgement> judgements_;
  std::map<std::string, std::string> links_;  // path's end by trajectory_id
  std::vector<Held> held_;
};

}  // namespace backstep::adapters

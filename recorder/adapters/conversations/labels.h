// Judgements about runs in files of their own, given beside the runs: AgentRx's shape.
#pragma once

#include <map>
#include <optional>
#include <string>
#include <vector>

#include "backstep/recorder/adapters/core/importer.h"
#include "backstep/recorder/adapters/core/json_text.h"

namespace backstep::adapters {

// Whether a file that begins so holds judgements and no run.
bool IsLabelFile(const Head& head);

// The label files of an argument of --labels: itself, or the JSON files of a folder, in order.
std::vector<std::string> LabelFilesOf(const std::string& argument);

// What the labels can name of a run.
struct LabelledRun {
  std::string path;                    // of its file
  std::vector<std::string> ids;        // its ids in the source, as text
  // The step of a 1-based number; none: the run has no such step.
  std::vector<StepIndex> steps;
};

// The label files of an import, read when they are first asked for. One thread.
class LabelBook {
 public:
  // Annotates every step that a label file which fits this run names. A file fits by the line of a
  // LINKS.tsv beside it (or one folder up), by its own name, or by its trajectory_id where it
  // blames an agent of the run: other runs of the same task bear the same id.
  void Annotate(const LabelledRun& run, Sink& sink, SessionDraft* draft);

 private:
  struct Judgement {
    std::string file, id, link;  // link: the end of the path of the run's file; may be empty
    bool numbered = false;       // the id is a number, as tasks have
    Json value;
  };
  void Load(Sink& sink);
  void LoadFile(const std::string& path, Sink& sink);
  void LoadLinks(const std::string& path);
  static void AnnotateAll(const Judgement& judgement, const LabelledRun& run, Sink& sink,
                          SessionDraft* draft);
  static bool Fits(const Judgement& judgement, const LabelledRun& run, const SessionDraft& draft);

  bool loaded_ = false;
  std::vector<Judgement> judgements_;
  std::map<std::string, std::string> links_;  // path's end by trajectory_id
};

}  // namespace backstep::adapters

#include "backstep/recorder/adapters/writing/session_writer.h"

#include <algorithm>
#include <filesystem>

#include "backstep/recorder/adapters/ordering/check_draft.h"
#include "backstep/recorder/adapters/writing/exact_writer.h"
#include "backstep/recorder/pipeline/process_info.h"
#include "backstep/store/format/log_files.h"
#include "backstep/store/log_writer.h"

namespace backstep::adapters {
namespace {

const char* StatesText(StateSource source) {
  switch (source) {
    case StateSource::kViewOnly: return "view_only";
    case StateSource::kReconstructed: return "reconstructed";
    case StateSource::kRecorded: break;
  }
  return "recorded";
}

}  // namespace

// Where the run leaves the one it branches from.
struct SessionWriter::Plan {
  const Prints* parent = nullptr;  // none: a session of its own
  StepNumber fork;
};

SessionWriter::SessionWriter(store::Recording* recording, SessionWriterOptions options)
    : recording_(recording),
      options_(std::move(options)),
      finisher_(recording, options_.index) {}

Result<std::unique_ptr<store::LogWriter>> SessionWriter::NewLog(LogHeader header) {
  store::WriterOptions options;
  options.bulk = true;
  // What a branch leaves is read from the disk.
  if (header.origin) BACKSTEP_RETURN_IF_ERROR(finisher_.Wait());
  BACKSTEP_ASSIGN_OR_RETURN(options.number, options_.next_number());
  return recording_->NewLog(std::move(header), options);
}

// The last moment up to which both are the same, and at which no step is open.
void SessionWriter::PlanBranch(const SessionDraft& draft, const Order& order, Plan* plan,
                               std::vector<std::string>* notes) {
  const auto found = prints_.find(draft.parent_key);
  if (found == prints_.end()) {
    notes->push_back("the run it branches from, `" + draft.parent_key +
                     "`, did not come in: it is a session of its own");
    return;
  }
  const Prints& parent = found->second;
  PlayOptions options;
  options.print = true;
  options.until = StepNumber(std::min<uint64_t>(draft.shared_steps, parent.moments.size() - 1));
  Play dry(draft, order, *options_.bodies, StepTimes(draft, options_.clock->Now(), parent.base),
           std::move(options));
  const Status played = dry.Run();
  const auto& moments = dry.prints().moments;
  uint64_t fork = 0;
  for (uint64_t i = 1; played.ok() && i <= draft.shared_steps; ++i) {
    if (i >= moments.size() || i >= parent.moments.size()) break;
    if (moments[i].so_far != parent.moments[i].so_far) break;
    if (moments[i] == parent.moments[i] && !moments[i].open) fork = i;
  }
  if (fork == 0) {
    notes->push_back("it shares no whole step with the run it branches from, `" +
                     draft.parent_key + "`: it is a session of its own");
    return;
  }
  plan->parent = &parent;
  plan->fork = StepNumber(fork);
}

LogHeader SessionWriter::HeaderOf(const SessionDraft& draft, const StepTimes& times,
                                  const Plan& plan) const {
  LogHeader header;
  header.name = draft.name;
  header.tags = draft.tags;
  header.metadata = draft.metadata;
  header.metadata.emplace_back("import.states", StatesText(draft.state_source));
  header.metadata.emplace_back("import.times", times.source());
  const auto said = std::count_if(draft.notes.begin(), draft.notes.end(), [](const auto& note) {
    return note.category == "annotation";
  });
  if (said > 0) header.metadata.emplace_back("import.annotations", std::to_string(said));
  header.group_id = draft.group_id;
  header.user_id = draft.user_id;
  header.began_wall = times.base();
  if (plan.parent != nullptr) {
    header.origin = BranchOrigin{plan.parent->log, plan.fork, "{}", "served"};
  }
  recorder::RedactHeader(*options_.redactor, &header);
  return header;
}

Status SessionWriter::WriteLog(const SessionDraft& draft, const Order& order,
                               const StepTimes& times, const Plan& plan,
                               std::unique_ptr<store::LogWriter> log, ImportSummary* summary,
                               std::vector<std::string>* notes) {
  recorder::ItemWriter items(log.get(), options_.redactor);
  PlayOptions options;
  options.writer = &items;
  options.fork = plan.fork;
  options.parent = plan.parent;
  options.print = !draft.key.empty();
  options.go_on = options_.go_on;
  Play play(draft, order, *options_.bodies, times, std::move(options));
  BACKSTEP_RETURN_IF_ERROR(play.Run());
  LogEnd end;
  end.outcome = draft.outcome;
  options_.redactor->Redact(&end.outcome.reason);
  end.ended_wall = draft.ended.ns != 0 ? draft.ended : std::max(play.ended(), times.base());
  end.last_step = play.last();
  if (plan.parent != nullptr) {
    end.result = "finished";
    end.summary.reused = plan.fork.value;
  }
  const LogId id = log->id();
  BACKSTEP_RETURN_IF_ERROR(finisher_.Finish(std::move(log), std::move(end)));
  play.CountInto(summary);
  play.TellLeftOut(notes);
  if (!draft.key.empty()) {
    Prints& prints = prints_[draft.key];
    prints = std::move(play.prints());
    prints.base = times.base();
    prints.log = id;
  }
  return {};
}

Result<WrittenSession> SessionWriter::Write(SessionDraft draft, ImportSummary* summary) {
  BACKSTEP_RETURN_IF_ERROR(CheckDraft(&draft));
  const Order order = OrderOf(&draft);
  WrittenSession written;
  written.links_dropped = order.links_dropped;
  for (const std::string& what : order.dropped) {
    written.notes.push_back("a circle of causes was cut: " + what);
  }
  Plan plan;
  if (!draft.parent_key.empty()) PlanBranch(draft, order, &plan, &written.notes);
  written.branch = plan.parent != nullptr;
  const StepTimes times(draft, options_.clock->Now(),
                        plan.parent != nullptr ? plan.parent->base : TimeNs{});
  BACKSTEP_ASSIGN_OR_RETURN(auto log, NewLog(HeaderOf(draft, times, plan)));
  const std::string path = store::LogPath(recording_->path(), log->id());
  const Status wrote = WriteLog(draft, order, times, plan, std::move(log), summary,
                                &written.notes);
  // Without it the run is not there.
  std::error_code ignored;
  if (!wrote.ok()) std::filesystem::remove_all(path, ignored);
  BACKSTEP_RETURN_IF_ERROR(wrote);
  return written;
}

Result<std::unique_ptr<ExactLog>> SessionWriter::OpenLog(LogHeader header,
                                                         ImportSummary* summary) {
  recorder::RedactHeader(*options_.redactor, &header);
  BACKSTEP_ASSIGN_OR_RETURN(auto log, NewLog(std::move(header)));
  return MakeExactLog(std::move(log), options_.redactor, summary, &finisher_);
}

}  // namespace backstep::adapters

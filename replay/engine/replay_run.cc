#include "backstep/replay/engine/replay_run.h"

#include <algorithm>

#include "backstep/base/nearest.h"
#include "backstep/replay/engine/live/live_run.h"
#include "backstep/replay/engine/result_text.h"

namespace backstep::replay {
namespace {

constexpr DurationNs kProgressEvery = Milliseconds(50);

Limits WithDefaults(Limits limits, const store::Line& line) {
  if (limits.steps_max == 0) limits.steps_max = 10 * line.last().value + 1000;
  if (limits.wall_max.ns == 0) limits.wall_max = kWallMaxDefault;
  return limits;
}

}  // namespace

ReplayRun::ReplayRun(Program& program, store::Recording& recording, const Experiment& experiment,
                     const ReexecuteOptions& options)
    : program_(program), recording_(recording), experiment_(experiment), options_(options) {}

ReplayRun::~ReplayRun() = default;

// Whether agents that the program does not name act after the fork. Asked by agent: to look at each
// step would cost what the rest of a long recording is long.
Result<bool> ReplayRun::OthersAct() {
  for (const AgentRecord& agent : line_->agents()) {
    if (agent.id == kOutside || runner_->Has(agent.name)) continue;
    BACKSTEP_ASSIGN_OR_RETURN(const auto latest, line_->LatestStepOf(agent.id, line_->last()));
    if (latest && *latest > experiment_.from) return true;
  }
  return false;
}

// The program must be the recorded one, and know the agents that are to act.
Status ReplayRun::CheckProgram() {
  const LogHeader& header = line_->session_header();
  const std::string name = program_.Name();
  if (name != header.program_name) {
    return Status::InvalidArgument("this program is '" + name + "', the recording was made by '" +
                                   header.program_name + "'");
  }
  BACKSTEP_RETURN_IF_ERROR(runner_->Init());
  std::vector<std::string> names;
  for (const AgentSpec& spec : runner_->agents()) names.push_back(spec.name);
  std::optional<std::string> missing;
  const auto check = [&](const StepBegin& step) {
    const std::string agent = line_->AgentName(step.agent);
    if (!step.caller && !runner_->Has(agent)) missing = agent;
    return !missing.has_value();
  };
  for (const store::OpenStep& open : recorded_->cut().open) check(open.begin);
  BACKSTEP_ASSIGN_OR_RETURN(const bool others, OthersAct());
  if (others) {
    BACKSTEP_RETURN_IF_ERROR(line_->ScanSteps(experiment_.from.Next(), line_->last(), check));
  }
  if (!missing) return {};
  return Status::InvalidArgument("the recording runs agent '" + *missing +
                                 "', which the program does not name" +
                                 NearestHint(*missing, names));
}

Status ReplayRun::MakeParts() {
  for (const auto& [key, value] : line_->session_header().metadata) {
    if (key == kRedactKey) redact_patterns_.push_back(value);
  }
  BACKSTEP_ASSIGN_OR_RETURN(redactor_, recorder::Redactor::Make(redact_patterns_));
  BACKSTEP_ASSIGN_OR_RETURN(recorded_,
                            Recorded::Load(line_.get(), experiment_.from, redactor_));
  matcher_ = std::make_unique<Matcher>(recorded_.get());
  runner_ = std::make_unique<Runner>(&program_, experiment_.check_restore ? redactor_ : nullptr);
  BACKSTEP_RETURN_IF_ERROR(CheckProgram());
  watcher_ = std::make_unique<Watcher>(recorded_.get(), matcher_.get(), redactor_);
  halt_ = std::make_unique<Halt>(WithDefaults(experiment_.limits, *line_), options_.cancel,
                                 &SystemClock());
  BACKSTEP_ASSIGN_OR_RETURN(const Lineage lineage, ReadLineage(recording_, *recorded_));
  BACKSTEP_RETURN_IF_ERROR(edits_.Add(*line_, lineage.edits, false));
  BACKSTEP_RETURN_IF_ERROR(edits_.Add(*line_, experiment_.edits, true));
  recorder::FaultPlan own;
  if (!experiment_.faults_text.empty()) {
    BACKSTEP_ASSIGN_OR_RETURN(own, recorder::FaultPlan::Parse(experiment_.faults_text,
                                                              experiment_.faults_origin,
                                                              &warnings_));
  }
  const ReplayHook::Parts parts{recorded_.get(), matcher_.get(), &edits_,
                                &system_,        runner_.get(),  watcher_.get(),
                                halt_.get(),     &experiment_};
  ReplayHook::Listeners listeners{[this] { ReportProgress(false); }, options_.position,
                                  options_.live_call};
  hook_ = std::make_unique<ReplayHook>(parts, lineage, std::move(own), std::move(listeners));
  schedule_ = std::make_unique<Schedule>(&program_, recorded_.get(), &system_, watcher_.get(),
                                         halt_.get(), experiment_.free_schedule);
  return schedule_->Load();
}

Status ReplayRun::FillStates() {
  store::Line* line = line_.get();
  const StepNumber fork = experiment_.from;
  for (const AgentRecord& agent : line->agents()) {
    if (agent.id == kOutside) continue;
    runner_->SetState(agent.name, [line, id = agent.id, fork] { return line->State(id, fork); });
  }
  for (const store::OpenStep& open : recorded_->cut().open) {
    const AgentId id = open.begin.agent;
    const StepNumber began = open.begin.begin_after;
    BACKSTEP_ASSIGN_OR_RETURN(const auto latest, line->LatestStepOf(id, fork));
    if (!latest || *latest <= began) continue;
    runner_->StartFrom(line->AgentName(id), open.begin.clock,
                       [line, id, began] { return line->State(id, began); });
  }
  return {};
}

Status ReplayRun::FillMailbox() {
  for (const store::Waiting& waiting : recorded_->cut().mailboxes) {
    BACKSTEP_ASSIGN_OR_RETURN(const MessageRecord record, line_->FindMessage(waiting.id));
    Mail mail;
    BACKSTEP_ASSIGN_OR_RETURN(mail.message, recorded_->ToMessage(record, false));
    mail.arrival_virtual = waiting.arrival_virtual;
    mail.message.delay = waiting.delay;
    mail.read_body = [line = line_.get(), ref = record.body] { return line->ReadBody(ref); };
    KnownEdit* edit = edits_.OfMessage(waiting.id);
    // What an inherited edit did to a message after it was sent shows in no record.
    if (edit != nullptr) {
      BACKSTEP_ASSIGN_OR_RETURN(const Body original, mail.read_body());
      edit->reached = true;
      if (edit->own) watcher_->Taint(waiting.id);
      if (edit->edit.kind == Edit::Kind::kDropMessage) {
        dropped_waiting_.push_back(waiting.id);
        continue;
      }
      edit->waiting = original.bytes != edit->edit.text;
      edit->original = original.bytes;
      mail.message.body = EditedBody(*edit, original);
      mail.read_body = nullptr;
    }
    system_.mailbox().Add(std::move(mail));
  }
  return {};
}

// The greatest clock of an agent's committed steps: every clock given is committed or open. A step
// that was called inside its agent's own has the greater clock and commits first.
AgentClock ReplayRun::CommittedClock(const store::AgentAt& agent) const {
  AgentClock clock = agent.clock_max;
  while (clock > agent.clock && recorded_->Open(agent.id, clock) != nullptr) --clock.value;
  return clock;
}

void ReplayRun::FillSystem() {
  const store::Cut& cut = recorded_->cut();
  for (const AgentSpec& spec : runner_->agents()) {
    system_.AddAgent(session_->AddAgent(spec), spec.name);
  }
  for (const store::AgentAt& at : cut.agents) {
    system_.SetAgent(at.id, CommittedClock(at), at.virtual_time);
  }
  system_.set_step(cut.step);
  system_.set_outcome(cut.outcome);
  recorded_scheduler_state_ = cut.scheduler_state;
  // There is no step that such an edit hits.
  for (const MessageId& id : dropped_waiting_) {
    session_->Event("fault.applied", "edit: dropped " + line_->FormatMessageId(id), "edit.drop");
  }
}

Result<recorder::SessionOptions::Inherit> ReplayRun::MakeInherit() {
  recorder::SessionOptions::Inherit inherit;
  inherit.cut = recorded_->cut();
  inherit.agents = line_->agents();
  BACKSTEP_ASSIGN_OR_RETURN(const auto segments, line_->Segments());
  for (const SegmentRecord& segment : segments) {
    if (segment.began_after > experiment_.from) continue;
    inherit.segments.push_back(segment);
    const bool open = !segment.ended_wall || segment.ended_after > experiment_.from;
    if (open) {
      open_segment_ = segment.id;
      segment_name_ = segment.name;
    }
  }
  // Ids of outside messages that come after the fork are left alone, so that they stay the same.
  BACKSTEP_RETURN_IF_ERROR(line_->ScanMessages([&](const MessageRecord& message) {
    if (message.id.sender != kOutside) return false;
    if (message.sent_after <= experiment_.from) {
      inherit.outside_messages = std::max(inherit.outside_messages, message.id.ordinal + 1);
    }
    return true;
  }));
  return inherit;
}

Status ReplayRun::OpenSession() {
  BACKSTEP_ASSIGN_OR_RETURN(const auto inherit, MakeInherit());
  if (experiment_.name.empty()) {
    BACKSTEP_ASSIGN_OR_RETURN(experiment_.name, FreeBranchName(recording_, *line_));
  }
  recorder::SessionOptions options;
  options.name = experiment_.name;
  options.path = recording_.path();
  options.read_environment = false;
  options.redact = redact_patterns_;
  // A branch waits for the disk rather than lose what it is there to show.
  options.block_max = DurationNs{60'000'000'000};
  options.hook = hook_.get();
  options.header = options_.header;
  options.header.name = experiment_.name;
  options.header.program_name = program_.Name();
  options.header.seed = experiment_.seed;
  options.header.origin =
      BranchOrigin{experiment_.parent, experiment_.from, ExperimentToJson(experiment_),
                   experiment_.free_schedule ? "free" : "served"};
  options.inherit = &inherit;
  session_ = recorder::Session::Open(std::move(options));
  return session_->status();
}

Status ReplayRun::Open() {
  BACKSTEP_RETURN_IF_ERROR(CheckExperiment(recording_, experiment_));
  BACKSTEP_ASSIGN_OR_RETURN(line_, recording_.OpenLine(experiment_.parent));
  BACKSTEP_RETURN_IF_ERROR(MakeParts());
  BACKSTEP_RETURN_IF_ERROR(FillStates());
  BACKSTEP_RETURN_IF_ERROR(FillMailbox());
  BACKSTEP_RETURN_IF_ERROR(OpenSession());
  FillSystem();
  return {};
}

void ReplayRun::EnterSegment(const std::string& name) {
  if (name.empty() || name == segment_name_) return;
  if (segment_) segment_->End();
  if (open_segment_.value != 0) session_->EndSegment(std::exchange(open_segment_, SegmentId{}));
  segment_.emplace(session_->BeginSegment(name));
  segment_name_ = name;
}

void ReplayRun::Activate(const Planned& planned) {
  auto messages = system_.Take(planned.agent, planned.messages);
  if (!messages.ok()) return halt_->Fail(messages.status());
  EnterSegment(planned.segment);
  recorder::StepOptions options;
  if (planned.scheduler_state != recorded_scheduler_state_) {
    options.scheduler_state = recorded_scheduler_state_ = planned.scheduler_state;
  }
  const uint64_t steps = halt_->steps();
  {
    const auto step = session_->BeginStep(planned.agent, std::move(*messages), options);
    halt_->Fail(runner_->Run(*step));
  }
  if (!halt_->stopped() && halt_->steps() == steps) {
    const Status status = session_->status();
    halt_->Fail(status.ok() ? Status::Internal("a step of " + planned.agent + " never ended")
                            : status);
  }
}

void ReplayRun::Loop() {
  while (!halt_->CheckStep()) {
    const std::optional<Planned> planned = schedule_->Next();
    if (!planned) return;
    Activate(*planned);
  }
}

void ReplayRun::ReportProgress(bool always) {
  if (!options_.progress) return;
  const DurationNs now = SystemClock().Monotonic();
  if (!always && now - progress_at_ < kProgressEvery) return;
  progress_at_ = now;
  Progress progress;
  progress.steps_done = halt_->steps();
  progress.steps_expected = line_->last().value - experiment_.from.value;
  progress.summary = hook_->summary();
  progress.summary.reused = experiment_.from.value;
  progress.summary.divergences = watcher_->divergence_count();
  progress.summary.changes = watcher_->change_count();
  options_.progress(progress);
}

void ReplayRun::FillResult(ReplayResult* result) {
  result->result = halt_->stopped() ? halt_->result() : "finished";
  result->detail = halt_->detail();
  result->miss = halt_->miss();
  result->outcome = halt_->stopped() ? system_.outcome().value_or(Outcome{})
                                     : schedule_->outcome();
  // The program did not come to say why it has none.
  const bool unknown = result->outcome.kind == Outcome::Kind::kUnknown;
  if (result->result == "cancelled" && unknown) result->outcome.reason = result->detail;
  result->fork = experiment_.from;
  // Of a branch that was given up in mid-step what it holds counts, as for whoever compares it.
  result->summary =
      result->result == "cancelled" ? hook_->CommittedSummary() : hook_->summary();
  result->summary.reused = experiment_.from.value;
  result->summary.divergences = watcher_->divergence_count();
  result->summary.changes = watcher_->change_count();
  result->divergences = watcher_->divergences();
  result->unreached = edits_.Unreached();
  const auto faults = hook_->UnreachedFaults();
  result->unreached.insert(result->unreached.end(), faults.begin(), faults.end());
  result->live_calls = hook_->answers().live_calls();
  result->warnings = warnings_;
  result->warnings.insert(result->warnings.end(), watcher_->warnings().begin(),
                          watcher_->warnings().end());
}

void ReplayRun::CloseSession(ReplayResult* result) {
  LogEnd end;
  end.result = result->result;
  end.result_detail = result->detail;
  end.summary = result->summary;
  end.divergences = DivergencesToJson(result->divergences);
  if (options_.output) end.output = options_.output();
  session_->SetOutcome(result->outcome);
  session_->SetEnd(end);
  if (segment_) segment_->End();
  const Status closed = session_->Close();
  if (!closed.ok()) result->warnings.push_back("recording the branch: " + closed.message());
}

Result<ReplayResult> ReplayRun::Close() {
  hook_->TellOver();
  watcher_->AbandonOpen();
  if (!halt_->stopped()) halt_->Fail(watcher_->Finish());
  halt_->Fail(system_.status());
  ReplayResult result;
  FillResult(&result);
  ReportProgress(true);
  CloseSession(&result);
  result.branch = session_->log();
  result.branch_name = experiment_.name;
  BACKSTEP_ASSIGN_OR_RETURN(const auto branch, recording_.OpenLine(result.branch));
  result.last = branch->last();
  if (options_.digest) {
    BACKSTEP_ASSIGN_OR_RETURN(result.digest, branch->Digest());
  }
  return result;
}

Result<ReplayResult> ReplayRun::Run() {
  BACKSTEP_RETURN_IF_ERROR(Open());
  Loop();
  return Close();
}

}  // namespace backstep::replay

// How a session comes to its log: environment, faults, header, the branch it continues.
#include <charconv>
#include <future>

#include "backstep/recorder/core/session_core.h"
#include "backstep/recorder/faults/fault_hook.h"
#include "backstep/recorder/inherit.h"
#include "backstep/recorder/pipeline/process_info.h"

namespace backstep::recorder {
namespace {

constexpr size_t kFaultFileMax = 16u << 20;

std::string DefaultPath(const std::string& session_name) {
  std::string path = session_name.empty() ? "session" : session_name;
  for (char& c : path) {
    if (c == '/' || c == '\0') c = '_';
  }
  return path + ".backstep";
}

// Where the header leaves something open, the session's options say it.
LogHeader MakeHeader(const SessionOptions& options) {
  LogHeader header = options.header;
  if (header.name.empty()) header.name = options.name;
  if (header.tags.empty()) header.tags = options.tags;
  if (header.metadata.empty()) header.metadata = options.metadata;
  if (header.group_id.empty()) header.group_id = options.group_id;
  if (header.user_id.empty()) header.user_id = options.user_id;
  return header;
}

}  // namespace

SessionCore::SessionCore(SessionOptions options)
    : options_(std::move(options)),
      clock_(options_.clock != nullptr ? options_.clock : &SystemClock()),
      hook_(options_.hook),
      began_wall_(clock_->Now()),
      queue_(options_.queue_bytes_max, options_.block_max) {}

void SessionCore::ReadEnvironment() {
  path_ = options_.path;
  seed_ = options_.header.seed;
  has_seed_ = seed_ != 0 || options_.header.origin.has_value();
  if (options_.read_environment) {
    const auto disabled = Environment("BACKSTEP_DISABLED");
    if (disabled && *disabled != "0") options_.disabled = true;
    if (path_.empty()) path_ = Environment("BACKSTEP_RECORDING").value_or("");
    const auto seed = Environment("BACKSTEP_SEED");
    if (seed && !has_seed_) {
      const char* const end = seed->data() + seed->size();
      const auto [rest, error] = std::from_chars(seed->data(), end, seed_);
      has_seed_ = error == std::errc() && rest == end;
      if (!has_seed_) {
        Complain(Status::InvalidArgument("BACKSTEP_SEED is `" + *seed + "`, not a decimal number"));
      }
    }
  }
  if (path_.empty()) path_ = DefaultPath(options_.name);
  if (!has_seed_) seed_ = RandomNumber() | 1;  // zero stands for "none" in a header
}

void SessionCore::LoadFaults() {
  if (!options_.read_environment || hook_ != nullptr || options_.disabled) return;
  const auto path = Environment("BACKSTEP_FAULTS");
  if (!path) return;
  const auto text = ReadSmallFile(*path, kFaultFileMax);
  if (!text.ok()) return Complain(text.status().WithContext("faults"));
  std::vector<std::string> warnings;
  auto plan = FaultPlan::Parse(*text, *path, &warnings);
  if (!plan.ok()) return Complain(plan.status());
  options_.header.faults_text = *text;
  options_.header.faults_origin = *path;
  FaultHookOptions fault_options;
  fault_options.seed = seed_;
  fault_options.real_clock = clock_;
  faults_ = std::make_unique<FaultHook>(std::move(plan).value(), std::move(fault_options), &world_);
  hook_ = faults_.get();
  fault_warnings_ = std::move(warnings);
}

Status SessionCore::OpenLog() {
  LogHeader header = MakeHeader(options_);
  header.seed = seed_;
  if (header.began_wall == TimeNs()) header.began_wall = began_wall_;
  std::future<Hash128> hash;  // of a large program it takes longer than the rest together
  if (header.executable_hash.IsZero()) hash = std::async(std::launch::async, ExecutableHash);
  BACKSTEP_ASSIGN_OR_RETURN(redactor_, Redactor::Make(options_.redact));
  FillProcessInfo(&header);
  RedactHeader(*redactor_, &header);
  BACKSTEP_ASSIGN_OR_RETURN(std::unique_ptr<store::Recording> recording,
                            store::Recording::Create(path_));
  if (hash.valid()) header.executable_hash = hash.get();
  store::WriterOptions writer_options;
  writer_options.sync_every = options_.sync_every;
  writer_options.seal_limits.merge_max = options_.merge_max;
  BACKSTEP_ASSIGN_OR_RETURN(std::unique_ptr<store::LogWriter> writer,
                            recording->NewLog(std::move(header), writer_options));
  log_ = writer->id();
  DrainOptions drain_options;
  drain_options.redactor = redactor_;
  drain_options.items = &items_;
  drain_options.on_failure = [this](const Status& failure) { Fail(failure); };
  drain_options.committed = &in_log_;
  drain_ = std::make_unique<Drain>(&queue_, std::move(recording), std::move(writer),
                                   std::move(drain_options));
  return drain_->Start();
}

void SessionCore::Inherit(const SessionOptions::Inherit& inherit) {
  for (const AgentRecord& record : inherit.agents) {
    if (record.id == kOutside) continue;
    AgentEntry& entry = agents_.emplace_back();
    entry.id = AgentId(static_cast<uint32_t>(agents_.size() - 1));
    entry.name = record.name;
    entry.role = record.role;
    entry.state_bytes = record.initial_state.size;
    by_name_.emplace(entry.name, &entry);
    if (entry.id != record.id) Fail(Status::InvalidArgument("inherited agents are not in order"));
  }
  for (const store::AgentAt& at : inherit.cut.agents) {
    if (at.id.value >= agents_.size()) continue;
    AgentEntry& entry = agents_[at.id.value];
    entry.clock_max = std::max(at.clock.value, at.clock_max.value);
    entry.state_bytes = at.state.size;
    entry.state_lost = at.state.where == BodyRef::Where::kDropped;
  }
  for (const store::OpenStep& open : inherit.cut.open) {
    if (open.begin.agent.value >= agents_.size()) continue;
    AgentEntry& entry = agents_[open.begin.agent.value];
    entry.clocks_to_resume.push_back(open.begin.clock.value);
    entry.clock_max = std::max(entry.clock_max, open.begin.clock.value);
  }
  for (const SegmentRecord& record : inherit.segments) {
    if (record.id.value == 0) continue;
    // They are numbered through; a greater number is damage, and would cost what it claims.
    if (record.id.value > inherit.segments.size()) {
      Fail(Status::Corruption("the recording is damaged: it has a segment " +
                              std::to_string(record.id.value) + ", but no more than " +
                              std::to_string(inherit.segments.size()) + " of them"));
      continue;
    }
    if (segments_.size() < record.id.value) segments_.resize(record.id.value);
    segments_[record.id.value - 1] = record;
    children_[record.parent] = std::max(children_[record.parent], record.order + 1);
    if (!record.ended_wall || record.ended_after > inherit.cut.step) {
      open_segments_.push_back(record.id);
    }
  }
  outside_next_ = inherit.outside_messages;
  committed_ = inherit.cut.step.value;
  in_log_ = committed_;
  if (inherit.cut.outcome) outcome_ = *inherit.cut.outcome;
}

void SessionCore::Open() {
  ReadEnvironment();
  if (options_.disabled && hook_ == nullptr) {
    live_ = false;
    return;
  }
  AgentEntry& outside = agents_.emplace_back();
  outside.name = kOutsideName;
  by_name_.emplace(outside.name, &outside);
  recording_ = !options_.disabled;
  if (options_.inherit != nullptr) Inherit(*options_.inherit);
  options_.inherit = nullptr;
  if (!recording_) return;
  LoadFaults();
  const Status opened = OpenLog();
  if (!opened.ok()) Fail(opened);
  for (const std::string& warning : fault_warnings_) {
    EventRecord event;
    event.name = "faults.warning";
    event.category = "warning";
    event.data = warning;
    Event(std::move(event));
  }
}

}  // namespace backstep::recorder

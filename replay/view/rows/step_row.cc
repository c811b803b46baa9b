#include "backstep/replay/view/rows/step_row.h"

#include <algorithm>

#include "backstep/replay/view/json.h"
#include "backstep/replay/view/text.h"

namespace backstep::replay {
namespace {

constexpr int kSegmentDepthMax = 64;

void AddCount(const std::string& key, std::vector<std::pair<std::string, uint64_t>>* counts) {
  for (auto& [name, count] : *counts) {
    if (name == key) {
      ++count;
      return;
    }
  }
  counts->emplace_back(key, 1);
}

Json TookJson(const StepRow& row) {
  Json took = Json::array();
  for (const TakenRow& message : row.took) {
    Json json;
    json["id"] = message.id;
    json["from"] = message.from;
    json["kind"] = message.kind;
    json["early"] = message.early;
    took.push_back(std::move(json));
  }
  return took;
}

Json SentJson(const StepRow& row) {
  Json sent = Json::array();
  for (const SentRow& message : row.sent) {
    Json json;
    json["id"] = message.id;
    json["to"] = message.to;
    json["dropped"] = message.dropped;
    json["delay_ns"] = message.delay.ns;
    sent.push_back(std::move(json));
  }
  return sent;
}

}  // namespace

std::string StepRow::status() const {
  if (error) return "failed";
  if (incomplete) return "incomplete";
  if (failed_calls != 0) return "call failed";
  return "ok";
}

Json StepRowJson(const StepRow& row) {
  Json json;
  json["number"] = row.number.value;
  json["moment"] = row.moment;
  json["step"] = row.step;
  json["agent"] = row.agent;
  json["clock"] = row.clock.value;
  json["name"] = OrNull(row.name);
  json["segment"] = OrNull(row.segment);
  json["caller"] = OrNull(row.caller);
  json["took"] = TookJson(row);
  json["sent"] = SentJson(row);
  Json calls = Json::object();
  for (const auto& [kind, count] : row.calls) calls[kind] = count;
  json["calls"] = std::move(calls);
  json["failed_calls"] = row.failed_calls;
  json["faults"] = row.faults;
  json["state_bytes"] = row.state_bytes;
  json["state_delta_bytes"] = row.state_delta_bytes;
  json["state_changed"] = row.state_changed;
  json["usage"] = UsageJson(row.usage);
  json["began_virtual_ns"] = row.began_virtual.ns;
  json["duration_ns"] = row.duration.ns;
  json["ended_wall_ns"] = row.ended_wall.ns;
  json["status"] = row.status();
  json["error"] = nullptr;
  if (row.error) json["error"] = {{"kind", row.error->kind}, {"message", row.error->message}};
  json["outcome"] = row.outcome ? OutcomeJson(*row.outcome) : Json(nullptr);
  json["inherited"] = row.inherited;
  json["annotations"] = Json::array();
  for (const AnnotationRow& said : row.annotations) {
    json["annotations"].push_back(AnnotationJson(said));
  }
  return json;
}

std::string ToJson(const StepRow& row) { return Dump(StepRowJson(row), false); }

StepRowReader::StepRowReader(const store::Recording& recording, store::Line& line)
    : recording_(recording), line_(line) {}

Result<std::string> StepRowReader::SegmentPath(SegmentId segment) {
  if (segment.value == 0) return std::string();
  if (!segments_.contains(segment)) {
    BACKSTEP_ASSIGN_OR_RETURN(const std::vector<SegmentRecord> all, line_.Segments());
    for (const SegmentRecord& record : all) segments_[record.id] = record;
  }
  std::string path;
  for (int depth = 0; segment.value != 0 && depth < kSegmentDepthMax; ++depth) {
    const auto found = segments_.find(segment);
    const bool known = found != segments_.end();
    const std::string name =
        known ? found->second.name : "segment#" + std::to_string(segment.value);
    path = path.empty() ? name : name + "/" + path;
    segment = known ? found->second.parent : SegmentId{};
  }
  return path;
}

Status StepRowReader::FillCalls(const StepRecord& step, StepRow* row) {
  if (step.effect_count == 0) return {};
  BACKSTEP_ASSIGN_OR_RETURN(const std::vector<EffectRecord> effects,
                            line_.Effects(step.agent, step.clock));
  for (const EffectRecord& effect : effects) {
    std::string key = EffectKindName(effect.kind);
    if (effect.status != CallStatus::kRecorded) {
      key += std::string(" ") + CallStatusName(effect.status);
    }
    AddCount(key, &row->calls);
    row->failed_calls += effect.error.has_value();
    row->usage += effect.usage;
  }
  return {};
}

Status StepRowReader::FillAnnotations(const StepRecord& step, StepRow* row) {
  const auto by_step = [](const AnnotationRow& a, const AnnotationRow& b) { return a.of < b.of; };
  if (!annotations_) {
    BACKSTEP_ASSIGN_OR_RETURN(annotations_, ReadAnnotations(line_));
    std::stable_sort(annotations_->begin(), annotations_->end(), by_step);
  }
  AnnotationRow wanted;
  wanted.of = {step.agent, step.clock};
  const auto [begin, end] =
      std::equal_range(annotations_->begin(), annotations_->end(), wanted, by_step);
  row->annotations.assign(begin, end);
  return {};
}

Result<uint64_t> StepRowReader::StateSizeBefore(const StepRecord& step) {
  BACKSTEP_ASSIGN_OR_RETURN(const auto before,
                            line_.LatestStepOf(step.agent, StepNumber(step.number.value - 1)));
  const auto known = newest_.find(step.agent);
  if (before && known != newest_.end() && known->second.first == *before) {
    return known->second.second;
  }
  if (before && before->value != 0) {
    BACKSTEP_ASSIGN_OR_RETURN(const StepRecord record, line_.Step(*before));
    return record.state.size;
  }
  for (const AgentRecord& agent : line_.agents()) {
    if (agent.id == step.agent) return agent.initial_state.size;
  }
  return uint64_t{0};
}

Result<StepRow> StepRowReader::Row(const StepRecord& step) {
  StepRow row;
  row.number = step.number;
  row.moment = FormatMomentOf(recording_, line_, step.number);
  row.step = FormatStep(line_, step.agent, step.clock);
  row.agent = line_.AgentName(step.agent);
  row.clock = step.clock;
  row.name = step.name;
  BACKSTEP_ASSIGN_OR_RETURN(row.segment, SegmentPath(step.segment));
  if (step.caller) row.caller = FormatStep(line_, step.caller->first, step.caller->second);
  for (const TakenMessage& taken : step.took) {
    std::string kind;
    // A message that was lost with its writer's crash still has an id to show.
    if (auto message = line_.FindMessage(taken.id); message.ok()) kind = message->kind;
    row.took.push_back({line_.FormatMessageId(taken.id), line_.AgentName(taken.id.sender),
                        std::move(kind), taken.early});
  }
  for (const SentMessage& sent : step.sent) {
    row.sent.push_back({line_.FormatMessageId(sent.id), line_.AgentName(sent.to), sent.dropped,
                        sent.delay});
  }
  BACKSTEP_RETURN_IF_ERROR(FillCalls(step, &row));
  BACKSTEP_RETURN_IF_ERROR(FillAnnotations(step, &row));
  for (const FaultRecord& fault : step.faults) row.faults.push_back(fault.spec_id);
  BACKSTEP_ASSIGN_OR_RETURN(const uint64_t before, StateSizeBefore(step));
  row.state_bytes = step.state.size;
  row.state_delta_bytes = static_cast<int64_t>(step.state.size - before);
  newest_[step.agent] = {step.number, step.state.size};
  row.state_changed = step.state_changed;
  row.began_virtual = step.began_virtual;
  row.duration = step.duration;
  row.ended_wall = step.ended_wall;
  row.error = step.error;
  row.outcome = step.outcome;
  row.incomplete = step.incomplete;
  row.inherited = step.number <= line_.fork();
  return row;
}

bool StepFilter::AcceptsAgent(const StepRecord& step) const {
  return agents.empty() || std::find(agents.begin(), agents.end(), step.agent) != agents.end();
}

bool StepFilter::Accepts(const StepRow& row) const {
  if (errors && !row.error && row.failed_calls == 0 &&
      std::none_of(row.annotations.begin(), row.annotations.end(), IsMistake)) {
    return false;
  }
  if (segment.empty()) return true;
  // As a path from the top, or as any run of names within it.
  const std::string path = "/" + row.segment + "/";
  return path.find("/" + segment + "/") != std::string::npos;
}

Status ScanRows(StepRowReader& reader, store::Line& line, const StepFilter& filter,
                const std::function<bool(const StepRow&)>& visit) {
  const StepNumber to = std::min(filter.to, line.last());
  const StepNumber from = std::max(filter.from, StepNumber(1));
  if (from > to) return {};
  Status failure;
  const Status scanned = line.ScanSteps(from, to, [&](const StepRecord& step) {
    if (!filter.AcceptsAgent(step)) return true;
    auto row = reader.Row(step);
    if (!row.ok()) {
      failure = row.status();
      return false;
    }
    return !filter.Accepts(*row) || visit(*row);
  });
  return failure.ok() ? scanned : failure;
}

}  // namespace backstep::replay

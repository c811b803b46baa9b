#include "backstep/store/log/line_reader.h"

#include <algorithm>
#include <map>
#include <set>

#include "backstep/base/nearest.h"
#include "backstep/store/format/keys.h"

namespace backstep::store {
namespace {

constexpr size_t kAncestorsMax = 1000;

}  // namespace

LineReader::LineReader()
    : bodies_([this](LogId log) -> const KvReader* {
        for (const auto& reader : chain_) {
          if (reader->id() == log) return &reader->kv();
        }
        return nullptr;
      }) {}

Result<std::unique_ptr<LineReader>> LineReader::Open(const std::string& recording, LogId log,
                                                     const KvStore* live_store) {
  return Open(recording, live_store != nullptr ? LogReader::OpenLive(recording, log, live_store)
                                               : LogReader::Open(recording, log));
}

Result<std::unique_ptr<LineReader>> LineReader::Open(const std::string& recording,
                                                     Result<std::unique_ptr<LogReader>> own) {
  std::unique_ptr<LineReader> line(new LineReader());
  line->recording_ = recording;
  BACKSTEP_RETURN_IF_ERROR(line->OpenChain(recording, std::move(own)));
  BACKSTEP_RETURN_IF_ERROR(line->LoadAgents());
  return line;
}

Status LineReader::OpenChain(const std::string& recording,
                             Result<std::unique_ptr<LogReader>> reader) {
  while (true) {
    if (!reader.ok() && chain_.empty()) return reader.status();
    if (!reader.ok()) {
      return reader.status().WithContext("an ancestor of log " + std::to_string(id().value));
    }
    const LogReader& opened = **reader;
    const StepNumber left_at = chain_.empty() ? opened.last() : chain_.back()->start();
    if (left_at > opened.last()) {
      return Status::Corruption(chain_.back()->path() + ": leaves log " +
                                std::to_string(opened.id().value) + " at step " +
                                std::to_string(left_at.value) + ", which ends at step " +
                                std::to_string(opened.last().value));
    }
    chain_.push_back(std::move(reader).value());
    if (!opened.header().origin) return {};
    if (chain_.size() == kAncestorsMax) {
      return Status::Corruption(own().path() + ": more than " + std::to_string(kAncestorsMax) +
                                " ancestors");
    }
    reader = LogReader::Open(recording, opened.header().origin->parent);
  }
}

StepNumber LineReader::Limit(size_t j) const {
  StepNumber limit = own().last();
  for (size_t i = 0; i < j; ++i) limit = std::min(limit, chain_[i]->start());
  return limit;
}

bool LineReader::Sees(size_t j, StepNumber number) const {
  return number > chain_[j]->start() && number <= Limit(j);
}

bool LineReader::HappenedBy(size_t j, StepNumber after, StepNumber at, bool committed) const {
  const StepNumber limit = std::min(at, Limit(j));
  return after < limit || (!committed && after == limit && limit == chain_[j]->last());
}

size_t LineReader::HolderOf(StepNumber number) const {
  for (size_t j = 0; j < chain_.size(); ++j) {
    if (chain_[j]->start() <= number) return j;
  }
  return chain_.size() - 1;
}

Status LineReader::CheckStep(StepNumber number) const {
  if (number <= last()) return {};
  return Status::NotFound("step " + std::to_string(number.value) + " does not exist; the last is " +
                          std::to_string(last().value));
}

Status LineReader::LoadAgents() {
  std::map<AgentId, AgentRecord> by_id;
  std::set<std::string> names;
  for (const auto& reader : chain_) {
    // An agent that an ancestor named later than the fork is inherited too, so that ids stay
    // equal in all branches, unless this line gave its id or its name itself.
    BACKSTEP_ASSIGN_OR_RETURN(const auto agents, reader->Agents());
    for (const AgentRecord& agent : agents) {
      if (by_id.contains(agent.id) || names.contains(agent.name)) continue;
      names.insert(agent.name);
      by_id[agent.id] = agent;
    }
  }
  AgentRecord& outside = by_id[kOutside];
  outside.id = kOutside;
  outside.name = kOutsideName;
  agents_.clear();
  for (auto& [id, agent] : by_id) agents_.push_back(std::move(agent));
  return {};
}

const AgentRecord* LineReader::AgentOf(AgentId id) const {
  const auto found = std::lower_bound(
      agents_.begin(), agents_.end(), id,
      [](const AgentRecord& agent, AgentId wanted) { return agent.id < wanted; });
  return found != agents_.end() && found->id == id ? &*found : nullptr;
}

Result<bool> LineReader::Refresh() {
  // Ancestors are only read up to where this line leaves them, and that part never changes.
  BACKSTEP_ASSIGN_OR_RETURN(const bool changed, chain_.front()->Refresh());
  if (changed) BACKSTEP_RETURN_IF_ERROR(LoadAgents());
  return changed;
}

Result<std::vector<SegmentRecord>> LineReader::Segments() {
  std::map<SegmentId, SegmentRecord> by_id;
  for (size_t j = 0; j < chain_.size(); ++j) {
    BACKSTEP_ASSIGN_OR_RETURN(auto segments, chain_[j]->Segments());
    for (SegmentRecord& segment : segments) {
      if (j > 0 && segment.began_after > Limit(j)) continue;
      if (j > 0 && segment.ended_after > Limit(j)) {
        segment.ended_wall.reset();
        segment.ended_after = StepNumber{};
      }
      by_id.emplace(segment.id, std::move(segment));
    }
  }
  std::vector<SegmentRecord> out;
  for (auto& [id, segment] : by_id) out.push_back(std::move(segment));
  return out;
}

Result<StepRecord> LineReader::Step(StepNumber number) {
  BACKSTEP_RETURN_IF_ERROR(CheckStep(number));
  if (number.value == 0) return Status::NotFound("step 0 does not exist; the first is 1");
  for (size_t j = 0; j < chain_.size(); ++j) {
    if (Sees(j, number)) return chain_[j]->Step(number);
  }
  return Status::Corruption(own().path() + ": no log holds step " + std::to_string(number.value));
}

Status LineReader::ScanSteps(StepNumber from, StepNumber to,
                             const std::function<bool(const StepRecord&)>& visit) {
  to = std::min(to, last());
  bool go_on = true;
  for (size_t j = chain_.size(); j-- > 0 && go_on;) {
    const StepNumber first = std::max(from, chain_[j]->start().Next());
    BACKSTEP_RETURN_IF_ERROR(
        chain_[j]->ScanSteps(first, std::min(to, Limit(j)), [&](const StepRecord& record) {
          go_on = visit(record);
          return go_on;
        }));
  }
  return {};
}

Result<std::optional<StepNumber>> LineReader::StepOf(AgentId agent, AgentClock clock) {
  for (size_t j = 0; j < chain_.size(); ++j) {
    BACKSTEP_ASSIGN_OR_RETURN(const auto number, chain_[j]->CommittedAs({agent, clock}));
    if (number && Sees(j, *number)) return number;
  }
  return std::optional<StepNumber>();
}

Result<std::optional<StepNumber>> LineReader::LatestStepOf(AgentId agent, StepNumber at_most) {
  for (size_t j = 0; j < chain_.size(); ++j) {
    const StepNumber limit = std::min(at_most, Limit(j));
    if (limit <= chain_[j]->start()) continue;
    BACKSTEP_ASSIGN_OR_RETURN(const auto number, chain_[j]->LatestStepOf(agent, limit));
    if (number) return number;
  }
  return std::optional<StepNumber>();
}

Result<BodyRef> LineReader::StateRef(AgentId agent, StepNumber number) {
  BACKSTEP_RETURN_IF_ERROR(CheckStep(number));
  BACKSTEP_ASSIGN_OR_RETURN(const auto latest, LatestStepOf(agent, number));
  if (latest) {
    BACKSTEP_ASSIGN_OR_RETURN(StepRecord record, Step(*latest));
    return std::move(record.state);
  }
  if (const AgentRecord* record = AgentOf(agent)) return record->initial_state;
  return Status::NotFound(own().path() + ": no agent#" + std::to_string(agent.value));
}

Result<Body> LineReader::State(AgentId agent, StepNumber number) {
  BACKSTEP_ASSIGN_OR_RETURN(const BodyRef ref, StateRef(agent, number));
  Result<Body> body = ReadBody(ref);
  if (!body.ok()) return body.status().WithContext(StateName(agent, number));
  return body;
}

Status LineReader::VisitState(AgentId agent, StepNumber number, const BytesVisitor& visit) {
  BACKSTEP_ASSIGN_OR_RETURN(const BodyRef ref, StateRef(agent, number));
  const Status status = VisitBody(ref, visit);
  return status.ok() ? status : status.WithContext(StateName(agent, number));
}

std::string LineReader::StateName(AgentId agent, StepNumber number) const {
  return "state of " + AgentName(agent) + " after step " + std::to_string(number.value);
}

Result<Body> LineReader::ReadBody(const BodyRef& ref) {
  if (ref.where == BodyRef::Where::kNone) return Body{"", ref.media_type};
  BACKSTEP_ASSIGN_OR_RETURN(std::string bytes, bodies_.Read(ref));
  return Body{std::move(bytes), ref.media_type};
}

Status LineReader::VisitBody(const BodyRef& ref, const BytesVisitor& visit) {
  return bodies_.Visit(ref, visit);
}

}  // namespace backstep::store

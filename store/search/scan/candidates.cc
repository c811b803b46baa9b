#include "backstep/store/search/scan/candidates.h"

#include <algorithm>
#include <atomic>
#include <chrono>
#include <cstdint>
#include <exception>
#include <future>
#include <memory>
#include <string>
#include <system_error>
#include <utility>

#include "backstep/schemas/codec/codec.h"
#include "backstep/store/format/keys.h"
#include "backstep/store/log/cut_state.h"
#include "backstep/store/search/scan/literal_scan.h"

namespace backstep::store {
namespace {

constexpr size_t kWaitingMax = size_t{1} << 20;  // 32 MiB of them
// How long, and for how many records, nobody is asked whether to go on.
constexpr auto kAskEvery = std::chrono::milliseconds(50);
constexpr size_t kRecordsPerQuestion = 8192;
constexpr char kCancelled[] = "the search was cancelled";

// The bodies of messages and calls. One thread at a time, but for Stop.
class BodyScan {
 public:
  BodyScan(const KvReader& log, LogId id, const Needle& needle)
      : log_(log), id_(id), needle_(needle) {}

  // Reads on until that was all, as many wait to be decided as may, or so many records are read.
  // Throws nothing.
  void Read(size_t records_max);
  void Stop() { stop_ = true; }
  // Of what waits: whether it may say it.
  void Decide(const Stretches& stretches);

  bool done() const { return done_; }
  bool failed() const { return failed_; }  // damaged, too many, or no memory is to be had
  // Agents and clocks of steps that may say it.
  const std::vector<StepRef>& steps() const { return steps_; }

 private:
  struct Waiting {
    uint64_t position, size;
    AgentClock clock;
    AgentId owner, agent;
  };

  bool ReadTag(char tag, size_t* records);
  bool One(char tag);

  const KvReader& log_;
  const LogId id_;
  const Needle& needle_;
  std::unique_ptr<KvCursor> cursor_;
  std::vector<Waiting> waiting_;
  std::vector<StepRef> steps_;
  std::atomic<bool> stop_{false};
  bool calls_ = false;  // messages are read, and the cursor stands among calls
  bool done_ = false, failed_ = false;
};

bool BodyScan::One(char tag) {
  const auto agent = KeyU32(cursor_->key(), 1);
  const auto clock = KeyU64(cursor_->key(), 1 + sizeof(uint32_t));
  if (!agent || !clock) return false;
  const auto body = tag == 'M' ? DecodeMessageBody(cursor_->value(), id_)
                               : DecodeResponse(cursor_->value(), id_);
  if (!body.ok()) return false;
  const StepRef step{AgentId(*agent), AgentClock(*clock)};
  if (body->where == BodyRef::Where::kLiteral && body->log == id_ &&
      body->size <= UINT64_MAX - body->position) {
    waiting_.push_back({body->position, body->size, step.second, body->owner, step.first});
  } else if (body->where != BodyRef::Where::kNone &&
             (body->where != BodyRef::Where::kInline ||
              needle_.FindInJson(body->inline_bytes) != std::string_view::npos)) {
    steps_.push_back(step);
  }
  return true;
}

// From where the cursor stands on, so many `records`; true: that was all of them.
bool BodyScan::ReadTag(char tag, size_t* records) {
  for (; cursor_->Valid() && cursor_->key()[0] == tag; cursor_->Next(), --*records) {
    if (stop_ || *records == 0 || waiting_.size() == kWaitingMax) return false;
    // So many are read as fast one after another.
    failed_ = !One(tag) || steps_.size() >= kWaitingMax;
    if (failed_) return false;
  }
  failed_ = !cursor_->status().ok();
  return !failed_;
}

void BodyScan::Read(size_t records_max) {
  try {
    if (cursor_ == nullptr) {
      cursor_ = log_.NewScanCursor();
      // None from outside, which no step said.
      cursor_->Seek(MessageKey({AgentId(1), AgentClock(), 0, 0}));
    }
    if (!calls_) {
      if (!ReadTag('M', &records_max)) return;
      calls_ = true;
      cursor_->Seek("F");
    }
    done_ = ReadTag('F', &records_max);
  } catch (const std::exception&) {
    failed_ = true;
  }
}

void BodyScan::Decide(const Stretches& stretches) {
  for (const Waiting& body : waiting_) {
    if (stretches.Meet(body.owner, body.position, body.position + body.size)) {
      steps_.push_back({body.agent, body.clock});
    }
  }
  waiting_.clear();
}

// The literals are gone through meanwhile; false: as of ScanLiterals.
Result<bool> ReadBoth(const KvReader& log, const Needle& needle,
                      const std::function<bool()>& go_on, BodyScan* bodies,
                      Stretches* stretches) {
  std::future<void> reader;  // ended by its destructor at the latest
  try {
    reader = std::async(std::launch::async, [bodies] { bodies->Read(SIZE_MAX); });
  } catch (const std::system_error&) {
    // No thread is to be had: they are read afterwards.
  }
  Result<bool> told = ScanLiterals(log, needle, go_on, stretches);
  while (told.ok() && *told && reader.valid()) {
    // Of short messages there are hardly any literals, and all the time goes by here.
    if (!go_on()) told = Status::Cancelled(kCancelled);
    else if (reader.wait_for(kAskEvery) == std::future_status::ready) return told;
  }
  if (!told.ok() || !*told) bodies->Stop();
  return told;
}

Result<Cut> CutAtFork(Line& line) {
  if (line.fork() == StepNumber()) return Cut();
  return line.CutAt(line.fork());
}

// Whether a step that is none of the log's committed ones is an ancestor's, or has not committed:
// others tell what it says. If neither, the log is damaged.
Result<bool> OthersTell(const KvReader& log, const Cut& fork, const StepRef& step) {
  const auto agent = std::lower_bound(
      fork.agents.begin(), fork.agents.end(), step.first,
      [](const AgentAt& one, AgentId id) { return one.id < id; });
  if (agent != fork.agents.end() && agent->id == step.first && step.second <= agent->clock_max) {
    return true;
  }
  BACKSTEP_ASSIGN_OR_RETURN(const auto open, log.Get(OpenStepKey(step.first, step.second)));
  return open.has_value();
}

// The numbers from..last among the log's own steps. Nothing: the log is damaged.
Result<std::optional<std::vector<uint64_t>>> NumbersOf(Line& line, std::vector<StepRef> steps,
                                                       uint64_t from, uint64_t last) {
  const KvReader& log = line.own_log();
  BACKSTEP_ASSIGN_OR_RETURN(const Cut fork, CutAtFork(line));
  // Of steps that were open when a branch left, what they had said by then lies in an ancestor.
  for (const OpenStep& open : fork.open) steps.push_back({open.begin.agent, open.begin.clock});
  std::sort(steps.begin(), steps.end());
  steps.erase(std::unique(steps.begin(), steps.end()), steps.end());
  std::vector<uint64_t> numbers;
  for (const StepRef& step : steps) {
    BACKSTEP_ASSIGN_OR_RETURN(const auto value, log.Get(ClockKey(step.first, step.second)));
    const auto number = value ? KeyU64(*value, 0) : std::nullopt;
    if (!number) {
      BACKSTEP_ASSIGN_OR_RETURN(const bool told, OthersTell(log, fork, step));
      if (!told) return std::optional<std::vector<uint64_t>>();
    } else if (*number >= from && *number <= last) {
      numbers.push_back(*number);
    }
  }
  std::sort(numbers.begin(), numbers.end());
  return std::optional(std::move(numbers));
}

}  // namespace

Result<std::optional<std::vector<uint64_t>>> StepsThatMaySay(Line& line, uint64_t from,
                                                             uint64_t last, const Needle& needle,
                                                             const std::function<bool()>& go_on) {
  const KvReader& log = line.own_log();
  BodyScan bodies(log, line.id(), needle);
  Stretches stretches;
  BACKSTEP_ASSIGN_OR_RETURN(const bool told, ReadBoth(log, needle, go_on, &bodies, &stretches));
  for (bodies.Decide(stretches); told && !bodies.done() && !bodies.failed();) {
    if (!go_on()) return Status::Cancelled(kCancelled);
    bodies.Read(kRecordsPerQuestion);
    bodies.Decide(stretches);
  }
  if (!told || bodies.failed()) return std::optional<std::vector<uint64_t>>();
  return NumbersOf(line, bodies.steps(), from, last);
}

}  // namespace backstep::store

#include "backstep/recorder/adapters/writing/exact_writer.h"

#include "backstep/recorder/pipeline/item_writer.h"

namespace backstep::adapters {
namespace {

class ExactWriter final : public ExactLog {
 public:
  ExactWriter(std::unique_ptr<store::LogWriter> log,
              std::shared_ptr<const recorder::Redactor> redactor, ImportSummary* summary,
              LogFinisher* finisher)
      : log_(std::move(log)), redactor_(std::move(redactor)), items_(log_.get(), redactor_),
        summary_(*summary), finisher_(*finisher) {}

  ~ExactWriter() override {
    if (log_ == nullptr) return;
    LogEnd end;
    end.outcome.reason = "the import ended here";
    end.ended_wall = last_ended_;
    // Why it ended is known already.
    static_cast<void>(finisher_.Finish(std::move(log_), std::move(end)));
  }

  Status Agent(const AgentRecord& record, const Body& initial_state) override {
    ++summary_.agents;
    recorder::AgentItem item;
    item.record = record;
    item.initial_state = initial_state;
    return items_.Agent(item);
  }
  Status Segment(const SegmentRecord& record) override {
    ++summary_.segments;
    recorder::SegmentItem item;
    item.record = record;
    return items_.Segment(item);
  }
  Status Begin(const StepBegin& record) override {
    recorder::BeginItem item;
    item.record = record;
    return items_.Begin(item);
  }
  Status Message(const MessageRecord& record, const std::optional<Body>& body) override {
    ++summary_.messages;
    recorder::MessageItem item;
    item.record = record;
    if (body) item.body = *body;
    return items_.Message(item);
  }
  Status Effect(const EffectRecord& record, const std::optional<Body>& request,
                const std::optional<Body>& response) override {
    if (record.kind == EffectKind::kLlm) {
      ++summary_.llm_calls;
      summary_.usage += record.usage;
    }
    summary_.tool_calls += record.kind == EffectKind::kTool ? 1 : 0;
    summary_.errors += record.error ? 1 : 0;
    recorder::EffectItem item;
    item.record = record;
    if (request) item.request = *request;
    if (response) item.response = *response;
    return items_.Effect(item);
  }
  Status Commit(const StepRecord& record, State state) override {
    ++summary_.steps;
    summary_.errors += record.error ? 1 : 0;
    last_ended_ = record.ended_wall;
    recorder::CommitItem item;
    item.record = record;
    item.state = std::move(state);
    return items_.Commit(item);
  }
  Status Event(const EventRecord& record) override {
    ++(record.category == "annotation" ? summary_.annotations : summary_.events);
    recorder::EventItem item;
    item.record = record;
    return items_.Event(item);
  }
  Status Seal(const LogEnd& end) override {
    LogEnd redacted = end;
    redactor_->Redact(&redacted.outcome.reason);
    redactor_->Redact(&redacted.first_failure);
    return finisher_.Finish(std::move(log_), std::move(redacted));
  }

 private:
  std::unique_ptr<store::LogWriter> log_;
  std::shared_ptr<const recorder::Redactor> redactor_;
  recorder::ItemWriter items_;
  ImportSummary& summary_;
  LogFinisher& finisher_;
  TimeNs last_ended_;
};

}  // namespace

std::unique_ptr<ExactLog> MakeExactLog(std::unique_ptr<store::LogWriter> log,
                                       std::shared_ptr<const recorder::Redactor> redactor,
                                       ImportSummary* summary, LogFinisher* finisher) {
  return std::make_unique<ExactWriter>(std::move(log), std::move(redactor), summary, finisher);
}

}  // namespace backstep::adapters

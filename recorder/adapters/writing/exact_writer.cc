#include "backstep/recorder/adapters/writing/exact_writer.h"

#include "backstep/recorder/pipeline/item_writer.h"

namespace backstep::adapters {
namespace {

class ExactWriter final : public ExactLog {
 public:
  ExactWriter(std::unique_ptr<store::LogWriter> log,
              std::shared_ptr<const recorder::Redactor> redactor, ImportSummary* summary,
              std::function<void(LogId)> sealed)
      : log_(std::move(log)), redactor_(std::move(redactor)), items_(log_.get(), redactor_),
        summary_(*summary), sealed_(std::move(sealed)) {}

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
    const LogId id = log_->id();
    BACKSTEP_RETURN_IF_ERROR(log_->Seal(std::move(redacted)));
    log_.reset();
    sealed_(id);
    return {};
  }

 private:
  std::unique_ptr<store::LogWriter> log_;
  std::shared_ptr<const recorder::Redactor> redactor_;
  recorder::ItemWriter items_;
  ImportSummary& summary_;
  std::function<void(LogId)> sealed_;
};

}  // namespace

std::unique_ptr<ExactLog> MakeExactLog(std::unique_ptr<store::LogWriter> log,
                                       std::shared_ptr<const recorder::Redactor> redactor,
                                       ImportSummary* summary, std::function<void(LogId)> sealed) {
  return std::make_unique<ExactWriter>(std::move(log), std::move(redactor), summary,
                                       std::move(sealed));
}

}  // namespace backstep::adapters

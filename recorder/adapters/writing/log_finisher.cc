#include "backstep/recorder/adapters/writing/log_finisher.h"

namespace backstep::adapters {

bool IndexLine(store::Line& line, store::IndexWriter* index) {
  for (;;) {
    const auto steps = index->CatchUp(line);
    if (!steps.ok() || *steps == 0) return steps.ok();
  }
}

LogFinisher::LogFinisher(const store::Recording* recording, bool indexes)
    : recording_(recording), indexes_(indexes) {}

LogFinisher::~LogFinisher() {
  if (running_.valid()) running_.wait();  // nobody is left to be told
}

Status LogFinisher::Finish(std::unique_ptr<store::LogWriter> log, LogEnd end) {
  BACKSTEP_RETURN_IF_ERROR(Wait());
  running_ = std::async(std::launch::async,
                        [this, log = std::move(log), end = std::move(end)]() mutable {
                          const LogId id = log->id();
                          BACKSTEP_RETURN_IF_ERROR(log->Seal(std::move(end)));
                          log.reset();
                          if (indexes_) Index(id);
                          return Status();
                        });
  return {};
}

Status LogFinisher::Wait() {
  if (!running_.valid()) return failed_;
  const Status finished = running_.get();
  if (failed_.ok()) failed_ = finished;
  return failed_;
}

// The index is derived: what goes wrong here is made good by whoever opens the recording.
void LogFinisher::Index(LogId log) {
  if (index_ == nullptr) {
    auto index = store::IndexWriter::Open(recording_->path());
    if (!index.ok()) return;
    index_ = std::move(index).value();
  }
  const auto line = recording_->OpenLine(log);
  if (line.ok() && !IndexLine(**line, index_.get())) index_.reset();
}

}  // namespace backstep::adapters

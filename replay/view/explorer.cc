#include "backstep/replay/view/explorer.h"

namespace backstep::replay {

Result<std::unique_ptr<Explorer>> Explorer::Open(const std::string& path,
                                                 const std::string& address) {
  std::unique_ptr<Explorer> explorer(new Explorer());
  BACKSTEP_ASSIGN_OR_RETURN(explorer->recording_, store::Recording::Open(path));
  BACKSTEP_RETURN_IF_ERROR(explorer->Select(address));
  return explorer;
}

Status Explorer::Select(const std::string& address) {
  BACKSTEP_ASSIGN_OR_RETURN(const store::Moment moment,
                            recording_->ResolveMoment(address.empty() ? "last" : address));
  if (line_ == nullptr || line_->id() != moment.log) {
    BACKSTEP_ASSIGN_OR_RETURN(line_, recording_->OpenLine(moment.log));
  }
  at_ = moment.step;
  return {};
}

Result<std::unique_ptr<store::Line>> Explorer::OpenLineAgain() const {
  return recording_->OpenLine(line_->id());
}

Result<std::unique_ptr<store::Line>> Explorer::OpenParent() const {
  const auto& origin = line_->header().origin;
  if (!origin) return std::unique_ptr<store::Line>();
  return recording_->OpenLine(origin->parent);
}

Result<std::unique_ptr<LinePair>> Explorer::OpenPair(const std::string& a,
                                                     const std::string& b) const {
  return LinePair::Open(*recording_, a, b);
}

}  // namespace backstep::replay

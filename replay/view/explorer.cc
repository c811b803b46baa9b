#include "backstep/replay/view/explorer.h"

#include <algorithm>
#include <filesystem>

namespace backstep::replay {
namespace {

namespace fs = std::filesystem;

constexpr char kSuffix[] = ".backstep";

// One side of a comparison: its own recording when it names one.
struct Side {
  std::unique_ptr<store::Recording> other;
  std::unique_ptr<store::Line> line;
  store::Moment moment;
};

Result<Side> OpenSide(const store::Recording& here, const std::string& address) {
  Side side;
  std::string text = address;
  const size_t end = address.rfind(std::string(kSuffix) + ":");
  if (end != std::string::npos) {
    const std::string path = address.substr(0, end + sizeof(kSuffix) - 1);
    text = address.substr(end + sizeof(kSuffix));
    BACKSTEP_ASSIGN_OR_RETURN(side.other, store::Recording::Open(path));
  }
  const store::Recording& recording = side.other ? *side.other : here;
  BACKSTEP_ASSIGN_OR_RETURN(side.moment, recording.ResolveMoment(text));
  BACKSTEP_ASSIGN_OR_RETURN(side.line, recording.OpenLine(side.moment.log));
  return side;
}

RecordingRow RowAt(const std::string& path) {
  auto recording = store::Recording::Open(path);
  if (recording.ok()) return ViewRecording(**recording);
  RecordingRow row;
  row.path = path;
  row.error = recording.status().message();
  return row;
}

}  // namespace

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

Result<ComparisonView> Explorer::Compare(const std::string& a, const std::string& b) const {
  BACKSTEP_ASSIGN_OR_RETURN(const Side left, OpenSide(*recording_, a));
  BACKSTEP_ASSIGN_OR_RETURN(const Side right, OpenSide(*recording_, b));
  return ViewComparison(*left.line, *right.line, a, b, {});
}

Result<std::vector<RecordingRow>> ListRecordings(const std::string& folder) {
  std::error_code error;
  std::vector<std::string> paths;
  for (fs::directory_iterator it(folder, error), end; !error && it != end; it.increment(error)) {
    if (it->path().extension() == kSuffix) paths.push_back(it->path().string());
  }
  if (error) return Status::Io(folder + ": " + error.message());
  std::sort(paths.begin(), paths.end());
  std::vector<RecordingRow> rows;
  for (const std::string& path : paths) rows.push_back(RowAt(path));
  return rows;
}

}  // namespace backstep::replay

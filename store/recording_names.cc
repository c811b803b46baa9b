#include "backstep/store/recording_names.h"

#include <algorithm>
#include <charconv>
#include <cmath>

#include "backstep/base/nearest.h"
#include "backstep/store/format/log_files.h"
#include "backstep/store/log/log_reader.h"

namespace backstep::store {
namespace {

constexpr char kMainName[] = "main";

// The part of a moment behind its last colon.
struct NamedStep {
  enum class Kind { kNumber, kPercent } kind = Kind::kNumber;
  uint64_t number = 0;
  double percent = 0;
};

std::optional<NamedStep> ParseStep(const std::string& text) {
  if (text == "first") return NamedStep{NamedStep::Kind::kNumber, 0, 0};
  if (text == "last") return NamedStep{NamedStep::Kind::kPercent, 0, 100};
  NamedStep step;
  const char* end = text.data() + text.size();
  const auto digits = std::from_chars(text.data(), end, step.number);
  if (!text.empty() && digits.ptr == end) {
    // A number too large for any step is still a number.
    if (digits.ec == std::errc::result_out_of_range) step.number = UINT64_MAX;
    return step;
  }
  if (text.size() < 2 || text.back() != '%') return std::nullopt;
  const auto part = std::from_chars(text.data(), end - 1, step.percent, std::chars_format::fixed);
  if (part.ec != std::errc() || part.ptr != end - 1) return std::nullopt;
  if (!(step.percent >= 0 && step.percent <= 100)) return std::nullopt;
  step.kind = NamedStep::Kind::kPercent;
  return step;
}

StepNumber StepAt(const NamedStep& step, StepNumber last) {
  if (step.kind == NamedStep::Kind::kNumber) return StepNumber{step.number};
  if (step.percent == 100) return last;
  const double part = std::floor(static_cast<double>(last.value) * step.percent / 100);
  return StepNumber{std::min(last.value, static_cast<uint64_t>(part))};
}

std::optional<LogId> ParseHashId(const std::string& text) {
  if (!text.starts_with('#')) return std::nullopt;
  const LogId id = ParseLogName(text.substr(1));
  return id.value == 0 ? std::nullopt : std::optional<LogId>(id);
}

std::string HashId(LogId id) {
  std::string text = "#";
  return text += std::to_string(id.value);
}

}  // namespace

std::vector<LogId> Recording::Names::Sessions() const {
  std::vector<LogId> out;
  for (const auto& [id, log] : logs) {
    if (log.main) out.push_back(id);
  }
  return out;
}

std::optional<LogId> Recording::Names::Find(const std::string& text, LogId session) const {
  const auto belongs = [&](LogId id, const Log& log) {
    return session.value == 0 ? log.main : log.session == session || id == session;
  };
  if (const auto id = ParseHashId(text)) {
    const auto found = logs.find(*id);
    if (found != logs.end() && belongs(*id, found->second)) return id;
  }
  if (session.value != 0 && text == kMainName) return session;
  std::optional<LogId> newest;
  for (const auto& [id, log] : logs) {
    if (belongs(id, log) && log.main == (session.value == 0) && log.name == text) newest = id;
  }
  return newest;
}

std::vector<std::string> Recording::Names::Choices(LogId session) const {
  std::vector<std::string> out;
  if (session.value != 0) out.push_back(kMainName);
  for (const auto& [id, log] : logs) {
    if (session.value == 0 ? log.main : !log.main && log.session == session) {
      out.push_back(session.value == 0 ? SessionText(id) : BranchText(id));
    }
  }
  return out;
}

std::string Recording::Names::BranchText(LogId log) const {
  const auto found = logs.find(log);
  if (found == logs.end()) return HashId(log);
  if (found->second.main) return kMainName;
  const bool unique = Find(found->second.name, found->second.session) == log &&
                      std::count_if(logs.begin(), logs.end(), [&](const auto& other) {
                        return !other.second.main && other.second.name == found->second.name &&
                               other.second.session == found->second.session;
                      }) == 1;
  return unique && !found->second.name.empty() ? found->second.name : HashId(log);
}

std::string Recording::Names::SessionText(LogId session) const {
  const auto found = logs.find(session);
  if (found == logs.end() || found->second.name.empty()) return HashId(session);
  const auto same = std::count_if(logs.begin(), logs.end(), [&](const auto& other) {
    return other.second.main && other.second.name == found->second.name;
  });
  return same == 1 ? found->second.name : HashId(session);
}

Result<Recording::Names> Recording::AllNames() const {
  BACKSTEP_ASSIGN_OR_RETURN(const auto ids, ListLogs(path_));
  Names names;
  for (const LogId id : ids) {
    bool known;
    {
      std::lock_guard<std::mutex> lock(cache_->mutex);
      known = cache_->headers.contains(id);
    }
    if (!known && !InfoOf(id).error.ok()) continue;
    std::lock_guard<std::mutex> lock(cache_->mutex);
    const auto header = cache_->headers.find(id);
    if (header == cache_->headers.end()) continue;
    const auto& origin = header->second.origin;
    Names::Log log;
    log.name = header->second.name;
    log.main = !origin;
    log.session = id;
    if (origin) {
      const auto parent = names.logs.find(origin->parent);
      log.session = parent != names.logs.end() ? parent->second.session : LogId{};
    }
    names.logs.emplace(id, std::move(log));
  }
  return names;
}

namespace {

// A moment's text in two parts: what names the line, and the step.
struct MomentText {
  std::string line;
  NamedStep step;
};

MomentText SplitMoment(const std::string& text) {
  const NamedStep last{NamedStep::Kind::kPercent, 0, 100};
  if (const auto step = ParseStep(text)) return {kMainName, *step};
  const size_t colon = text.rfind(':');
  if (colon != std::string::npos) {
    if (const auto step = ParseStep(text.substr(colon + 1))) return {text.substr(0, colon), *step};
  }
  return {text, last};
}

}  // namespace

std::optional<LogId> Recording::Names::FindLine(const std::string& text,
                                                std::optional<LogId> session) const {
  // Names may hold colons, so every place to part session and branch is tried.
  for (size_t colon = text.find(':'); colon != std::string::npos;
       colon = text.find(':', colon + 1)) {
    const auto named = Find(text.substr(0, colon), LogId{});
    const auto log = named ? Find(text.substr(colon + 1), *named) : std::nullopt;
    if (log) return log;
  }
  const auto id = ParseHashId(text);
  if (id && logs.contains(*id)) return id;
  const auto branch = session ? Find(text, *session) : std::nullopt;
  return branch ? branch : Find(text, LogId{});
}

namespace {

// Says why, where a log is there and its header cannot be read.
Status NothingToRead(const std::string& path, const std::vector<LogInfo>& logs) {
  std::string why;
  for (const LogInfo& log : logs) {
    if (why.empty() && !log.error.ok()) why = ": " + log.error.message();
  }
  return Status::NotFound(path + ": holds no session that can be read" + why);
}

}  // namespace

Result<Moment> Recording::ResolveMoment(const std::string& text, bool default_newest) const {
  BACKSTEP_ASSIGN_OR_RETURN(const Names names, AllNames());
  const std::vector<LogId> sessions = names.Sessions();
  if (sessions.empty()) {
    BACKSTEP_ASSIGN_OR_RETURN(const std::vector<LogInfo> logs, Logs());
    return NothingToRead(path_, logs);
  }
  std::optional<LogId> session;
  if (sessions.size() == 1 || default_newest) session = sessions.back();
  const MomentText parts = SplitMoment(text);
  const std::optional<LogId> log = names.FindLine(parts.line, session);
  if (!log && !session) {
    std::string choices;
    for (const std::string& name : names.Choices(LogId{})) choices += " " + name;
    return Status::InvalidArgument("'" + text + "': the recording holds several sessions; " +
                                   "put one in front, as in SESSION:" + text + ":" + choices);
  }
  if (!log) return NoSuchLine(names, *session, parts.line);
  const LogInfo info = InfoOf(*log);
  if (!info.error.ok()) return info.error;
  const Moment moment{*log, StepAt(parts.step, info.last)};
  if (moment.step <= info.last) return moment;
  return Status::NotFound("step " + std::to_string(moment.step.value) +
                          " does not exist; the last is " + FormatMoment({*log, info.last}));
}

Status Recording::NoSuchLine(const Names& names, LogId session, const std::string& text) {
  const size_t colon = text.find(':');
  if (colon == std::string::npos) {
    return Status::NotFound("no branch '" + text + "'" +
                            NearestHint(text, names.Choices(session)));
  }
  const std::string front = text.substr(0, colon), back = text.substr(colon + 1);
  if (const auto named = names.Find(front, LogId{})) {
    return Status::NotFound("no branch '" + back + "' in session '" + front + "'" +
                            NearestHint(back, names.Choices(*named)));
  }
  if (names.Find(front, session)) {
    return Status::NotFound("'" + back + "' is no step of " + front +
                            ": write a number, first, last, or a share such as 50%");
  }
  return Status::NotFound("no session '" + front + "'" +
                          NearestHint(front, names.Choices(LogId{})));
}

std::string Recording::FormatMoment(Moment moment) const {
  const Result<Names> names = AllNames();
  std::string step = ":";
  step += std::to_string(moment.step.value);
  if (!names.ok()) return HashId(moment.log) + step;
  const std::string branch = names->BranchText(moment.log) + step;
  const auto found = names->logs.find(moment.log);
  if (found == names->logs.end() || names->Sessions().size() <= 1) return branch;
  return names->SessionText(found->second.session) + ":" + branch;
}

std::string Recording::BranchName(LogId log) const {
  const Result<Names> names = AllNames();
  if (!names.ok()) return HashId(log);
  const auto found = names->logs.find(log);
  if (found == names->logs.end()) return HashId(log);
  if (found->second.main) return kMainName;
  return found->second.name.empty() ? HashId(log) : found->second.name;
}

}  // namespace backstep::store

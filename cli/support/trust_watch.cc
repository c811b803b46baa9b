#include "backstep/cli/support/trust_watch.h"

#include <algorithm>
#include <chrono>
#include <csignal>
#include <system_error>

#include "backstep/replay/launch.h"
#include "backstep/store/recording.h"

namespace backstep::cli {
namespace {

constexpr std::chrono::milliseconds kFirstLook{20}, kLongestWait{500};

}  // namespace

std::set<LogId> LogsOf(const std::string& path) {
  std::set<LogId> ids;
  auto recording = store::Recording::Open(path);
  if (!recording.ok()) return ids;
  auto logs = (*recording)->Logs();
  if (!logs.ok()) return ids;
  for (const store::LogInfo& info : *logs) ids.insert(info.id);
  return ids;
}

TrustWatch::TrustWatch(std::string path, std::set<LogId> before)
    : path_(std::move(path)), before_(std::move(before)) {
  sigset_t all, mask;
  sigfillset(&all);
  pthread_sigmask(SIG_SETMASK, &all, &mask);
  try {
    thread_ = std::thread([this] { Watch(); });
  } catch (const std::system_error&) {
    // It is then known when the program has ended.
  }
  pthread_sigmask(SIG_SETMASK, &mask, nullptr);
}

TrustWatch::~TrustWatch() {
  {
    std::lock_guard lock(mutex_);
    stop_ = true;
  }
  wake_.notify_all();
  if (thread_.joinable()) thread_.join();
}

void TrustWatch::Watch() {
  std::unique_lock lock(mutex_);
  auto wait = kFirstLook;
  while (!wake_.wait_for(lock, wait, [this] { return stop_; })) {
    lock.unlock();
    if (Look()) return;
    lock.lock();
    wait = std::min(2 * wait, kLongestWait);
  }
}

bool TrustWatch::Look() const {
  const auto recording = store::Recording::Open(path_);
  if (!recording.ok()) return false;
  const auto logs = (*recording)->Logs();
  if (!logs.ok()) return false;
  for (const store::LogInfo& info : *logs) {
    const bool made = info.error.ok() && !info.header.origin && !before_.contains(info.id);
    if (made) return replay::RememberTrusted(path_, info.header).ok();
  }
  return false;
}

}  // namespace backstep::cli

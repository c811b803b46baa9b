#include "backstep/cli/terminal/interrupt.h"

#include <csignal>

namespace backstep::cli {
namespace {

// Signal handlers reach nothing but globals; lock-free, so a handler may write it.
std::atomic<bool> g_interrupted{false};
static_assert(std::atomic<bool>::is_always_lock_free);

constexpr int kSignals[] = {SIGINT, SIGTERM, SIGHUP};

void OnSignal(int) { g_interrupted = true; }

void SetHandlers(void (*handler)(int), int flags) {
  struct sigaction action {};
  action.sa_handler = handler;
  action.sa_flags = flags;
  sigemptyset(&action.sa_mask);
  for (const int signal : kSignals) sigaction(signal, &action, nullptr);
}

}  // namespace

InterruptFlag::InterruptFlag() {
  g_interrupted = false;
  // SA_RESETHAND: the second one has its ordinary effect.
  SetHandlers(OnSignal, SA_RESETHAND);
}

InterruptFlag::~InterruptFlag() { SetHandlers(SIG_DFL, 0); }

const std::atomic<bool>* InterruptFlag::flag() const { return &g_interrupted; }

}  // namespace backstep::cli

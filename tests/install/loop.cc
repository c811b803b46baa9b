#include <backstep/recorder/session.h>

#include <cstdio>

using namespace backstep;

// Scopes around a loop of one's own: recorded, inspected and compared, but not re-executable.
int main() {
  auto session = recorder::Session::Open({.name = "loop"});
  session->AddAgent({.name = "echo", .initial_state = {"0", "text/plain"}});
  auto inbox = session->Outside({.to = "echo", .body = {"hello", "text/plain"}});
  for (int turn = 1; turn <= 3; ++turn) {
    auto step = session->BeginStep("echo", inbox);
    inbox = step->Send({.to = "echo", .body = step->taken().front().body});
    if (!step->Commit({std::to_string(turn), "text/plain"}).ok()) return 1;
  }
  Status status = session->Close();
  std::printf("%s\n", status.ToString().c_str());
  return status.ok() ? 0 : 1;
}

#include "backstep/gui/bridge/reader.h"

#include <chrono>
#include <functional>
#include <string>
#include <thread>

#include "backstep/recorder/session.h"
#include "backstep/replay/view/conversation/conversation.h"
#include "backstep/replay/view/timeline/timeline.h"
#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"

namespace backstep::gui {
namespace {

using testing::TempDir;

// "crier" sends in every step and nobody takes it.
void RecordBacklog(const std::string& path, int steps) {
  recorder::SessionOptions options;
  options.path = path;
  options.read_environment = false;
  auto session = recorder::Session::Open(options);
  session->AddAgent({.name = "crier"});
  session->AddAgent({.name = "deaf"});
  for (int i = 0; i < steps; ++i) {
    auto step = session->BeginStep("crier", {});
    step->Send({.to = "deaf", .body = {"hear me " + std::string(200, 'x'), "text/plain"}});
    REQUIRE(step->Commit({"state of some hundred bytes " + std::string(200, 'y')}).ok());
  }
  REQUIRE(session->Close().ok());
}

struct Window {
  // `until` is asked after each arrival.
  void Wait(const std::function<bool()>& until) {
    for (int i = 0; i < 10'000 && !until(); ++i) {
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
      reader.Collect(&model, &cursor);
    }
    REQUIRE(until());
  }
  void Open(const std::string& path) {
    reader.Open(path, "");
    Wait([this] { return model.open.value != nullptr && reader.idle(); });
  }

  Model model;
  StepNumber cursor;
  Reader reader{[] {}};
};

TEST_CASE("A cursor that moves is answered with what shows, and with the rest once it rests") {
  const TempDir folder;
  const std::string path = folder.path() + "/backlog.backstep";
  RecordBacklog(path, 300);
  Window window;
  window.Open(path);
  const Model& model = window.model;
  window.reader.ShowCheckpoint(StepNumber{200});
  window.reader.ShowConversation("crier", StepNumber{200});
  window.Wait([&] { return model.checkpoint.value && model.conversation.value; });
  // What is read at first does not grow with what waits and what was said.
  CHECK(model.checkpoint.value->mailboxes.size() < 30);
  CHECK(model.checkpoint.value->waiting_total == 200);
  CHECK(model.checkpoint.value->agents.at(0).state.text.empty());
  CHECK(model.checkpoint.value->agents.at(0).state.size_bytes > 200);
  CHECK(model.conversation.value->rows.size() < 50);
  CHECK(model.conversation.value->rows.back().step == StepNumber{200});
  window.Wait([&] { return window.reader.idle(); });
  CHECK(model.checkpoint.value->mailboxes.size() == 200);
  CHECK(model.checkpoint.value->agents.at(0).state.text.size() > 200);
  CHECK(model.conversation.value->rows.size() == 100);
}

TEST_CASE("Of many places the cursor was at only the last is read in full") {
  const TempDir folder;
  const std::string path = folder.path() + "/backlog.backstep";
  RecordBacklog(path, 120);
  Window window;
  window.Open(path);
  int whole = 0;
  for (uint64_t step = 60; step <= 120; ++step) {
    window.reader.ShowCheckpoint(StepNumber{step});
    window.reader.Collect(&window.model, &window.cursor);
    const auto& shown = window.model.checkpoint.value;
    whole += shown != nullptr && shown->mailboxes.size() > 50;
    std::this_thread::sleep_for(std::chrono::milliseconds(2));
  }
  CHECK(whole < 30);  // a machine that stalls may give the cursor some rest
  window.Wait([&] { return window.reader.idle(); });
  REQUIRE(window.model.checkpoint.value->step == StepNumber{120});
  CHECK(window.model.checkpoint.value->mailboxes.size() == 120);
}

}  // namespace
}  // namespace backstep::gui

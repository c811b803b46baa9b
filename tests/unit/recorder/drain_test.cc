// The drain where an item cannot be written.
#include "backstep/recorder/pipeline/drain.h"

#include <new>

#include "backstep/tests/unit/recorder/recorded.h"

namespace backstep::recorder::testing {
namespace {

// An item for which there is no memory.
struct ThrowingItem final : LogItem {
  Status WriteTo(ItemWriter&) override { throw std::bad_alloc(); }
  size_t Bytes() const override { return sizeof *this; }
};

void Push(LogQueue& queue, std::unique_ptr<LogItem> item) {
  std::lock_guard order(queue.mutex());
  REQUIRE(queue.PushLocked(std::move(item)));
}

TEST_CASE("What writing an item throws ends the log, and neither its host nor a flush") {
  Recorded recorded;
  auto recording = Must(store::Recording::Create(recorded.path()));
  auto writer = Must(recording->NewLog({}, {}));
  LogQueue queue(1 << 20, Milliseconds(10));
  ItemPool items;
  std::atomic<uint64_t> committed{0};
  Status failure;
  DrainOptions options;
  options.redactor = Must(Redactor::Make({}));
  options.items = &items;
  options.committed = &committed;
  options.on_failure = [&](const Status& status) { failure = status; };
  Drain drain(&queue, std::move(recording), std::move(writer), std::move(options));
  MustOk(drain.Start());

  Push(queue, std::make_unique<ThrowingItem>());
  Push(queue, std::make_unique<SegmentItem>());
  queue.WaitWritten(2);
  REQUIRE(failure.code() == StatusCode::kInternal);
  queue.Close();
  REQUIRE(drain.Close([](LogEnd*) {}) == failure);
  REQUIRE(recorded.Read()->state() == store::LogState::kCrashed);
}

}  // namespace
}  // namespace backstep::recorder::testing

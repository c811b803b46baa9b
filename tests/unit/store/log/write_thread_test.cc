#include "backstep/store/log/threads/write_thread.h"

#include <new>
#include <string>

#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"
#include "backstep/tests/unit/store/small_log.h"

namespace backstep::store {
namespace {

using testing::Must;

TEST_CASE("what the one who is told throws ends the log, not the host, and lets all go who wait") {
  const testing::TempDir dir;
  const auto store = Must(KvStore::Create(dir.path()));
  WriteThread thread(store.get(), nullptr, false);
  WriteSet batch;
  batch.Put("a", "1");
  SECTION("what the library throws") {
    REQUIRE(thread.Write(&batch, [](const Status&) { throw std::bad_alloc(); }) == Status());
  }
  SECTION("what is no exception of the library") {
    REQUIRE(thread.Write(&batch, [](const Status&) { throw 1; }) == Status());
  }
  CHECK(batch.empty());
  const Status failed = thread.Wait();
  CHECK(failed.code() == StatusCode::kInternal);
  batch.Put("b", "2");
  bool told = false;
  CHECK(thread.Write(&batch, [&](const Status&) { told = true; }) == failed);
  CHECK(thread.Wait() == failed);
  CHECK_FALSE(told);
  // The batch itself had landed.
  CHECK(Must(store->View()->Get("a")) == "1");
  CHECK_FALSE(Must(store->View()->Get("b")));
}

TEST_CASE("a batch that cannot be written is told of and fails what comes after it") {
  const testing::TempDir dir;
  const auto store = Must(KvStore::Create(dir.path()));
  REQUIRE(store->FinishAndClose().ok());
  WriteThread thread(store.get(), nullptr, false);
  WriteSet batch;
  batch.Put("a", "1");
  Status told;
  REQUIRE(thread.Write(&batch, [&](const Status& status) { told = status; }) == Status());
  CHECK_FALSE(thread.Wait().ok());
  CHECK(told == thread.Wait());
}

}  // namespace
}  // namespace backstep::store

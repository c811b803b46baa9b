#include "backstep/recorder/adapters/importing/watched_source.h"

namespace backstep::adapters {
namespace {

constexpr uint64_t kAskEvery = 1u << 20;

class Watched final : public Source {
 public:
  Watched(std::unique_ptr<Source> source, std::function<Status(uint64_t)> go_on)
      : source_(std::move(source)), go_on_(std::move(go_on)) {}

  const std::string& path() const override { return source_->path(); }
  std::string name() const override { return source_->name(); }
  uint64_t offset() const override { return source_->offset(); }
  uint64_t line() const override { return source_->line(); }
  uint64_t packed_offset() const override { return source_->packed_offset(); }
  uint64_t packed_size() const override { return source_->packed_size(); }
  Result<std::string_view> Peek() override { return source_->Peek(); }
  Result<size_t> Read(char* out, size_t size) override {
    BACKSTEP_RETURN_IF_ERROR(Ask());
    return source_->Read(out, size);
  }
  Result<bool> ReadLine(std::string_view* line) override {
    BACKSTEP_RETURN_IF_ERROR(Ask());
    return source_->ReadLine(line);
  }
  Result<std::string> ReadAll() override {
    BACKSTEP_RETURN_IF_ERROR(Ask());
    return source_->ReadAll();
  }

 private:
  Status Ask() {
    const uint64_t at = source_->packed_offset();
    if (asked_ && at - asked_at_ < kAskEvery) return {};
    asked_ = true;
    asked_at_ = at;
    return go_on_(at);
  }

  std::unique_ptr<Source> source_;
  std::function<Status(uint64_t)> go_on_;
  bool asked_ = false;
  uint64_t asked_at_ = 0;
};

}  // namespace

std::unique_ptr<Source> WatchedSource(std::unique_ptr<Source> source,
                                      std::function<Status(uint64_t packed_offset)> go_on) {
  return std::make_unique<Watched>(std::move(source), std::move(go_on));
}

}  // namespace backstep::adapters

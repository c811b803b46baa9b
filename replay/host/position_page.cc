#include "backstep/replay/host/position_page.h"

#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include <algorithm>
#include <atomic>
#include <cerrno>

namespace backstep::replay::host {
namespace {

constexpr char kMagic[8] = {'b', 's', 'p', 'l', 'a', 'c', 'e', '1'};
constexpr size_t kSlotBytes = 12 << 10;
constexpr size_t kHeadBytes = 64;
constexpr size_t kPageBytes = kHeadBytes + 2 * kSlotBytes;
// Of one activation: enough to say what it was about.
constexpr size_t kTookMax = 8;
constexpr size_t kTextBytesMax = 300;
constexpr size_t kOpenMax = 4;

// The words behind the magic.
enum Word { kHoldingSlot, kCallsBegun, kCallsEnded, kWords };

std::atomic_ref<uint32_t> At(char* memory, Word word) {
  return std::atomic_ref<uint32_t>(reinterpret_cast<uint32_t*>(memory + sizeof kMagic)[word]);
}

char* Slot(char* memory, uint32_t slot) { return memory + kHeadBytes + (slot & 1) * kSlotBytes; }

class Packer {
 public:
  explicit Packer(char* slot) : slot_(slot) {}
  template <typename Number>
  void Add(Number number) {
    memcpy(slot_ + at_, &number, sizeof number);
    at_ += sizeof number;
  }
  void AddText(const std::string& text) {
    const size_t size = std::min(text.size(), kTextBytesMax);
    Add(static_cast<uint32_t>(size));
    memcpy(slot_ + at_, text.data(), size);
    at_ += size;
  }
  void Finish() {
    const auto size = static_cast<uint32_t>(at_ - sizeof(uint32_t));
    memcpy(slot_, &size, sizeof size);
  }

 private:
  char* slot_;
  size_t at_ = sizeof(uint32_t);
};

// The largest page fits: what is kept is bounded.
static_assert(sizeof(uint32_t) + sizeof(uint64_t) + sizeof(uint32_t) +
                  kOpenMax * ((1 + kTookMax) * (sizeof(uint32_t) + kTextBytesMax) +
                              sizeof(uint64_t) + sizeof(uint32_t)) <=
              kSlotBytes);

// What another process has written may be anything.
class Unpacker {
 public:
  explicit Unpacker(const char* slot) {
    uint32_t size = 0;
    memcpy(&size, slot, sizeof size);
    bytes_.assign(slot + sizeof size, std::min<size_t>(size, kSlotBytes - sizeof size));
  }
  template <typename Number>
  Number Take() {
    Number number{};
    if (bytes_.size() - at_ < sizeof number) {
      at_ = bytes_.size();
      sound_ = false;
      return number;
    }
    memcpy(&number, bytes_.data() + at_, sizeof number);
    at_ += sizeof number;
    return number;
  }
  std::string TakeText() {
    const size_t size = Take<uint32_t>();
    if (size > kTextBytesMax || size > bytes_.size() - at_) {
      sound_ = false;
      return {};
    }
    at_ += size;
    return bytes_.substr(at_ - size, size);
  }
  bool sound() const { return sound_; }

 private:
  std::string bytes_;
  size_t at_ = 0;
  bool sound_ = true;
};

}  // namespace

std::string PositionPagePath(const std::string& socket_path) { return socket_path + ".position"; }

Result<std::unique_ptr<PositionPage>> PositionPage::Create(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC | O_NOFOLLOW, 0600);
  if (fd < 0) return Status::Io(path + ": " + strerror(errno));
  std::unique_ptr<PositionPage> page(new PositionPage(fd));
  // With all its blocks, or writing to it could kill the host.
  if (const int error = posix_fallocate(fd, 0, kPageBytes); error != 0) {
    return Status::Io(path + ": " + strerror(error));
  }
  if (pwrite(fd, kMagic, sizeof kMagic, 0) != sizeof kMagic) {
    return Status::Io(path + ": " + strerror(errno));
  }
  return page;
}

PositionPage::~PositionPage() { close(fd_); }

Result<std::unique_ptr<PositionWriter>> PositionWriter::Open(const std::string& path) {
  const int fd = open(path.c_str(), O_RDWR | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK);
  if (fd < 0) return Status::NotFound(path + ": " + strerror(errno));
  struct stat info;
  char magic[sizeof kMagic];
  if (fstat(fd, &info) != 0 || !S_ISREG(info.st_mode) || info.st_uid != geteuid() ||
      info.st_size != static_cast<off_t>(kPageBytes) ||
      pread(fd, magic, sizeof magic, 0) != sizeof magic ||
      memcmp(magic, kMagic, sizeof kMagic) != 0) {
    close(fd);
    return Status::InvalidArgument(path + ": not a page of a replay host");
  }
  void* const memory = mmap(nullptr, kPageBytes, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
  const int error = errno;
  close(fd);
  if (memory == MAP_FAILED) return Status::Io(path + ": " + strerror(error));
  // What the program forks is another process and has no place here.
  madvise(memory, kPageBytes, MADV_DONTFORK);
  return std::unique_ptr<PositionWriter>(new PositionWriter(memory));
}

PositionWriter::~PositionWriter() { munmap(memory_, kPageBytes); }

void PositionWriter::Write(const Position& position) {
  const uint32_t slot = At(memory_, kHoldingSlot).load(std::memory_order_relaxed) + 1;
  Packer packer(Slot(memory_, slot));
  packer.Add(position.committed.value);
  const size_t skip = position.open.size() - std::min(position.open.size(), kOpenMax);
  packer.Add(static_cast<uint32_t>(position.open.size() - skip));
  for (size_t i = skip; i < position.open.size(); ++i) {
    const OpenActivation& activation = position.open[i];
    packer.AddText(activation.agent);
    packer.Add(activation.clock.value);
    const size_t count = std::min(activation.took.size(), kTookMax);
    packer.Add(static_cast<uint32_t>(count));
    for (size_t j = 0; j < count; ++j) packer.AddText(activation.took[j]);
  }
  packer.Finish();
  At(memory_, kHoldingSlot).store(slot, std::memory_order_release);
}

void PositionWriter::CountLiveCall(bool begins) {
  At(memory_, begins ? kCallsBegun : kCallsEnded).fetch_add(1, std::memory_order_release);
}

SignsOfLife PositionPage::Signs() const {
  uint32_t words[kWords];
  if (pread(fd_, words, sizeof words, sizeof kMagic) != static_cast<ssize_t>(sizeof words)) {
    return {};
  }
  return {words[kHoldingSlot], words[kCallsBegun], words[kCallsEnded]};
}

Position PositionPage::Read() const {
  std::string page(kPageBytes, '\0');
  if (pread(fd_, page.data(), page.size(), 0) != static_cast<ssize_t>(page.size())) return {};
  uint32_t slot = 0;
  memcpy(&slot, page.data() + sizeof kMagic, sizeof slot);
  if (slot == 0) return {};
  Unpacker unpacker(Slot(page.data(), slot));
  Position position;
  position.committed = StepNumber(unpacker.Take<uint64_t>());
  const uint32_t count = unpacker.Take<uint32_t>();
  if (count > kOpenMax) return {};
  for (uint32_t i = 0; i < count; ++i) {
    OpenActivation activation;
    activation.agent = unpacker.TakeText();
    activation.clock = AgentClock(unpacker.Take<uint64_t>());
    const uint32_t took = unpacker.Take<uint32_t>();
    if (took > kTookMax) return {};
    for (uint32_t j = 0; j < took; ++j) activation.took.push_back(unpacker.TakeText());
    position.open.push_back(std::move(activation));
  }
  return unpacker.sound() ? position : Position{};
}

}  // namespace backstep::replay::host

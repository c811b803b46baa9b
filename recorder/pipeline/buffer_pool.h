// Buffers of bodies that go round between the program's threads and the drain.
#pragma once

#include <mutex>
#include <string>
#include <string_view>
#include <vector>

namespace backstep::recorder {

// Thread-safe. Memory that one thread takes and another frees costs page faults over and over; a
// buffer that comes back costs a copy and no more. Holds at most 4 MiB.
class BufferPool {
 public:
  // A copy of `bytes`, in a buffer of the pool where one is there.
  std::string Copy(std::string_view bytes);
  // Takes a buffer that is no longer needed; keeps it if it is worth keeping.
  void GiveBack(std::string&& buffer);

 private:
  std::mutex mutex_;
  std::vector<std::string> buffers_;
  size_t kept_bytes_ = 0;
};

}  // namespace backstep::recorder

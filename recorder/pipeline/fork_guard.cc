#include "backstep/recorder/pipeline/fork_guard.h"

#include <sys/mman.h>
#include <unistd.h>

namespace backstep::recorder {

ForkGuard::ForkGuard() : process_(getpid()) {
  page_bytes_ = static_cast<size_t>(sysconf(_SC_PAGESIZE));
  void* page =
      mmap(nullptr, page_bytes_, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
  if (page == MAP_FAILED) return;
  if (madvise(page, page_bytes_, MADV_WIPEONFORK) != 0) {
    munmap(page, page_bytes_);
    return;
  }
  *static_cast<char*>(page) = 1;
  page_ = static_cast<char*>(page);
}

ForkGuard::~ForkGuard() {
  if (page_ != nullptr) munmap(const_cast<char*>(page_), page_bytes_);
}

bool ForkGuard::ForkedByPid() const { return getpid() != process_; }

}  // namespace backstep::recorder

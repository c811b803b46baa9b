#include "backstep/replay/launch/private_folder.h"

#include <stdlib.h>
#include <string.h>
#include <sys/un.h>

#include <cerrno>

namespace backstep::replay::host {
namespace {

constexpr char kFolderPattern[] = "/backstep-XXXXXX";

}  // namespace

Result<std::string> MakePrivateFolder(size_t name_max) {
  const char* set = getenv("TMPDIR");
  std::string folder = set == nullptr || *set == '\0' ? "/tmp" : set;
  const size_t size = folder.size() + sizeof kFolderPattern + name_max + 1;
  if (size >= sizeof(sockaddr_un::sun_path) || folder[0] != '/') folder = "/tmp";
  folder += kFolderPattern;
  if (mkdtemp(folder.data()) == nullptr) {
    return Status::Io("cannot make a directory " + folder + ": " + strerror(errno));
  }
  return folder;
}

}  // namespace backstep::replay::host

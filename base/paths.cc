#include "backstep/base/paths.h"

#include <algorithm>

namespace backstep {

std::string WithoutSlashes(std::string path) {
  while (path.size() > 1 && path.ends_with('/')) path.pop_back();
  return path;
}

std::string FolderOf(const std::string& path) {
  const std::string whole = WithoutSlashes(path);
  const size_t slash = whole.rfind('/');
  if (slash == std::string::npos) return ".";
  return WithoutSlashes(whole.substr(0, std::max<size_t>(slash, 1)));
}

}  // namespace backstep

// Paths as people write them. Nothing here looks at the disk.
#pragma once

#include <string>

namespace backstep {

// `path` without the slashes behind it; of slashes alone one stays.
std::string WithoutSlashes(std::string path);

// The directory in which what `path` names lies: "." where it is a bare name or empty, "/" of "/".
std::string FolderOf(const std::string& path);

}  // namespace backstep

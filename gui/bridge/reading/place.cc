#include "backstep/gui/bridge/reading/place.h"

#include <sys/stat.h>

namespace backstep::gui {

Place PlaceOf(const std::string& path) {
  struct stat info = {};
  if (stat(path.c_str(), &info) != 0) return {};
  return {info.st_dev, info.st_ino};
}

std::string WhyLost(const std::string& path, const Place& opened) {
  const Place now = PlaceOf(path);
  if (now == opened) return {};
  if (now == Place()) {
    return path + " is not there any more: it was deleted or moved, or its disk is gone. What has "
                  "been read stays; put it back, or open it where it is now.";
  }
  return path + " is another recording now. What has been read stays as it was; open it again to "
                "see the new one.";
}

}  // namespace backstep::gui

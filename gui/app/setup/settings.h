// What the window remembers for its user: $XDG_CONFIG_HOME/backstep/window.json (default
// ~/.config/backstep). Never anything inside a recording.
//   {"theme": "dark"|"light", "wheel_zooms": false, "recent": [path],
//    "layout": {"left": 0.22, "right": 0.3, "bottom": 0.34, "graph": 0.6},
//    "recordings": {path: {"bookmarks": [{"step": 12, "note": "…"}], "nodes": {name: [x, y]}}}}
#pragma once

#include <string>
#include <vector>

#include "backstep/base/status.h"
#include "backstep/gui/bridge/view_state.h"

namespace backstep::gui {

// The folder with the recordings that the build makes (samples/CMakeLists.txt), found from where
// this program lies; empty: there is none.
std::string SamplesFolder();

// One thread. Recordings are kept by their absolute path. A file that cannot be read or is damaged
// counts as empty.
class Settings {
 public:
  // `path`: empty: the user's.
  explicit Settings(std::string path = {});

  const std::vector<std::string>& recent() const { return recent_; }
  void AddRecent(const std::string& recording);
  // Theme, layout and wheel into `view`; where `recording` is not empty its bookmarks and node
  // places alone, so that what was changed since the window began stays.
  void Load(const std::string& recording, ViewState* view);
  // Writes what this window has changed since it last read or wrote the file, and leaves what other
  // windows have written meanwhile; `recording` empty: without bookmarks. Io: it cannot be written.
  Status Save(const std::string& recording, const ViewState& view);

 private:
  std::string path_, text_;   // text: of the file as last read or written
  std::vector<std::string> recent_;
  std::vector<std::string> added_;  // of these, since then
};

}  // namespace backstep::gui

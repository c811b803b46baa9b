#include "backstep/gui/app/setup/settings.h"

#include <fcntl.h>
#include <sys/file.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdlib>
#include <cstring>
#include <filesystem>
#include <fstream>
#include <nlohmann/json.hpp>
#include <sstream>

namespace backstep::gui {
namespace {

using Json = nlohmann::json;
namespace fs = std::filesystem;

constexpr size_t kRecentMax = 12;
constexpr size_t kFileBytesMax = 4 << 20;

std::string DefaultPath() {
  const char* config = std::getenv("XDG_CONFIG_HOME");
  if (config != nullptr && config[0] == '/') return std::string(config) + "/backstep/window.json";
  const char* home = std::getenv("HOME");
  return home == nullptr ? "" : std::string(home) + "/.config/backstep/window.json";
}

// The window may be started from another folder the next time.
std::string Absolute(const std::string& recording) {
  std::error_code error;
  const fs::path path = fs::absolute(recording, error).lexically_normal();
  return error || recording.empty() ? recording : path.string();
}

Json Parse(const std::string& text) {
  Json json = Json::parse(text, nullptr, false);
  return json.is_object() ? json : Json::object();
}

// A member of the wanted type, or nothing: the file may have been written by hand.
template <typename T>
void Get(const Json& json, const char* key, T* to) {
  const auto found = json.find(key);
  if (found == json.end()) return;
  if constexpr (std::is_same_v<T, bool>) {
    if (found->is_boolean()) *to = found->get<bool>();
  } else if constexpr (std::is_floating_point_v<T>) {
    if (found->is_number()) *to = std::clamp(found->get<T>(), T(0.05), T(0.9));
  } else if (found->is_string()) {
    *to = found->get<std::string>();
  }
}

void LoadWindow(const Json& json, ViewState* view) {
  std::string theme;
  Get(json, "theme", &theme);
  if (!theme.empty()) view->dark = theme != "light";
  Get(json, "wheel_zooms", &view->wheel_zooms);
  if (!json.contains("layout") || !json["layout"].is_object()) return;
  const Json& layout = json["layout"];
  Get(layout, "left", &view->left_share);
  Get(layout, "right", &view->right_share);
  Get(layout, "bottom", &view->bottom_share);
  Get(layout, "graph", &view->graph_share);
}

void LoadRecording(const Json& json, ViewState* view) {
  view->bookmarks.clear();
  view->node_places.clear();
  const Json none = Json::array();
  for (const Json& mark : json.contains("bookmarks") ? json["bookmarks"] : none) {
    if (!mark.is_object() || !mark.contains("step") || !mark["step"].is_number_unsigned()) continue;
    Bookmark bookmark{StepNumber(mark["step"].get<uint64_t>()), {}};
    Get(mark, "note", &bookmark.note);
    view->bookmarks.push_back(std::move(bookmark));
  }
  if (!json.contains("nodes") || !json["nodes"].is_object()) return;
  for (const auto& [name, place] : json["nodes"].items()) {
    const bool sound = place.is_array() && place.size() == 2 && place[0].is_number() &&
                       place[1].is_number();
    if (sound) view->node_places[name] = {place[0].get<float>(), place[1].get<float>()};
  }
}

Json RecordingJson(const ViewState& view) {
  Json json = Json::object();
  for (const Bookmark& mark : view.bookmarks) {
    json["bookmarks"].push_back({{"step", mark.step.value}, {"note", mark.note}});
  }
  for (const auto& [name, place] : view.node_places) {
    json["nodes"][name] = {place.first, place.second};
  }
  return json;
}

std::string TextOf(const std::string& path) {
  std::error_code error;
  if (path.empty() || fs::file_size(path, error) > kFileBytesMax || error) return {};
  std::ifstream file(path);
  std::stringstream text;
  text << file.rdbuf();
  return text.str();
}

void AddInFront(std::vector<std::string>* recent, const std::string& recording) {
  std::erase(*recent, recording);
  recent->insert(recent->begin(), recording);
  if (recent->size() > kRecentMax) recent->resize(kRecentMax);
}

std::vector<std::string> RecentOf(const Json& json) {
  std::vector<std::string> recent;
  if (!json.contains("recent") || !json["recent"].is_array()) return recent;
  for (const Json& path : json["recent"]) {
    if (path.is_string() && recent.size() < kRecentMax) recent.push_back(path);
  }
  return recent;
}

// What was changed from `base` to `mine`, on top of `theirs`.
Json Merged(const Json& base, const Json& mine, const Json& theirs) {
  if (!mine.is_object() || !theirs.is_object()) return mine == base ? theirs : mine;
  static const Json none;
  const auto of = [](const Json& json, const std::string& key) -> const Json& {
    const auto found = json.find(key);
    return found == json.end() ? none : *found;
  };
  Json merged = theirs;
  for (const auto& [key, value] : mine.items()) {
    merged[key] = Merged(base.is_object() ? of(base, key) : none, value, of(theirs, key));
    if (merged[key].is_null()) merged.erase(key);
  }
  if (!base.is_object()) return merged;
  for (const auto& [key, value] : base.items()) {
    if (!mine.contains(key)) merged.erase(key);
  }
  return merged;
}

// Other windows write the file too.
class FileLock {
 public:
  explicit FileLock(const std::string& path)
      : file_(open(path.c_str(), O_CREAT | O_RDWR | O_CLOEXEC, 0600)) {
    if (file_ >= 0) (void)flock(file_, LOCK_EX);
  }
  ~FileLock() {
    if (file_ >= 0) close(file_);
  }
  FileLock(const FileLock&) = delete;
  FileLock& operator=(const FileLock&) = delete;
  bool held() const { return file_ >= 0; }

 private:
  const int file_;
};

Status NotRemembered(const std::string& path, const std::string& why) {
  return Status::Io("layout, theme and bookmarks are not remembered: " + path + ": " + why +
                    "; make the folder writable, or set XDG_CONFIG_HOME to one that is");
}

// The file is whole at every moment.
Status Replace(const std::string& path, const std::string& text) {
  const std::string fresh = path + ".new";
  std::ofstream file(fresh);
  file << text;
  file.close();
  if (!file) return NotRemembered(fresh, "cannot be written");
  std::error_code error;
  fs::rename(fresh, path, error);
  return error ? NotRemembered(path, error.message()) : Status();
}

}  // namespace

std::string SamplesFolder() {
  std::error_code error;
  const fs::path here = fs::read_symlink("/proc/self/exe", error).parent_path();
  if (error) return {};
  for (const char* place : {"../samples", "../share/backstep/samples"}) {
    const fs::path folder = (here / place).lexically_normal();
    if (fs::is_directory(folder, error)) return folder.string();
  }
  return {};
}

Settings::Settings(std::string path)
    : path_(path.empty() ? DefaultPath() : std::move(path)), text_(TextOf(path_)),
      recent_(RecentOf(Parse(text_))) {}

void Settings::AddRecent(const std::string& given) {
  const std::string recording = Absolute(given);
  AddInFront(&recent_, recording);
  AddInFront(&added_, recording);
}

void Settings::Load(const std::string& given, ViewState* view) {
  const Json json = Parse(text_);
  if (given.empty()) {
    LoadWindow(json, view);
    return;
  }
  const std::string recording = Absolute(given);
  const bool known = json.contains("recordings") && json["recordings"].is_object() &&
                     json["recordings"].contains(recording) &&
                     json["recordings"][recording].is_object();
  LoadRecording(known ? json["recordings"][recording] : Json::object(), view);
}

Status Settings::Save(const std::string& given, const ViewState& view) {
  const std::string recording = Absolute(given);
  if (path_.empty()) return {};
  const Json base = Parse(text_);
  Json mine = base;
  mine["theme"] = view.dark ? "dark" : "light";
  mine["wheel_zooms"] = view.wheel_zooms;
  mine["layout"] = {{"left", view.left_share}, {"right", view.right_share},
                    {"bottom", view.bottom_share}, {"graph", view.graph_share}};
  if (!mine["recordings"].is_object()) mine["recordings"] = Json::object();
  if (!recording.empty()) mine["recordings"][recording] = RecordingJson(view);
  std::error_code error;
  fs::create_directories(fs::path(path_).parent_path(), error);
  const FileLock lock(path_ + ".lock");
  if (!lock.held()) return NotRemembered(path_, std::strerror(errno));
  const std::string old = TextOf(path_);
  Json merged = Merged(base, mine, Parse(old));
  recent_ = RecentOf(merged);
  for (auto path = added_.rbegin(); path != added_.rend(); ++path) AddInFront(&recent_, *path);
  merged["recent"] = recent_;
  const std::string text = merged.dump(1, ' ', false, Json::error_handler_t::replace) + "\n";
  if (text != old) BACKSTEP_RETURN_IF_ERROR(Replace(path_, text));
  text_ = text;
  added_.clear();
  return {};
}

}  // namespace backstep::gui

// A recording of the sample, and the real window under a display of its own.
#pragma once

#include <filesystem>
#include <nlohmann/json.hpp>
#include <string>

#include "backstep/tests/support/catch.h"
#include "backstep/tests/support/temp_dir.h"

namespace backstep::testing {

using Json = nlohmann::json;
namespace fs = std::filesystem;

struct Ended {
  int code = 0;
  std::string output;
};

std::string ReadAll(const std::string& path);
Ended Shell(const std::string& command);

extern const std::string kBin;   // where the programs are, with a slash

// An empty folder; the settings of what runs in it are apart from the user's.
struct Desk {
  TempDir dir;

  std::string At(const std::string& command) const;
  Ended Window(const std::string& arguments) const;
  // Plays the script in the window that the arguments open; returns what it then shows.
  Json Show(const std::string& script, const std::string& arguments) const;
  Json Cli(const std::string& arguments) const;
};

// With a recording of the sample whose run fails.
struct Stage : Desk {
  std::string recording = dir / "team.backstep";

  Stage();
  // Plays the script on the recording.
  Json Play(const std::string& script, const std::string& arguments = "") const;
};

// How many colours a picture has; 0: there is none, or it is none. A black one has one.
size_t ColoursOf(const std::string& path);
// `name` is drawn in the window.
bool Has(const Json& view, const std::string& name);

}  // namespace backstep::testing
